/** Changes as messages, one `{"op":…,"row":{…}}` each. */

import { SqlError } from '../base/errors.ts'
import { type Batch, emptyBatch } from '../batch/batch.ts'
import { concat } from '../batch/concat.ts'
import type { Schema } from '../batch/schema.ts'
import { decodeChangelogJson } from './changelog-json.ts'
import type { DecodeOptions } from './format.ts'
import { type BadMessage, badMessage, type MessageDecoder } from './messages.ts'

/** Rows that are taken back have weight -1. */
export const changelogMessages = (schema: Schema, options: DecodeOptions): MessageDecoder => ({
  decode({ bytes, starts, ends }) {
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

const notOne = (): SqlError =>
  new SqlError('BAD_RECORD', 'Record 0: wanted one change, found an array', {
    details: { index: 0, reason: 'wanted one change, found an array' },
  })
