/** A result's rows as messages: one for each row and each change, in order, with the row that it
 *  came from, so that a sink can look at the row's other columns. */

import type { Batch } from '../engine/batch/batch.ts'
import { valueAt } from '../engine/batch/rows.ts'
import { schemaOf } from '../engine/batch/schema.ts'
import type { Value } from '../engine/batch/value.ts'
import { rowEncoder, writesChangelog } from '../engine/format/encode-rows.ts'
import type { SinkFrame } from '../engine/source/sink.ts'
import { insertColumns, recordColumns, type TableSpec } from '../engine/source/table.ts'

export interface RowMessage {
  readonly bytes: Buffer
  /** Among the rows of the frame's batch. */
  readonly row: number
}

/** UNSUPPORTED for a format that cannot be written, or not with these columns. */
export function rowMessages(table: TableSpec): (frame: SinkFrame) => RowMessage[] {
  const { options, schema } = table
  const given = insertColumns(table)
  const columns = recordColumns(table)
  const record = schemaOf(columns.map((column) => schema.fields[column]))
  const places = columns.map((column) => given.indexOf(column))
  const encode = rowEncoder(record, options)
  const isChangelog = writesChangelog(options)
  return ({ batch }) => {
    const { weights, rowCount } = batch
    const texts = encode(
      batch.withColumns(
        record,
        places.map((place) => batch.columns[place]),
      ),
    )
    if (weights === null) return texts.map((text, row) => ({ bytes: Buffer.from(text), row }))
    const messages: RowMessage[] = []
    for (let row = 0; row < rowCount; row++) {
      const count = isChangelog ? Math.abs(weights[row]) : Math.max(weights[row], 0)
      for (let n = 0; n < count; n++) {
        messages.push({ bytes: Buffer.from(texts[messages.length]), row })
      }
    }
    return messages
  }
}

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
