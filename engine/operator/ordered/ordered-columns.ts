/** The order of values where they lie in columns, NULLs included: what rows are sorted by without
 *  taking values out. */

import type { Batch } from '../../batch/batch.ts'
import type { Column } from '../../batch/column.ts'
import { valueAt } from '../../batch/rows.ts'
import type { Schema } from '../../batch/schema.ts'
import { type DataType, storageOf } from '../../batch/types.ts'
import { compareValues } from '../../batch/value-order.ts'
import { compareSlices } from '../../expr/utf8.ts'

export interface ColumnOrder {
  readonly type: DataType
  readonly descending: boolean
  readonly nullsFirst: boolean
}

/** Row i of `a` against row j of `b`: negative, 0 or positive. */
export type CompareCells = (a: Column, i: number, b: Column, j: number) => number

/** The order of two cells. NaN is above every number; text goes by code point. */
export function compareCells({ type, descending, nullsFirst }: ColumnOrder): CompareCells {
  const compare = presentOrder(type)
  const sign = descending ? -1 : 1
  const nullSign = nullsFirst ? -1 : 1
  return (a, i, b, j) => {
    if (a.validity !== null || b.validity !== null) {
      const [noA, noB] = [a.isNull(i), b.isNull(j)]
      if (noA || noB) return noA === noB ? 0 : noA ? nullSign : -nullSign
    }
    return sign * compare(a, i, b, j)
  }
}

/** The order of two rows of one batch by all columns of a schema, NULLs least. */
export function rowOrder({ fields }: Schema): (batch: Batch, i: number, j: number) => number {
  const orders = fields.map(({ type }) =>
    compareCells({ type, descending: false, nullsFirst: true }),
  )
  return ({ columns }, i, j) => {
    for (let c = 0; c < orders.length; c++) {
      const order = orders[c](columns[c], i, columns[c], j)
      if (order !== 0) return order
    }
    return 0
  }
}

function presentOrder(type: DataType): CompareCells {
  switch (storageOf(type)) {
    case 'i64':
      return compareLanes
    case 'f32':
    case 'f64':
      return compareDoubles
    case 'bytes':
      return compareBytes
    case 'i128':
    case 'list':
    case 'struct':
      return (a, i, b, j) => compareValues(valueAt(a, i)!, valueAt(b, j)!)
    default:
      return (a, i, b, j) => (a.values[i] as number) - (b.values[j] as number)
  }
}

function compareLanes(a: Column, i: number, b: Column, j: number): number {
  const high = a.lanes[2 * i + 1] - b.lanes[2 * j + 1]
  return high !== 0 ? high : (a.lanes[2 * i] >>> 0) - (b.lanes[2 * j] >>> 0)
}

function compareDoubles(a: Column, i: number, b: Column, j: number): number {
  const [x, y] = [a.values[i] as number, b.values[j] as number]
  if (x < y) return -1
  if (x > y) return 1
  return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
}

function compareBytes(a: Column, i: number, b: Column, j: number): number {
  const [x, y] = [a.values as Uint8Array, b.values as Uint8Array]
  return compareSlices(x, a.starts[i], a.ends[i], y, b.starts[j], b.ends[j])
}
