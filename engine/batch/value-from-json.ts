/** JSON into values: the inverse of json-value.ts, and a little more lenient. BIGINT and DECIMAL
 *  are taken from numbers and from strings; a timestamp from ISO text or from a number of epoch
 *  milliseconds (or seconds, see `JsonPolicy`). A zone in the text is applied: TIMESTAMP then holds
 *  the UTC wall clock, and TIMESTAMP_LTZ takes a text without a zone as UTC. */

import { parseDecimal } from '../base/decimal-text.ts'
import { fail } from '../base/errors.ts'
import { parseDuration, parseMonths } from '../base/interval-text.ts'
import { parseDate, parseTime, parseTimestamp } from '../base/time-text.ts'
import { type DataType, typeName } from './types.ts'
import { exactInteger, type Value } from './value.ts'

/** A JSON number whose digits a double cannot hold: `JSON.rawJSON(source)`. */
export interface RawNumber {
  readonly rawJSON: string
}

const { isRawJSON } = JSON as unknown as { isRawJSON(value: unknown): value is RawNumber }

export interface JsonPolicy {
  /** What to do with a field of an object that the schema does not have. */
  readonly unknownFields: 'ignore' | 'fail'
  /** What a number is that stands for a timestamp. Absent: milliseconds. */
  readonly epoch?: 'seconds' | 'millis' | undefined
}

/** From a parsed JSON value that is not null. Raises INVALID_VALUE with what was wanted and what
 *  was found. */
export type FromJson = (json: unknown) => Value

/** The conversion to `type`. Ranges of integers are checked by the column builder. */
export function fromJson(type: DataType, policy: JsonPolicy): FromJson {
  switch (type.kind) {
    case 'boolean':
      return (json) => (typeof json === 'boolean' ? json : mismatch(type, json))
    case 'tinyint':
    case 'smallint':
    case 'int':
      return (json) => (Number.isInteger(json) ? (json as number) : mismatch(type, json))
    case 'bigint':
      return (json) => bigintFrom(json, type)
    case 'float':
    case 'double':
      return (json) => doubleFrom(json, type)
    case 'decimal':
      return (json) => decimalFrom(json, type)
    case 'varchar':
      return (json) => textFrom(json, type)
    case 'json':
      return (json) => JSON.stringify(json)
    case 'bytes':
      return (json) => bytesFrom(json, type)
    case 'timestamp':
    case 'timestamp_ltz':
      return timestampFrom(type, policy.epoch === 'seconds' ? secondsToUs : millisToUs)
    case 'array': {
      const element = nullable(fromJson(type.element, policy))
      return (json) => (Array.isArray(json) ? json.map(element) : mismatch(type, json))
    }
    case 'map':
      return mapFrom(type, policy)
    case 'row':
      return rowFrom(type, policy)
    default:
      return (json) => parsedFrom(json, type)
  }
}

/** Raises INVALID_VALUE: `wanted INT, found "abc"`. */
function mismatch(type: DataType, json: unknown): never {
  fail('INVALID_VALUE', `wanted ${typeName(type)}, found ${describeJson(json)}`)
}

/** A JSON value in few words, for an error message. */
export function describeJson(json: unknown): string {
  if (json === null || json === undefined) return 'null'
  if (isRawJSON(json)) return json.rawJSON.slice(0, 40)
  if (Array.isArray(json)) return 'an array'
  if (typeof json === 'object') return 'an object'
  if (typeof json !== 'string') return String(json)
  return json.length > 40 ? `${JSON.stringify(json.slice(0, 40))}…` : JSON.stringify(json)
}

const nullable =
  (convert: FromJson): FromJson =>
  (json) =>
    json === null ? null : convert(json)

const INTEGER = /^-?\d{1,19}$/

function bigintFrom(json: unknown, type: DataType): Value {
  if (Number.isSafeInteger(json)) return json as number
  // A double beyond 2^53 is printed as the digits that it was read from, which are not its own.
  if (Number.isInteger(json))
    return BigInt(INTEGER.test(String(json)) ? String(json) : (json as number))
  const text = isRawJSON(json) ? json.rawJSON : json
  if (typeof text !== 'string' || !INTEGER.test(text)) mismatch(type, json)
  return exactInteger(BigInt(text))
}

const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}

function doubleFrom(json: unknown, type: DataType): Value {
  if (typeof json === 'string') {
    return Object.hasOwn(SPECIAL, json) ? SPECIAL[json] : mismatch(type, json)
  }
  const value = isRawJSON(json) ? Number(json.rawJSON) : json
  if (typeof value !== 'number') mismatch(type, json)
  const held = type.kind === 'float' ? Math.fround(value) : value
  if (!Number.isFinite(held)) {
    fail('OUT_OF_RANGE', `${describeJson(json)} is out of range for ${typeName(type)}`)
  }
  return value
}

function decimalFrom(json: unknown, type: Extract<DataType, { kind: 'decimal' }>): Value {
  const text = isRawJSON(json) ? json.rawJSON : json
  if (typeof text !== 'string' && typeof text !== 'number') mismatch(type, json)
  const unscaled = parseDecimal(String(text), type.scale)
  return unscaled === undefined ? mismatch(type, json) : exactInteger(unscaled)
}

