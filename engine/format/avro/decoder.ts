/** Avro messages without a header into a table's columns, all by one schema. */

import { fail } from '../../base/errors.ts'
import type { Schema } from '../../batch/schema.ts'
import { type ReadMessage, RowTarget } from '../binary-messages.ts'
import type { ByteCursor } from '../byte-cursor.ts'
import type { MessageDecoder } from '../messages.ts'
import { avroReader, type FieldStep, fieldSteps } from './column-reader.ts'
import { tableSchema } from './derive.ts'
import { type AvroType, avroName } from './schema.ts'

/** The decoder of the format 'avro'. TYPE_MISMATCH if the schema does not fit the columns. */
export function avroMessages(schema: Schema, given: string | undefined): MessageDecoder {
  const target = new RowTarget(schema)
  const type = tableSchema(schema, 'avro.schema', given)
  const read = messageReader(type, type, target)
  return { decode: (messages) => target.decode(messages, read) }
}

/** What reads a message of the writer's schema: a record with a field for each column, or any other
 *  value for a table of one column. TYPE_MISMATCH if the columns cannot be read from it. */
export function messageReader(
  writer: AvroType,
  reader: AvroType,
  { schema, columns }: RowTarget,
): ReadMessage {
  const into = schema.fields.map((field, i) => ({ ...field, target: columns[i] }))
  if (writer.kind === 'record' && reader.kind === 'record') {
    const steps = fieldSteps(writer, reader, into)
    return (cursor) => readFields(cursor, steps)
  }
  if (writer.kind === 'record' || into.length !== 1) {
    fail('TYPE_MISMATCH', `${avroName(writer)} is no record with the table's columns`)
  }
  const [column] = into
  const steps = [{ name: column.name, read: avroReader(writer, reader, column) }]
  return (cursor) => readFields(cursor, steps)
}

function readFields(cursor: ByteCursor, steps: readonly FieldStep[]): void {
  for (const { name, read } of steps) {
    cursor.field = name
    read(cursor)
  }
  if (cursor.at === cursor.end) return
  cursor.field = undefined
  fail('INVALID_VALUE', `${cursor.end - cursor.at} bytes follow the value`)
}
