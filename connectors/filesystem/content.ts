/** What the reader of a folder needs of one file, whatever is in it. */

import { type Batch, emptyBatch } from '../../engine/batch/batch.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import type { PollLimit } from '../../engine/source/source.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'

export type Records =
  | { readonly batch: Batch }
  | { readonly bytes: Uint8Array; readonly starts: Int32Array; readonly ends: Int32Array }

export const NO_RECORDS: Records = {
  bytes: new Uint8Array(0),
  starts: new Int32Array(0),
  ends: new Int32Array(0),
}

/** No records of a table, in the form that its files bring. */
export function noRecords(table: TableSpec): Records {
  if (!['arrow', 'parquet'].includes(table.options.format)) return NO_RECORDS
  const { fields } = table.schema
  return { batch: emptyBatch(schemaOf(recordColumns(table).map((column) => fields[column]))) }
}

export interface ReadLimit extends Omit<PollLimit, 'until'> {
  /** A place in this file. */
  readonly until: number | undefined
}

export interface Read {
  /** The place after what was read; the same as before if there is nothing. */
  readonly to: number
  readonly rowCount: number
  readonly records: Records
}

export interface FileContent {
  /** More may be written to the file. */
  growing: boolean
  /** Records are on their way from the disk: the reader will hear of them. */
  readonly waits: boolean
  /** Whether another file has its name now. */
  readonly isReplaced: boolean
  /** The place after the last record; undefined until it is known: the reader will hear of it. */
  end(): number | undefined
  read(from: number, limit: ReadLimit): Read
  close(): void
}
