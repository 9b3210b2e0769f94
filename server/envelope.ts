/** What a producer says of a record beside its columns: time, key, headers, priority. */

import { Batch } from '../engine/batch/batch.ts'
import { BatchBuilder } from '../engine/batch/builder.ts'
import { schemaOf } from '../engine/batch/schema.ts'
import type { Value } from '../engine/batch/value.ts'
import { ENVELOPE_KEYS, envelopedSchema, toMillisecond } from '../engine/source/stream-frame.ts'

/** Rows on their way into a stream. `enveloped`: their last columns are the envelopes'. */
export interface StreamRows {
  readonly batch: Batch
  readonly enveloped: boolean
}

/** Absent or null: nothing is said. In the values' SQL form: microseconds, text, pairs of texts, a
 *  whole number. */
export interface Envelope {
  readonly timestamp?: Value | undefined
  readonly key?: Value | undefined
  readonly headers?: Value | undefined
  readonly priority?: Value | undefined
}

const NO_HEADERS: Value = []

/** The records with their envelopes, one each. Who says no time gets `nowUs`. */
export function enveloped(
  records: Batch,
  envelopes: readonly Envelope[],
  nowUs: number,
): StreamRows {
  const schema = envelopedSchema(records.schema)
  const builder = new BatchBuilder(schemaOf(schema.fields.slice(-ENVELOPE_KEYS.length)))
  for (const { timestamp, key, headers, priority } of envelopes) {
    builder.append([
      timestamp ?? toMillisecond(nowUs),
      key ?? null,
      headers ?? NO_HEADERS,
      priority ?? 0,
    ])
  }
  const columns = [...records.columns, ...builder.finish().columns]
  return {
    batch: new Batch(schema, columns, records.rowCount, records.weights),
    enveloped: true,
  }
}

/** Records of which nothing is said. */
export const plain = (batch: Batch): StreamRows => ({ batch, enveloped: false })
