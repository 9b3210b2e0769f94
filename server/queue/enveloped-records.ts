/** Records that come with more than their columns: `{"value": {…}, "key": …, "headers": {…},
 *  "priority": …, "timestamp": …}`, one, an array, `{"records": […]}`, or one a line; and what HTTP
 *  headers say of all records of a request. */

import { fail, SqlError } from '../../engine/base/errors.ts'
import type { Value } from '../../engine/batch/value.ts'
import { fromJson, isObject } from '../../engine/batch/value-from-json.ts'
import { badRecord, refuseRecord } from '../../engine/format/bad-record.ts'
import {
  documentRecords,
  type JsonRecord,
  JsonRowDecoder,
  lineRecords,
} from '../../engine/format/json.ts'
import { decodeUtf8, hasLongNumber } from '../../engine/format/json-text.ts'
import {
  ENVELOPE_KEYS,
  type EnvelopeKey,
  recordSchema,
  STREAM_METADATA,
} from '../../engine/source/stream-frame.ts'
import { recordKey, type TableSpec } from '../../engine/source/table.ts'
import { type Envelope, enveloped, type StreamRows } from '../envelope.ts'
import { refuseLargeRows } from '../records.ts'

const MEMBERS: ReadonlySet<string> = new Set(['value', ...ENVELOPE_KEYS])

const FROM_JSON = Object.fromEntries(
  ENVELOPE_KEYS.map((key) => [key, fromJson(STREAM_METADATA[key], { unknownFields: 'fail' })]),
)

/** All records of `body`, or BAD_RECORD for the first that does not fit. `said`: of records that do
 *  not say it themselves. */
export function decodeEnveloped(
  body: Uint8Array,
  table: TableSpec,
  options: {
    readonly lines: boolean
    readonly rowBytesMax: number
    readonly said: Envelope
    readonly nowUs: number
  },
): StreamRows {
  const text = decodeUtf8(body)
  const key = recordKey(table)
  const unknownFields = table.options['json.unknown-fields'] === 'fail' ? 'fail' : 'ignore'
  const policy = { unknownFields, missingFields: 'null', key } as const
  const decoder = new JsonRowDecoder(recordSchema(table), policy)
  const envelopes: Envelope[] = []
  const exact = hasLongNumber(body)
  const records = options.lines ? lineRecords(text, exact) : inOneDocument(text, exact)
  for (const { json, index, line } of records) {
    const place = line === undefined ? undefined : { line }
    if (!isObject(json) || !('value' in json)) {
      badRecord({ index, reason: 'wanted an object with a "value"', place })
    }
    const unknown = Object.keys(json).find((member) => !MEMBERS.has(member))
    if (unknown !== undefined) {
      badRecord({ index, reason: `an envelope has no "${unknown}"`, place })
    }
    decoder.add(json.value, { index, line })
    envelopes.push({ ...options.said, ...envelopeOf(json, { index, line }) })
  }
  const batch = decoder.finish()
  refuseLargeRows(batch, options.rowBytesMax)
  return enveloped(batch, envelopes, options.nowUs)
}

function* inOneDocument(text: string, exact: boolean): Generator<JsonRecord> {
  for (const record of documentRecords(text, exact)) {
    const { json } = record
    if (!isObject(json) || !Array.isArray(json.records) || 'value' in json) yield record
    else for (const [index, one] of json.records.entries()) yield { json: one, index }
  }
}

function envelopeOf(
  json: Readonly<Record<string, unknown>>,
  { index, line }: Omit<JsonRecord, 'json'>,
): Envelope {
  const place = line === undefined ? undefined : { line }
  const envelope: Partial<Record<EnvelopeKey, Value>> = {}
  for (const key of ENVELOPE_KEYS) {
    const given = json[key]
    if (given === undefined || given === null) continue
    try {
      envelope[key] = checked(key, FROM_JSON[key](given))
    } catch (error) {
      refuseRecord(error, { index, column: key, place })
    }
  }
  return envelope
}

/** As the other side of a priority: what is sent with a larger number goes out first. */
const PRIORITY_MAX = 255

function checked(key: EnvelopeKey, value: Value): Value {
  if (key === 'priority' && !(Number(value) >= 0 && Number(value) <= PRIORITY_MAX)) {
    fail('OUT_OF_RANGE', `a priority is 0 to ${PRIORITY_MAX}, not ${value}`)
  }
  return value
}

const PREFIX = 'millrace-'
const HEADER_PREFIX = 'millrace-header-'

/** What the HTTP headers of a request say of its records; undefined: nothing. `Millrace-Key`,
 *  `Millrace-Priority`, `Millrace-Timestamp`, and `Millrace-Header-<name>` for each header.
 *  BAD_REQUEST for one that makes no sense. */
export function saidInHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Envelope | undefined {
  const pairs: [string, string][] = []
  const said: Partial<Record<EnvelopeKey, Value>> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(PREFIX) || value === undefined) continue
    const text = String(value)
    if (name.startsWith(HEADER_PREFIX)) pairs.push([name.slice(HEADER_PREFIX.length), text])
    else said[keyOf(name)] = fromText(name, text)
  }
  if (pairs.length > 0) said.headers = pairs
  return Object.keys(said).length === 0 ? undefined : said
}

function keyOf(name: string): Exclude<EnvelopeKey, 'headers'> {
  const key = name.slice(PREFIX.length)
  if (key === 'key' || key === 'priority' || key === 'timestamp') return key
  return fail('BAD_REQUEST', `There is no header '${name}'`, {
    hint: 'There are Millrace-Key, Millrace-Priority, Millrace-Timestamp and Millrace-Header-….',
  })
}

function fromText(name: string, text: string): Value {
  const key = keyOf(name)
  try {
    const isNumber = key !== 'key' && /^\d{1,15}$/.test(text)
    return checked(key, FROM_JSON[key](isNumber ? Number(text) : text))
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    return fail('BAD_REQUEST', `The header ${name}: ${error.message}`, { cause: error })
  }
}
