/** Copying a few bytes. */

/** Above this, a native copy is faster than a loop. */
const LOOP_BYTES_MAX = 24

/** Copies source[from, from + count) to target[at...), quickly also when they are few. */
export function copyBytes(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  at: number,
  count: number,
): void {
  if (count > LOOP_BYTES_MAX) target.set(source.subarray(from, from + count), at)
  else for (let i = 0; i < count; i++) target[at + i] = source[from + i]
}
