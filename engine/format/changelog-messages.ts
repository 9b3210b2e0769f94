/** Changes as messages, one `{"op":…,"row":{…}}` each. */

import { SqlError } from '../base/errors.ts'
import { type Batch, emptyBatch } from '../batch/batch.ts'
import { concat } from '../batch/concat.ts'
import type { Schema } from '../batch/schema.ts'
import { decodeChangelogJson, decodeChanges } from './changelog-json.ts'
import type { DecodeOptions } from './format.ts'
import { type JsonRecord, needsDigits } from './json.ts'
import { decodeUtf8, hasLongNumber, parseJson } from './json-text.ts'
import { type BadMessage, badMessage, type MessageDecoder, type Messages } from './messages.ts'

/** Rows that are taken back have weight -1. */
export const changelogMessages = (schema: Schema, options: DecodeOptions): MessageDecoder => ({
  decode(messages) {
    const { bytes, starts, ends } = messages
    const whole = together(messages, schema, options)
    if (whole !== undefined) return { batch: whole, rows: null, bad: [] }
    const batches: Batch[] = []
    const rows: number[] = []
    const bad: BadMessage[] = []
    for (let i = 0; i < starts.length; i++) {
      try {
        const { batch } = decodeChangelogJson(bytes.subarray(starts[i], ends[i]), schema, options)
        if (batch.rowCount !== 1) throw notOne()
        batches.push(batch)
        rows.push(i)
      } catch (error) {
        bad.push(badMessage(i, error))
      }
    }
    const batch = concat([emptyBatch(schema), ...batches])
    return { batch, rows: bad.length === 0 ? null : Int32Array.from(rows), bad }
  },
})

/** All messages in one go; undefined if any of them does not fit. */
function together(messages: Messages, schema: Schema, options: DecodeOptions): Batch | undefined {
  try {
    return decodeChanges(recordsOf(messages, schema), schema, options)
  } catch {
    return undefined
  }
}

function* recordsOf({ bytes, starts, ends }: Messages, schema: Schema): Generator<JsonRecord> {
  const hasDigits = schema.fields.some(({ type }) => needsDigits(type))
  for (let index = 0; index < starts.length; index++) {
    const message = bytes.subarray(starts[index], ends[index])
    const exact = hasDigits && hasLongNumber(message)
    yield { json: parseJson(decodeUtf8(message), exact, { index, line: 1 }), index }
  }
}

const notOne = (): SqlError =>
  new SqlError('BAD_RECORD', 'Record 0: wanted one change, found an array', {
    details: { index: 0, reason: 'wanted one change, found an array' },
  })
