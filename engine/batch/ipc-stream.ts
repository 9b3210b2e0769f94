/** Complete Arrow IPC streams, the form batches have on HTTP: readable by every Arrow library. */

import type { Batch } from './batch.ts'
import { END_OF_STREAM, packMessages } from './ipc-message.ts'
import { encodeSchema } from './ipc-schema.ts'
import { BodyWriter } from './ipc-write.ts'
import { type Schema, schemaOf } from './schema.ts'
import { INT } from './types.ts'

/** The name of the column that weights travel in. */
export const WEIGHT_COLUMN = '$weight'

/** A stream of `schema` with one record batch per batch, strings written out. If any batch has
 *  weights, all have a last column `$weight`. */
export function toArrowStream(schema: Schema, batches: readonly Batch[]): Uint8Array {
  const weighted = batches.some((batch) => batch.weights !== null)
  const weightField = { name: WEIGHT_COLUMN, type: INT, nullable: false }
  const full = weighted ? schemaOf([...schema.fields, weightField]) : schema
  const messages = batches.map((batch) => {
    const body = new BodyWriter(batch.rowCount)
    for (const column of batch.columns) body.column(column)
    if (weighted) body.weights(batch.weights ?? new Int32Array(batch.rowCount).fill(1))
    return packMessages([{ kind: 'batch', body }])
  })
  return new Uint8Array(Buffer.concat([encodeSchema(full), ...messages, END_OF_STREAM]))
}
