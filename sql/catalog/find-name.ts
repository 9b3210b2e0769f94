/** How a name finds its object, the same for tables, columns and aliases: exactly as written first,
 *  then ignoring case if that leaves one. */

/** The items `name` means: those with exactly this name, or else all that differ in case only. More
 *  than one means that the name is ambiguous. */
export function findName<T>(
  name: string,
  items: Iterable<T>,
  nameOf: (item: T) => string,
): readonly T[] {
  const exact: T[] = []
  const similar: T[] = []
  const folded = name.toLowerCase()
  for (const item of items) {
    const candidate = nameOf(item)
    if (candidate === name) exact.push(item)
    else if (candidate.toLowerCase() === folded) similar.push(item)
  }
  return exact.length > 0 ? exact : similar
}
