/** Numbers in the order of where their hashes lead, roughly: whoever puts millions of them into a
 *  table in this order stays within a small part of it at a time, which is several times faster
 *  than jumping about. */

export interface SlotOrder {
  /** The numbers, and the hash of each. */
  readonly numbers: Int32Array
  readonly hashes: Int32Array
}

const PARTS_BITS = 8
/** Below this a table fits into the processor's caches anyway. */
export const ORDER_MIN = 1 << 17

/** The numbers below `count` for which `has` holds, by part of the table that `hash & mask` is in;
 *  within a part they ascend. `mask` is a power of two less one. */
export function bySlot(
  hashes: Int32Array,
  count: number,
  mask: number,
  has?: (number: number) => boolean,
): SlotOrder {
  const shift = 32 - Math.clz32(mask) - PARTS_BITS
  const starts = new Int32Array((1 << PARTS_BITS) + 1)
  let total = 0
  for (let i = 0; i < count; i++) {
    if (has !== undefined && !has(i)) continue
    starts[((hashes[i] & mask) >>> shift) + 1]++
    total++
  }
  for (let part = 1; part < starts.length; part++) starts[part] += starts[part - 1]
  const numbers = new Int32Array(total)
  const own = new Int32Array(total)
  for (let i = 0; i < count; i++) {
    if (has !== undefined && !has(i)) continue
    const at = starts[(hashes[i] & mask) >>> shift]++
    numbers[at] = i
    own[at] = hashes[i]
  }
  return { numbers, hashes: own }
}
