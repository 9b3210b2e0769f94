/** The contract of decoding messages: many small records at once, each a range of one byte array.
 *  Unlike a request's body, a bad message does not spoil the others. */

import type { SqlError } from '../base/errors.ts'
import { asSqlError } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import type { Column } from '../batch/column.ts'

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
  /** The rows of all messages that are not bad, in order: mostly one of each. */
  readonly batch: Batch
  /** The message of each row, ascending; null: row i is message i. */
  readonly rows: Int32Array | null
  readonly bad: readonly BadMessage[]
  /** What a format knows beside the record, by key; a value for every row. Those that the table
   *  asks for. */
  readonly metadata?: Readonly<Record<string, Column>> | undefined
}

/** Made once per reading of a table. */
export interface MessageDecoder {
  /** What must be there before these messages can be decoded, as a schema that is kept elsewhere;
   *  undefined: all is there. Called for all messages, in order, before `decode`, and again after
   *  its promise. The promise is not kept long: what is needed is. If it fails, the messages are
   *  asked for again later unless the error's retry is 'never'. What `decode` makes of the bytes is
   *  the same in every replay, so nothing that can change may go into it. */
  prepare?(messages: Messages): Promise<void> | undefined
  decode(messages: Messages): DecodedMessages
}

/** Those that have a value; a message without one has -1 in `starts`. */
export function presentMessages(messages: Messages): Messages {
  const { bytes, starts, ends } = messages
  if (!starts.some((start) => start < 0)) return messages
  return {
    bytes,
    starts: starts.filter((start) => start >= 0),
    ends: ends.filter((_, i) => starts[i] >= 0),
  }
}

/** Those that have a value, decoded; `rows` and `bad` name them by their places among all. */
export function decodePresent(
  decoder: MessageDecoder,
  messages: Messages,
): DecodedMessages & { readonly rows: Int32Array } {
  const { starts } = messages
  const places = Int32Array.from(starts.keys()).filter((i) => starts[i] >= 0)
  const { batch, rows, bad, metadata } = decoder.decode(presentMessages(messages))
  return {
    ...{ batch, metadata },
    rows: rows === null ? places : rows.map((message) => places[message]),
    bad: bad.map(({ index, error }) => ({ index: places[index], error })),
  }
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
