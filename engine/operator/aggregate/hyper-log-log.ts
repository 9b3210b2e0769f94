/** Counting distinct values approximately: HyperLogLog (Flajolet et al. 2007) with 64-bit hashes
 *  and Ertl's estimator (2017), which needs no correction tables. A sketch is one typed array:
 *  while few registers are set a hash table of them, then all registers, a byte each. Sketches of
 *  parts of the rows merge into that of all. */

/** 2^14 registers: a standard error of 0.81 %. */
const INDEX_BITS = 14
const REGISTERS = 1 << INDEX_BITS
/** Bits of the hash in which leading zeros are counted. */
const REST_BITS = 64 - INDEX_BITS

/** Sparse: entries of (register << 6 | rank), 0 is free; the last element is their number. Dense:
 *  the rank of each register. */
export type Sketch = Int32Array | Uint8Array

const SPARSE_MIN = 8
/** Above this many entries the registers take less room. */
const SPARSE_MAX = 2048

/** What a value comes to, by the two halves of its hash: register << 6 | rank. */
export function entryOf(high: number, low: number): number {
  const register = high >>> (32 - INDEX_BITS)
  const rest = high << INDEX_BITS
  const rank =
    rest === 0
      ? Math.min(32 - INDEX_BITS + Math.clz32(low) + 1, REST_BITS + 1)
      : Math.clz32(rest) + 1
  return (register << 6) | rank
}

/** Adds a value by the two halves of its hash; returns the sketch, which may be a new object. */
export const addHash = (sketch: Sketch | undefined, high: number, low: number): Sketch =>
  addEntry(sketch, entryOf(high, low))

export const addEntry = (sketch: Sketch | undefined, entry: number): Sketch =>
  addRank(sketch ?? new Int32Array(SPARSE_MIN + 1), entry >> 6, entry & 63)

function addRank(sketch: Sketch, register: number, rank: number): Sketch {
  if (sketch instanceof Uint8Array) {
    if (rank > sketch[register]) sketch[register] = rank
    return sketch
  }
  const capacity = sketch.length - 1
  let slot = Math.imul(register, 0x9e3779b1) >>> (32 - Math.log2(capacity))
  while (sketch[slot] !== 0 && sketch[slot] >> 6 !== register) slot = (slot + 1) & (capacity - 1)
  const entry = (register << 6) | rank
  if (sketch[slot] !== 0) {
    if (entry > sketch[slot]) sketch[slot] = entry
    return sketch
  }
  sketch[slot] = entry
  return ++sketch[capacity] * 4 > capacity * 3 ? larger(sketch) : sketch
}

function larger(sketch: Int32Array): Sketch {
  const capacity = (sketch.length - 1) * 2
  const fresh = capacity > SPARSE_MAX ? new Uint8Array(REGISTERS) : new Int32Array(capacity + 1)
  return mergeSketch(fresh, sketch)!
}

/** Adds all of `from`, which stays as it is; returns the sketch. */
export function mergeSketch(
  sketch: Sketch | undefined,
  from: Sketch | undefined,
): Sketch | undefined {
  if (from === undefined || sketch === undefined) return sketch ?? from?.slice()
  if (from instanceof Uint8Array) return mergeDense(sketch, from)
  let merged: Sketch = sketch
  for (let slot = 0; slot < from.length - 1; slot++) {
    if (from[slot] !== 0) merged = addRank(merged, from[slot] >> 6, from[slot] & 63)
  }
  return merged
}

function mergeDense(sketch: Sketch, from: Uint8Array): Sketch {
  if (!(sketch instanceof Uint8Array)) return mergeSketch(from.slice(), sketch)!
  for (let r = 0; r < REGISTERS; r++) if (from[r] > sketch[r]) sketch[r] = from[r]
  return sketch
}

/** The estimated number of distinct values, an integer. */
export function estimateOf(sketch: Sketch | undefined): number {
  if (sketch === undefined) return 0
  const histogram = histogramOf(sketch)
  let z = REGISTERS * tau(1 - histogram[REST_BITS + 1] / REGISTERS)
  for (let rank = REST_BITS; rank >= 1; rank--) z = 0.5 * (z + histogram[rank])
  z += REGISTERS * sigma(histogram[0] / REGISTERS)
  return Math.round((REGISTERS / (2 * Math.LN2)) * (REGISTERS / z))
}

/** How many registers hold each rank. */
function histogramOf(sketch: Sketch): Float64Array {
  const histogram = new Float64Array(REST_BITS + 2)
  if (sketch instanceof Uint8Array) {
    for (const rank of sketch) histogram[rank]++
    return histogram
  }
  histogram[0] = REGISTERS
  for (let slot = 0; slot < sketch.length - 1; slot++) {
    if (sketch[slot] === 0) continue
    histogram[0]--
    histogram[sketch[slot] & 63]++
  }
  return histogram
}

/** x + the sum over k >= 1 of x^(2^k) * 2^(k-1). */
function sigma(share: number): number {
  if (share === 1) return Infinity
  let [x, y, z, before] = [share, 1, share, -1]
  while (z !== before) {
    x *= x
    before = z
    z += x * y
    y += y
  }
  return z
}

/** A third of: 1 - x - the sum over k >= 1 of (1 - x^(2^-k))^2 * 2^-k. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let [x, y, z, before] = [share, 1, 1 - share, -1]
  while (z !== before) {
    x = Math.sqrt(x)
    before = z
    y *= 0.5
    z -= (1 - x) ** 2 * y
  }
  return z / 3
}
