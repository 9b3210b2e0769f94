/** A result's rows as messages: one for each row and each change, in order, with the row that it
 *  came from, so that a sink can look at the row's other columns. */

import type { Batch } from '../engine/batch/batch.ts'
import { valueAt } from '../engine/batch/rows.ts'
import { schemaOf } from '../engine/batch/schema.ts'
import { asBuffer } from '../engine/batch/text.ts'
import type { Value } from '../engine/batch/value.ts'
import { rowEncoder } from '../engine/format/encode-rows.ts'
import { encodeParts } from '../engine/source/encode-parts.ts'
import type { SinkFrame } from '../engine/source/sink.ts'
import { insertColumns, recordColumns, type TableSpec } from '../engine/source/table.ts'

export interface RowMessage {
  readonly bytes: Buffer
  /** Among the rows of the frame's batch. */
  readonly row: number
}

export type RowMessages = (frame: SinkFrame) => RowMessage[]

/** UNSUPPORTED for a format that cannot be written, or not with these columns. */
export async function rowMessages(table: TableSpec): Promise<RowMessages> {
  const { options, schema } = table
  const given = insertColumns(table)
  const columns = recordColumns(table)
  const record = schemaOf(columns.map((column) => schema.fields[column]))
  const places = columns.map((column) => given.indexOf(column))
  const encode = await rowEncoder(record, options, encodeParts(table))
  return ({ batch }) => {
    const { records, rows } = encode(
      batch.withColumns(
        record,
        places.map((place) => batch.columns[place]),
      ),
    )
    return records.map((record, i) => ({ bytes: bytesOf(record), row: rows?.[i] ?? i }))
  }
}

/** A record as it is sent; bytes are not copied. */
export const bytesOf = (record: string | Uint8Array): Buffer =>
  typeof record === 'string' ? Buffer.from(record) : asBuffer(record)

/** Reads what the METADATA columns that can be written say of a row, by key; what is NULL is left
 *  out. */
export function givenMetadata(
  table: TableSpec,
): (batch: Batch, row: number) => Record<string, Exclude<Value, null>> {
  const given = insertColumns(table)
  const places = (table.metadata ?? [])
    .filter(({ writable }) => writable)
    .map(({ key, column }) => [key, given.indexOf(column)] as const)
  return (batch, row) => {
    const found: Record<string, Exclude<Value, null>> = {}
    for (const [key, place] of places) {
      const value = valueAt(batch.columns[place], row)
      if (value !== null) found[key] = value
    }
    return found
  }
}
