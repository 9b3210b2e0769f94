/** Bitmaps in Arrow's form: least significant bit first. */

/** How many of the first `length` bits are 0. */
export function countZeros(bits: Uint8Array, length: number): number {
  let ones = 0
  const whole = length >> 3
  for (let i = 0; i < whole; i++) ones += ONES[bits[i]]
  const rest = length & 7
  if (rest > 0) ones += ONES[bits[whole] & ((1 << rest) - 1)]
  return length - ones
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0
  for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1
  return ones
})

/** The first `length` bytes (0 or 1) as bits. */
export function packBits(bytes: Uint8Array, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3)
  for (let i = 0; i < length; i++) bits[i >> 3] |= (bytes[i] & 1) << (i & 7)
  return bits
}

/** The first `length` bits as bytes (0 or 1). */
export function unpackBits(bits: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (bits[i >> 3] >> (i & 7)) & 1
  return bytes
}

/** Appends the bits of `source` (null: all 1) to `target` behind its first `at` bits. `target` is
 *  0 there. */
export function appendBits(
  target: Uint8Array,
  at: number,
  source: Uint8Array | null,
  length: number,
): void {
  if ((at & 7) === 0) {
    const first = at >> 3
    const bytes = (length + 7) >> 3
    if (source === null) target.fill(255, first, first + bytes)
    else target.set(source.subarray(0, bytes), first)
    const rest = length & 7
    if (rest > 0) target[first + bytes - 1] &= (1 << rest) - 1
    return
  }
  for (let i = 0; i < length; i++) {
    const bit = source === null ? 1 : (source[i >> 3] >> (i & 7)) & 1
    target[(at + i) >> 3] |= bit << ((at + i) & 7)
  }
}
