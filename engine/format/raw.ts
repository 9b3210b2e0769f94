/** Messages as they are: one column of BYTES or STRING that holds the whole message. */

import { isUtf8 } from 'node:buffer'
import { fail, SqlError } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import { Column } from '../batch/column.ts'
import { type Schema, schemaText } from '../batch/schema.ts'
import { type BadMessage, type MessageDecoder, withoutBad } from './messages.ts'

/** A decoder for a table of one column. UNSUPPORTED for any other table. */
export function rawMessages(schema: Schema): MessageDecoder {
  const [field] = schema.fields
  if (
    schema.fields.length !== 1 ||
    (field.type.kind !== 'bytes' && field.type.kind !== 'varchar')
  ) {
    fail('UNSUPPORTED', `The format 'raw' needs one column of type BYTES or STRING`, {
      hint: `The table has ${schemaText(schema)}.`,
    })
  }
  const isText = field.type.kind === 'varchar'
  return {
    decode({ bytes, starts, ends }) {
      const length = starts.length
      const bad = isText && !isUtf8(bytes) ? badTexts(bytes, starts, ends) : []
      const column = new Column({ type: field.type, length, values: bytes, starts, ends })
      return withoutBad(new Batch(schema, [column], length), bad)
    },
  }
}

function badTexts(bytes: Uint8Array, starts: Int32Array, ends: Int32Array): BadMessage[] {
  const bad: BadMessage[] = []
  for (let index = 0; index < starts.length; index++) {
    if (isUtf8(bytes.subarray(starts[index], ends[index]))) continue
    const reason = 'the message is not valid UTF-8'
    const details = { index: 0, reason }
    bad.push({ index, error: new SqlError('BAD_RECORD', `Record 0: ${reason}`, { details }) })
  }
  return bad
}
