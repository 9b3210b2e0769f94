/** The column names that an expression holds. */

/** First parts of all names in a syntax tree, subqueries included. */
export function namesIn(tree: unknown): string[] {
  if (Array.isArray(tree)) return tree.flatMap(namesIn)
  if (typeof tree !== 'object' || tree === null || ArrayBuffer.isView(tree)) return []
  const { kind, path } = tree as { kind?: unknown; path?: readonly { text: string }[] }
  if (kind === 'name' && path !== undefined) return path.map(({ text }) => text)
  return Object.values(tree).flatMap(namesIn)
}
