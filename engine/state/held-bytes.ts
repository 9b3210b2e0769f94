/** About how much memory JavaScript values take: for the size of state that is kept in them. */

const OBJECT_BYTES = 56
const WORD_BYTES = 8
const ENTRY_BYTES = 40
const SAMPLES = 64
/** An element from here on is an exception among many. */
const LARGE_BYTES = 1 << 16

/** The bytes of a value and all that hangs on it, roughly. */
export function heldBytes(value: unknown): number {
  if (typeof value === 'string') return 24 + value.length * 2
  if (typeof value === 'bigint') return 32
  if (typeof value !== 'object' || value === null) return WORD_BYTES
  if (ArrayBuffer.isView(value)) return OBJECT_BYTES * 2 + value.byteLength
  if (Array.isArray(value)) return OBJECT_BYTES + sampled(value)
  if (value instanceof Map) return OBJECT_BYTES + value.size * ENTRY_BYTES
  return OBJECT_BYTES + sampled(Object.values(value))
}

/** The bytes of an array's elements: of all if they are few, else of some, in proportion. A large
 *  one stands for itself only: half of all rows may be in one group. */
export function sampled(values: readonly unknown[], length = values.length): number {
  const step = Math.max(1, Math.floor(length / SAMPLES))
  let [large, sum, count] = [0, 0, 0]
  for (let i = 0; i < length; i += step) {
    const bytes = WORD_BYTES + heldBytes(values[i])
    if (step > 1 && bytes > LARGE_BYTES) large += bytes
    else {
      sum += bytes
      count++
    }
  }
  return large + (count === 0 ? 0 : Math.round((sum / count) * length))
}
