/** Typed arrays that outgrow their room: a longer one with the same beginning. */

/** A copy with `length` elements; what is new holds `initial`. */
export function grownInts(array: Int32Array, length: number, initial = 0): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length)
  grown.set(array)
  if (initial !== 0) grown.fill(initial, array.length)
  return grown
}

export function grownBytes(
  array: Uint8Array,
  length: number,
  initial = 0,
): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(length)
  grown.set(array)
  if (initial !== 0) grown.fill(initial, array.length)
  return grown
}

export function grownDoubles(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(length)
  grown.set(array)
  return grown
}

/** The capacity to have when `needed` elements no longer fit into `capacity`: at least double, so
 *  that growing costs a constant per element. Structures that grow side by side begin with another
 *  `first` each, so that they do not all move millions of elements at the same moment. */
export function grownCapacity(capacity: number, needed: number, first = CAPACITY_MIN): number {
  let grown = Math.max(capacity, first)
  while (grown < needed) grown *= 2
  return grown
}

const CAPACITY_MIN = 64
