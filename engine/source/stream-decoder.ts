/** Frames of a stream's log as records with the columns that the table has now, also where they
 *  were stored before it was altered. */

import type { Schema } from '../batch/schema.ts'
import type { Frame } from '../log/frame.ts'
import { intakeSchema } from './intake.ts'
import { adapted, recordIds, type StoredColumns, storedColumns, storedSchema } from './layout.ts'
import { decodeStreamFrame, recordSchema, type StreamFrame } from './stream-frame.ts'
import type { TableSpec } from './table.ts'

export class StreamDecoder {
  readonly #table: TableSpec
  /** Of the records that come out; of an intake's log, its messages. */
  readonly schema: Schema
  /** Of the segment that was read last, and the columns that its rows have. */
  #header: Uint8Array | undefined
  #columns: StoredColumns | undefined

  constructor(table: TableSpec) {
    this.#table = table
    this.schema = table.intake === true ? intakeSchema(table) : recordSchema(table)
  }

  /** `header`: of the segment that the frame is in. DATA_DAMAGED. */
  decode(stored: Frame, header: Uint8Array): StreamFrame {
    const columns = this.#table.intake === true ? undefined : this.#columnsBelow(header)
    if (columns === undefined) return decodeStreamFrame(stored, this.schema)
    const frame = decodeStreamFrame(stored, storedSchema(columns))
    const wanted = { ids: recordIds(this.#table), schema: this.schema }
    return { ...frame, records: adapted(frame.records, columns, wanted) }
  }

  /** The same with the columns that the rows were stored with. */
  decodeStored(stored: Frame, header: Uint8Array): StreamFrame {
    const columns = this.#columnsBelow(header)
    return decodeStreamFrame(stored, columns === undefined ? this.schema : storedSchema(columns))
  }

  #columnsBelow(header: Uint8Array): StoredColumns | undefined {
    if (this.#header !== header) this.#columns = storedColumns(this.#table, header)
    this.#header = header
    return this.#columns
  }
}
