/** Rows of one side on their way out of a join: alone (semi, anti), or with NULLs for the side that
 *  has no partner (outer joins). */

import { Batch } from '../../batch/batch.ts'
import { allocate, Column, gather, slice } from '../../batch/column.ts'
import type { Schema } from '../../batch/schema.ts'
import { type DataType, partsOf, storageOf } from '../../batch/types.ts'
import type { Output } from '../operator.ts'

export type Side = 0 | 1
export const LEFT: Side = 0
export const RIGHT: Side = 1

export interface SingleSpec {
  /** The side whose rows these are. */
  readonly side: Side
  /** Of the other side's columns; undefined: the output has none of them. */
  readonly missing: Schema | undefined
  readonly output: Schema
  readonly batchRowsMax: number
  /** All weights are 1, and the output has none. */
  readonly plain: boolean
}

export class JoinSingles {
  readonly #spec: SingleSpec
  readonly #slots: Int32Array
  readonly #weights: Int32Array
  readonly #nulls: readonly Column[]
  #count = 0

  constructor(spec: SingleSpec) {
    this.#spec = spec
    this.#slots = new Int32Array(spec.batchRowsMax)
    this.#weights = new Int32Array(spec.batchRowsMax)
    this.#nulls = (spec.missing?.fields ?? []).map(({ type }) =>
      nullColumn(type, spec.batchRowsMax),
    )
  }

  /** Adds row `slot` of `source`; all rows until the next `flush` have the same source. */
  add(source: Batch, slot: number, weight: number, out: Output): void {
    this.#slots[this.#count] = slot
    this.#weights[this.#count++] = weight
    if (this.#count === this.#slots.length) this.flush(source, out)
  }

  flush(source: Batch, out: Output): void {
    const n = this.#count
    if (n === 0) return
    this.#count = 0
    const { side, output, plain } = this.#spec
    const rows = source.columns.map((column) => gather(column, this.#slots, n))
    const nulls = this.#nulls.map((column) => slice(column, 0, n))
    const columns = side === LEFT ? [...rows, ...nulls] : [...nulls, ...rows]
    out.emit(new Batch(output, columns, n, plain ? null : this.#weights.slice(0, n)))
  }
}

/** A column of NULLs. */
export function nullColumn(type: DataType, length: number): Column {
  const storage = storageOf(type)
  const ranges = storage === 'bytes' || storage === 'list'
  return new Column({
    type,
    length,
    values: allocate(type, length),
    validity: new Uint8Array((length + 7) >> 3),
    starts: new Int32Array(ranges ? length : 0),
    ends: new Int32Array(ranges ? length : 0),
    children: partsOf(type).map((part) => nullColumn(part, storage === 'struct' ? length : 0)),
  })
}
