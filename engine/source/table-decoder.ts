/** Makes batches of a table's schema from chunks: decodes what is still bytes, computes the
 *  computed columns. Built once per table, shared by all its splits. */

import type { EpochClock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import { compileProject } from '../expr/compile-project.ts'
import type { Chunk } from './source.ts'
import type { TableSpec } from './table.ts'
import { compileWatermark, type FollowWatermark } from './watermark.ts'

export class TableDecoder {
  readonly #table: TableSpec
  readonly #project: ReturnType<typeof compileProject> | undefined
  readonly follow: FollowWatermark | undefined

  constructor(table: TableSpec) {
    this.#table = table
    const stored: Schema = schemaOf(table.schema.fields.slice(0, table.storedCount))
    if (table.computed.length > 0) this.#project = compileProject(table.computed, stored)
    if (table.watermark) this.follow = compileWatermark(table.watermark, table.schema)
  }

  /** The chunk's rows with all the table's columns, in DDL order. */
  decode(chunk: Chunk, clock: EpochClock): Batch {
    if (!('batch' in chunk)) {
      fail('UNSUPPORTED', `Table ${this.#table.name} brings bytes, and no format decodes them yet`)
    }
    const { batch } = chunk
    if (this.#project === undefined) return batch
    const computed = this.#project(batch, clock)
    return batch.withColumns(this.#table.schema, [...batch.columns, ...computed])
  }
}
