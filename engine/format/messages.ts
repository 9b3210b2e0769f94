/** The contract of decoding messages: many small records at once, each a range of one byte array.
 *  Unlike a request's body, a bad message does not spoil the others. */

import type { SqlError } from '../base/errors.ts'
import { asSqlError } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'

/** Message i is bytes[starts[i], ends[i]). The bytes never change afterwards: columns may be views
 *  on them. */
export interface Messages {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
}

export interface BadMessage {
  /** Its position among the messages. */
  readonly index: number
  /** BAD_RECORD, with the column and the reason in `details`. */
  readonly error: SqlError
}

export interface DecodedMessages {
  /** One row for each message that is not bad, in order. */
  readonly batch: Batch
  /** The message of each row; null: row i is message i. */
  readonly rows: Int32Array | null
  readonly bad: readonly BadMessage[]
}

/** Made once per table. */
export interface MessageDecoder {
  decode(messages: Messages): DecodedMessages
}

/** The rows without those of the bad messages. `batch` has a row for every message; what stands in
 *  the rows of the bad ones does not matter. `bad` is in order of index. */
export function withoutBad(batch: Batch, bad: readonly BadMessage[]): DecodedMessages {
  if (bad.length === 0) return { batch, rows: null, bad }
  const rows = new Int32Array(batch.rowCount)
  let count = 0
  let next = 0
  for (let i = 0; i < batch.rowCount; i++) {
    if (next < bad.length && bad[next].index === i) next++
    else rows[count++] = i
  }
  return { batch: batch.keep(rows, count), rows: rows.subarray(0, count), bad }
}

/** The error as that of a message. What is not BAD_RECORD is raised. */
export function badMessage(index: number, thrown: unknown): BadMessage {
  const error = asSqlError(thrown)
  if (error.code !== 'BAD_RECORD') throw thrown
  return { index, error }
}
