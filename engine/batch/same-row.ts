/** Whether two rows are the same, column by column: NULL equals NULL, NaN equals NaN, -0 is 0. */

import type { Batch } from './batch.ts'
import type { Column } from './column.ts'
import { storageOf } from './types.ts'

/** Row `i` of `a` against row `j` of `b`; the batches have the same types. */
export function sameRow(a: Batch, i: number, b: Batch, j: number): boolean {
  for (let c = 0; c < a.columns.length; c++) {
    if (!sameValue(a.columns[c], i, b.columns[c], j)) return false
  }
  return true
}

/** One value against another, of columns of the same type. */
export function sameValue(a: Column, i: number, b: Column, j: number): boolean {
  const isNull = a.isNull(i)
  if (isNull || b.isNull(j)) return isNull && b.isNull(j)
  switch (storageOf(a.type)) {
    case 'bytes':
      return sameBytes(a, i, b, j)
    case 'list':
      return sameList(a, i, b, j)
    case 'struct':
      return a.children.every((child, c) => sameValue(child, i, b.children[c], j))
    case 'i64':
      return sameLanes(a.lanes, i * 2, b.lanes, j * 2, 2)
    case 'i128':
      return sameLanes(a.lanes, i * 4, b.lanes, j * 4, 4)
    default: {
      const [x, y] = [a.values[i], b.values[j]]
      // biome-ignore lint/suspicious/noSelfCompare: NaN is the value that is not itself.
      return x === y || (x !== x && y !== y)
    }
  }
}

function sameLanes(a: Int32Array, i: number, b: Int32Array, j: number, lanes: number): boolean {
  for (let lane = 0; lane < lanes; lane++) if (a[i + lane] !== b[j + lane]) return false
  return true
}

function sameBytes(a: Column, i: number, b: Column, j: number): boolean {
  const length = a.ends[i] - a.starts[i]
  if (length !== b.ends[j] - b.starts[j]) return false
  for (let n = 0; n < length; n++) {
    if (a.values[a.starts[i] + n] !== b.values[b.starts[j] + n]) return false
  }
  return true
}

function sameList(a: Column, i: number, b: Column, j: number): boolean {
  const length = a.ends[i] - a.starts[i]
  if (length !== b.ends[j] - b.starts[j]) return false
  for (let n = 0; n < length; n++) {
    const same = a.children.every((child, c) =>
      sameValue(child, a.starts[i] + n, b.children[c], b.starts[j] + n),
    )
    if (!same) return false
  }
  return true
}
