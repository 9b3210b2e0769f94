/** A table's rows as Avro messages without a header. */

import { fail } from '../../base/errors.ts'
import type { Schema } from '../../batch/schema.ts'
import { encodeRows, type WriteRow } from '../binary-messages.ts'
import { type RowEncoder, recordPerRow } from '../encoded-rows.ts'
import { avroWriter, fieldsWriter } from './column-writer.ts'
import { tableSchema } from './derive.ts'
import { type AvroType, avroName } from './schema.ts'

/** The encoder of the format 'avro'. TYPE_MISMATCH if the schema does not fit the columns. */
export function avroEncoder(schema: Schema, given: string | undefined): RowEncoder {
  const write = messageWriter(tableSchema(schema, 'avro.schema', given), schema)
  return (batch) => recordPerRow(batch, encodeRows(batch, write))
}

/** What writes a row: a record, or any other value for a table of one column. */
export function messageWriter(type: AvroType, { fields }: Schema): WriteRow {
  if (type.kind === 'record') return fieldsWriter(type, fields)
  if (fields.length !== 1) {
    fail('TYPE_MISMATCH', `${avroName(type)} is no record with the table's columns`)
  }
  const write = avroWriter(type, fields[0].type)
  return (columns, row, out) => write(columns[0], row, out)
}
