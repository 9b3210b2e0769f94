/** Which messages do not fit a table, found before they are stored: for connectors that can give
 *  them back to whoever sent them. */

import { schemaOf } from '../engine/batch/schema.ts'
import type { BadMessage, Messages } from '../engine/format/messages.ts'
import { messageDecoder } from '../engine/source/message-decoder.ts'
import { recordColumns, recordKey, type TableSpec } from '../engine/source/table.ts'

export type FindBad = (messages: Messages) => readonly BadMessage[]

/** What the table's format says of each message. */
export function badFinder(table: TableSpec): FindBad {
  const { schema, options } = table
  const record = schemaOf(recordColumns(table).map((column) => schema.fields[column]))
  const decoder = messageDecoder(record, options, { key: recordKey(table) })
  // What needs a schema that is kept elsewhere is found bad when it is read, not before.
  if (decoder.prepare !== undefined) return () => []
  return (messages) => decoder.decode(messages).bad
}
