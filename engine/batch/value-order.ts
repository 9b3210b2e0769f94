/** The order of values: what ORDER BY, MIN, MAX and comparisons of whole values go by. */

import type { Value } from './value.ts'

type Present = Exclude<Value, null>

/** Negative, 0 or positive for two values of one type. NaN is above every number; strings go by
 *  code point; arrays by their first difference, NULL elements last. */
export function compareValues(a: Present, b: Present): number {
  if (typeof a === 'string') return compareText(a, b as string)
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array)
  if (Array.isArray(a)) return compareLists(a, b as readonly Value[])
  return compareNumbers(a as number, b as number)
}

/** Numbers, bigints (also mixed) and booleans. */
function compareNumbers(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}

/** Negative, 0 or positive by code point. UTF-16 order is that, except where a surrogate meets a
 *  character above U+D7FF. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit)

function compareLists(a: readonly Value[], b: readonly Value[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]]
    if (x === null || y === null) {
      if (x !== y) return x === null ? 1 : -1
      continue
    }
    const order = compareValues(x, y)
    if (order !== 0) return order
  }
  return a.length - b.length
}
