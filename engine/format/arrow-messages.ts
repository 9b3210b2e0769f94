/** Arrow IPC as messages: each is a stream or a file of record batches, so it holds any number of
 *  rows. */

import { asSqlError, SqlError } from '../base/errors.ts'
import { type Batch, emptyBatch } from '../batch/batch.ts'
import { concat } from '../batch/concat.ts'
import { fromArrowStream, toArrowStream } from '../batch/ipc.ts'
import type { Schema } from '../batch/schema.ts'
import { type EncodedRows, type RowEncoder, rowsByWeight } from './encoded-rows.ts'
import { type BadMessage, badMessage, type MessageDecoder } from './messages.ts'

/** Columns are found by name; others of a message are passed over, missing ones are NULL. */
export const arrowMessages = (schema: Schema): MessageDecoder => ({
  decode({ bytes, starts, ends }) {
    const batches: Batch[] = []
    const rows: number[] = []
    const bad: BadMessage[] = []
    for (let i = 0; i < starts.length; i++) {
      try {
        const found = fromArrowStream(bytes.subarray(starts[i], ends[i]), schema, POLICY)
        batches.push(...found)
        for (const { rowCount } of found) for (let n = 0; n < rowCount; n++) rows.push(i)
      } catch (error) {
        bad.push(badMessage(i, tooLarge(error)))
      }
    }
    return { batch: concat([emptyBatch(schema), ...batches]), rows: Int32Array.from(rows), bad }
  },
})

const POLICY = { unknownFields: 'ignore', missingFields: 'null' } as const

/** A message with more rows than may be is a bad one, nothing else. */
function tooLarge(thrown: unknown): unknown {
  const { code, message } = asSqlError(thrown)
  if (code !== 'LIMIT_EXCEEDED') return thrown
  return new SqlError('BAD_RECORD', `Record 0: ${message}`, {
    details: { index: 0, reason: message },
  })
}

const ROWS_MAX = 4096
/** Brokers take messages of up to a megabyte, unless they are told otherwise. */
const BYTES_MAX = 500_000

/** Streams of some rows each; with `alone` of one, for a sink that takes more of each row than its
 *  record. A row that is larger than brokers like is a message nevertheless. */
export function arrowEncoder(schema: Schema, alone: boolean): RowEncoder {
  return (batch): EncodedRows => {
    const records: Uint8Array[] = []
    const rows: number[] = []
    const copies = rowsByWeight(batch)
    const all = (copies === null ? batch : batch.keep(copies, copies.length)).withoutWeights()
    const put = (from: number, to: number): void => {
      const record = toArrowStream(schema, [all.slice(from, to)])
      if (record.length > BYTES_MAX && to - from > 1) {
        const half = (from + to) >> 1
        put(from, half)
        put(half, to)
        return
      }
      records.push(record)
      rows.push(copies?.[from] ?? from)
    }
    const step = alone ? 1 : ROWS_MAX
    for (let at = 0; at < all.rowCount; at += step) {
      put(at, Math.min(at + step, all.rowCount))
    }
    return { records, rows: Int32Array.from(rows) }
  }
}
