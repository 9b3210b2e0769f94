/** Builds a batch row by row. Not for hot loops, which fill typed arrays: for literals, decoders
 *  and tests. */

import { Batch } from './batch.ts'
import type { ColumnBuilder } from './building.ts'
import type { Column } from './column.ts'
import { columnBuilder } from './column-builder.ts'
import type { Schema } from './schema.ts'
import type { DataType } from './types.ts'
import type { Value } from './value.ts'

export class BatchBuilder {
  readonly schema: Schema
  /** One per field, for callers that append column by column: every row needs one value in each,
   *  and then a call of `rowDone`. */
  readonly columns: readonly ColumnBuilder[]
  #rowCount = 0
  #weights: number[] | null = null

  constructor(schema: Schema) {
    this.schema = schema
    this.columns = schema.fields.map((field) => columnBuilder(field.type))
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Adds a row with one value per field. Raises OUT_OF_RANGE or INVALID_VALUE for a value that is
   *  not of its column's type, and the builder is then of no use. NOT NULL is not checked. */
  append(row: readonly Value[], weight = 1): void {
    for (let i = 0; i < this.columns.length; i++) this.columns[i].append(row[i])
    this.rowDone(weight)
  }

  rowDone(weight = 1): void {
    if (weight !== 1) this.#weights ??= new Array(this.#rowCount).fill(1)
    this.#weights?.push(weight)
    this.#rowCount++
  }

  /** The rows as a batch, with weights if one is not 1; the builder starts anew. */
  finish(): Batch {
    const columns = this.columns.map((column) => column.finish())
    const weights = this.#weights && Int32Array.from(this.#weights)
    const batch = new Batch(this.schema, columns, this.#rowCount, weights)
    this.#rowCount = 0
    this.#weights = null
    return batch
  }
}

/** A column of these values; errors as `BatchBuilder.append` has them. */
export function columnOf(type: DataType, values: Iterable<Value>): Column {
  const builder = columnBuilder(type)
  for (const value of values) builder.append(value)
  return builder.finish()
}
