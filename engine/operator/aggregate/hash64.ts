/** 64-bit hashes of single values, as two halves, with every bit of both well mixed: what sketches
 *  need. Equal values have equal hashes: -0 is 0, NaN is one NaN. */

/** Receives the high and the low half. */
type Take<R> = (high: number, low: number) => R

const DOUBLE = new Float64Array(1)
const WORDS = new Int32Array(DOUBLE.buffer)

const encoder = new TextEncoder()

export function hashSlice<R>(heap: Uint8Array, start: number, end: number, take: Take<R>): R {
  let a = 0x9e3779b9 ^ (end - start)
  let b = 0x85ebca6b
  for (let at = start; at < end; at++) {
    a = Math.imul(a ^ heap[at], 0x01000193)
    b = Math.imul(b + heap[at], 0xcc9e2d51) ^ (b >>> 15)
  }
  return mixed(a, b, take)
}

export function hashValue<R>(
  value: number | bigint | boolean | string | Uint8Array,
  take: Take<R>,
): R {
  if (typeof value === 'string' || value instanceof Uint8Array) {
    const bytes = typeof value === 'string' ? encoder.encode(value) : value
    return hashSlice(bytes, 0, bytes.length, take)
  }
  if (typeof value === 'bigint') {
    const bytes = encoder.encode(String(value))
    return hashSlice(bytes, 0, bytes.length, take)
  }
  const number = Number(value)
  DOUBLE[0] = Number.isNaN(number) ? Number.NaN : number + 0
  return mixed(WORDS[0], WORDS[1], take)
}

/** Two rounds of a Feistel network with MurmurHash3's finaliser: one to one, so different pairs
 *  stay different. */
function mixed<R>(a: number, b: number, take: Take<R>): R {
  const first = a ^ finalised(b + 0x9e3779b9)
  const second = b ^ finalised(first + 0x7f4a7c15)
  const third = first ^ finalised(second + 0x1ce4e5b9)
  return take(finalised(third), finalised(second ^ third))
}

function finalised(value: number): number {
  const x = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  const y = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return y ^ (y >>> 16)
}
