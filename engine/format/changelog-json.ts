/** Changes as JSON records, `{"op":"+I|-U|+U|-D","row":{…}}`: the form in which our own results are
 *  sent and stored, so that those of one server feed another. */

import { Batch } from '../batch/batch.ts'
import type { Schema } from '../batch/schema.ts'
import { describeJson, isObject } from '../batch/value-from-json.ts'
import { badRecord } from './bad-record.ts'
import {
  documentRecords,
  type JsonOptions,
  type JsonRecord,
  JsonRowDecoder,
  lineRecords,
  needsDigits,
} from './json.ts'
import { decodeUtf8, hasLongNumber } from './json-text.ts'

/** The weight of a row, by op. */
export const CHANGE_WEIGHTS: Readonly<Record<string, number>> = {
  '+I': 1,
  '+U': 1,
  '-U': -1,
  '-D': -1,
}

/** The rows of all changes, with weight -1 where one is taken back; no weights if none is. Raises
 *  BAD_RECORD as `decodeJsonRows` does, and for what is no change. */
export function decodeChangelogJson(
  body: Uint8Array,
  schema: Schema,
  options: JsonOptions,
): { batch: Batch } {
  const text = decodeUtf8(body)
  const exact = schema.fields.some(({ type }) => needsDigits(type)) && hasLongNumber(body)
  const records = options.lines === true ? lineRecords(text, exact) : documentRecords(text, exact)
  return { batch: decodeChanges(records, schema, options) }
}

/** The same of records that are parsed. */
export function decodeChanges(
  records: Iterable<JsonRecord>,
  schema: Schema,
  options: JsonOptions,
): Batch {
  const decoder = new JsonRowDecoder(schema, options)
  const weights: number[] = []
  for (const { json, index, line } of records) {
    const place = line === undefined ? undefined : { line }
    const refuse = (reason: string): never => badRecord({ index, reason, place })
    if (!isObject(json)) return refuse(`wanted a change, found ${describeJson(json)}`)
    const { op, row, ...others } = json
    const weight =
      typeof op === 'string' && Object.hasOwn(CHANGE_WEIGHTS, op) ? CHANGE_WEIGHTS[op] : undefined
    if (weight === undefined) {
      return refuse(`"op" is ${Object.keys(CHANGE_WEIGHTS).join(', ')}; found ${describeJson(op)}`)
    }
    const [unknown] = Object.keys(others)
    if (unknown !== undefined) refuse(`a change has "op" and "row", not "${unknown}"`)
    if (row === undefined) refuse('the change has no "row"')
    decoder.add(row, { index, line }, weight < 0 && options.key !== undefined)
    weights.push(weight)
  }
  const batch = decoder.finish()
  if (!weights.includes(-1)) return batch
  return new Batch(schema, batch.columns, batch.rowCount, Int32Array.from(weights))
}
