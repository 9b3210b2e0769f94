/** A batch: some rows in columns. With weights it is a piece of a changelog (a Z-set, law 2):
 *  +1 inserts a row, -1 retracts one, an update is both in one epoch. */

import { allocate, Column, gather, slice } from './column.ts'
import type { Schema } from './schema.ts'
import { type DataType, partsOf } from './types.ts'

/** The weight with which a source says that all rows of a table with a primary key are gone; the
 *  row's values mean nothing. No operator sees it but the one that keeps the table's rows. */
export const ALL_GONE = -(2 ** 31)

/** The rows of a table that a batch was made of. */
export interface Origin {
  readonly tableId: string
  /** All columns of the table. */
  readonly batch: Batch
  /** Per row of the batch that was made: its row in `batch`. null: the same rows. */
  readonly rows: Int32Array | null
}

/** Immutable once emitted: an operator that changes rows makes new arrays. */
export class Batch {
  readonly schema: Schema
  readonly columns: readonly Column[]
  readonly rowCount: number
  /** One weight a row, never 0. null: every row is +1, the append-only fast path. */
  readonly weights: Int32Array | null
  /** Per row: the watermark of the row's own split just before the row, in microseconds. null: no
   *  row is behind it, so none can be late. It makes lateness a property of the row and not of
   *  where an epoch happened to end (law 1). */
  readonly watermarks: Float64Array | null
  /** Where the rows came from, so that late ones can be shown as they were. Only with watermarks,
   *  and only up to an operator that keeps rows. */
  readonly origin: Origin | null

  constructor(
    schema: Schema,
    columns: readonly Column[],
    rowCount: number,
    weights: Int32Array | null = null,
    watermarks: Float64Array | null = null,
    origin: Origin | null = null,
  ) {
    this.schema = schema
    this.columns = columns
    this.rowCount = rowCount
    this.weights = weights
    this.watermarks = watermarks
    this.origin = origin
  }

  /** The rows at `rows[0..count)`. `rows` may be reused by the caller afterwards. */
  keep(rows: Int32Array, count: number): Batch {
    const { schema, columns, weights, watermarks, origin } = this
    return new Batch(
      schema,
      columns.map((column) => gather(column, rows, count)),
      count,
      weights && Int32Array.from({ length: count }, (_, i) => weights[rows[i]]),
      watermarks && Float64Array.from({ length: count }, (_, i) => watermarks[rows[i]]),
      origin && originOf(origin, rows, count),
    )
  }

  /** Rows [from, to), sharing memory. */
  slice(from: number, to: number): Batch {
    if (from === 0 && to === this.rowCount) return this
    return new Batch(
      this.schema,
      this.columns.map((column) => slice(column, from, to)),
      to - from,
      this.weights?.subarray(from, to),
      this.watermarks?.subarray(from, to),
      this.origin && originOfRange(this.origin, from, to),
    )
  }

  /** The same rows under other columns (a projection, or computed columns). */
  withColumns(schema: Schema, columns: readonly Column[]): Batch {
    return new Batch(schema, columns, this.rowCount, this.weights, this.watermarks, this.origin)
  }

  /** The same rows, each counting once. */
  withoutWeights(): Batch {
    return new Batch(this.schema, this.columns, this.rowCount, null, this.watermarks, this.origin)
  }
}

/** Of the rows `picked[0..count)` of a batch of this origin. */
export function originOf({ tableId, batch, rows }: Origin, picked: Int32Array, count: number) {
  const from =
    rows === null
      ? picked.slice(0, count)
      : Int32Array.from({ length: count }, (_, i) => rows[picked[i]])
  return { tableId, batch, rows: from }
}

function originOfRange({ tableId, batch, rows }: Origin, from: number, to: number): Origin {
  const range = Int32Array.from({ length: to - from }, (_, i) => from + i)
  return { tableId, batch, rows: rows?.subarray(from, to) ?? range }
}

/** A batch of no rows. */
export function emptyBatch(schema: Schema): Batch {
  const columns = schema.fields.map(({ type }) => emptyColumn(type))
  return new Batch(schema, columns, 0)
}

const emptyColumn = (type: DataType): Column =>
  new Column({
    type,
    length: 0,
    values: allocate(type, 0),
    children: partsOf(type).map(emptyColumn),
  })
