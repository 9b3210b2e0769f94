/** Makes page elements. Text is always text: nothing from a query becomes markup. */

type Child = Node | string

/** An element with a class, attributes and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: { className?: string; attributes?: Readonly<Record<string, string>> } = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  if (options.className !== undefined) made.className = options.className
  for (const [name, value] of Object.entries(options.attributes ?? {})) {
    made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

/** The element of the page with this id. */
export function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found as T
}