function textFrom(json: unknown, type: Extract<DataType, { kind: 'varchar' }>): Value {
  if (typeof json !== 'string') mismatch(type, json)
  if (!json.isWellFormed()) fail('INVALID_VALUE', 'the string has half a surrogate pair')
  checkLength(json, type)
  return json
}

/** Raises OUT_OF_RANGE if the text has more characters than VARCHAR(n) allows. */
export function checkLength(text: string, type: Extract<DataType, { kind: 'varchar' }>): void {
  const { length } = type
  if (length === undefined || text.length <= length) return
  const characters = [...text].length
  if (characters > length) {
    fail('OUT_OF_RANGE', `the text has ${characters} characters, ${typeName(type)} takes ${length}`)
  }
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

function bytesFrom(json: unknown, type: DataType): Value {
  if (typeof json !== 'string') mismatch(type, json)
  if (json.length % 4 !== 0 || !BASE64.test(json)) {
    fail('INVALID_VALUE', `wanted ${typeName(type)} as base64, found ${describeJson(json)}`)
  }
  return new Uint8Array(Buffer.from(json, 'base64'))
}

function timestampFrom(
  type: Extract<DataType, { precision: number }>,
  numberToUs: (json: unknown) => number | bigint | undefined,
): FromJson {
  const stepUs = 10 ** (6 - type.precision)
  return (json) => {
    const us = typeof json === 'string' ? parseTimestamp(json) : numberToUs(json)
    if (us === undefined) mismatch(type, json)
    return floorTo(us, stepUs)
  }
}

/** Beyond the years 1 to 9999 nothing is a timestamp. */
const MILLIS_MAX = 253_402_300_800_000
const MILLIS_MIN = -62_135_596_800_000

function millisToUs(json: unknown): number | bigint | undefined {
  if (typeof json !== 'number' || !(json >= MILLIS_MIN && json < MILLIS_MAX)) return undefined
  const us = Math.floor(json * 1000)
  return Number.isSafeInteger(us) ? us : exactInteger(BigInt(Math.floor(json)) * 1000n)
}

/** To the nearest microsecond: a double has about so many digits. */
function secondsToUs(json: unknown): number | bigint | undefined {
  const isTime = typeof json === 'number' && json * 1000 >= MILLIS_MIN && json * 1000 < MILLIS_MAX
  if (!isTime) return undefined
  const us = Math.round(json * 1e6)
  return Number.isSafeInteger(us) ? us : exactInteger(BigInt(Math.floor(json)) * 1_000_000n)
}

/** Cuts what is finer than the type's precision. */
export function floorTo(us: number | bigint, stepUs: number): number | bigint {
  if (stepUs === 1) return us
  if (typeof us === 'number') return Math.floor(us / stepUs) * stepUs
  const step = BigInt(stepUs)
  return exactInteger(us - (((us % step) + step) % step))
}

/** Types that are written as a text of their own. */
function parsedFrom(json: unknown, type: DataType): Value {
  if (typeof json !== 'string') mismatch(type, json)
  return parseScalar(json, type) ?? mismatch(type, json)
}

/** The value of a DATE, TIME or interval text; undefined if it is not one. */
export function parseScalar(text: string, type: DataType): number | bigint | undefined {
  switch (type.kind) {
    case 'date':
      return parseDate(text)
    case 'time': {
      const us = parseTime(text)
      return us === undefined ? undefined : floorTo(us, 10 ** (6 - type.precision))
    }
    case 'interval_month':
      return parseMonths(text)
    case 'interval_second':
      return parseDuration(text)
    default:
      return undefined
  }
}

function mapFrom(type: Extract<DataType, { kind: 'map' }>, policy: JsonPolicy): FromJson {
  const key = fromJson(type.key, policy)
  const value = nullable(fromJson(type.value, policy))
  const pair = (json: unknown): Value => {
    if (!isObject(json) || json.key === undefined || json.key === null) mismatch(type, json)
    return [key(json.key), value(json.value ?? null)]
  }
  return (json) => {
    if (Array.isArray(json)) return json.map(pair)
    if (!isObject(json)) mismatch(type, json)
    return Object.entries(json).map(([name, item]) => [key(name), value(item)])
  }
}

function rowFrom(type: Extract<DataType, { kind: 'row' }>, policy: JsonPolicy): FromJson {
  const names = type.fields.map((field) => field.name)
  const known = new Set(names)
  const parts = type.fields.map((field) => nullable(fromJson(field.type, policy)))
  return (json) => {
    if (!isObject(json)) mismatch(type, json)
    if (policy.unknownFields === 'fail') {
      const unknown = Object.keys(json).find((name) => !known.has(name))
      if (unknown !== undefined) fail('INVALID_VALUE', `there is no field ${unknown} in the ROW`)
    }
    return names.map((name, i) => parts[i](Object.hasOwn(json, name) ? json[name] : null))
  }
}

/** Whether it is a JSON object. */
export const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json) && !isRawJSON(json)
