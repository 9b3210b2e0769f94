/** Work that is done again only when its arguments change. */

/** Keeps the last result, for arguments that are not constant but rarely change. */
export function lastOf<Key extends readonly unknown[], T>(
  make: (...key: Key) => T,
): (...key: Key) => T {
  let last: { key: Key; value: T } | undefined
  return (...key) => {
    if (last === undefined || key.some((part, i) => part !== last?.key[i])) {
      last = { key, value: make(...key) }
    }
    return last.value
  }
}
