/** A batch as bytes: Arrow IPC messages (dictionaries, then one record batch) without the Schema
 *  message, which the holder of the bytes knows. This is what the logs keep and what crosses
 *  threads. Weights travel as a last Int32 column `$weight`; the rows' watermarks stay behind, they
 *  mean nothing outside their epoch. */

import { Batch } from './batch.ts'
import type { Column } from './column.ts'
import { dictionaryOf } from './dictionary.ts'
import { batchOf, dictionaryOf as headerOf, messageAt, packMessages } from './ipc-message.ts'
import { BodyReader } from './ipc-read.ts'
import { BodyWriter } from './ipc-write.ts'
import type { Schema } from './schema.ts'

export { fromArrowStream } from './ipc-foreign.ts'
export { decodeSchema, encodeSchema } from './ipc-schema.ts'
export { toArrowStream } from './ipc-stream.ts'

/** The batch in fresh memory that starts at a multiple of 8 bytes. String columns with few distinct
 *  values go as dictionaries, whose id is the column's position. Raises LIMIT_EXCEEDED beyond
 *  2 GiB. */
export function encodeBatch(batch: Batch): Uint8Array {
  const body = new BodyWriter(batch.rowCount)
  const messages = []
  for (const [id, column] of batch.columns.entries()) {
    const dictionary = column.type.kind === 'varchar' ? dictionaryOf(column) : null
    if (dictionary === null) {
      body.column(column)
    } else {
      messages.push({ kind: { dictionary: id }, body: bodyOf(dictionary.entries) })
      body.codes(column, dictionary.codes)
    }
  }
  if (batch.weights !== null) body.weights(batch.weights)
  return packMessages([...messages, { kind: 'batch', body }])
}

function bodyOf(column: Column): BodyWriter {
  const body = new BodyWriter(column.length)
  body.column(column)
  return body
}

/** The batch that `encodeBatch` made `bytes` from. Its columns are views on `bytes`, which must not
 *  change afterwards (copied once if they do not start at a multiple of 8). The bytes are trusted
 *  as those of a checked frame are; what is not whole raises DATA_DAMAGED. */
export function decodeBatch(bytes: Uint8Array, schema: Schema): Batch {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  const dictionaries: Column[] = []
  let message = messageAt(aligned, 0)
  for (let header = headerOf(message); header !== undefined; header = headerOf(message)) {
    const id = Number(header.id())
    const entries = new BodyReader(header.data()!, message.body)
    dictionaries[id] = entries.column(schema.fields[id].type)
    message = messageAt(aligned, message.end)
  }
  const header = batchOf(message)
  const body = new BodyReader(header, message.body)
  const columns = schema.fields.map(({ type }, i) =>
    dictionaries[i] === undefined ? body.column(type) : body.coded(type, dictionaries[i]),
  )
  return new Batch(schema, columns, Number(header.length()), body.more ? body.weights() : null)
}
