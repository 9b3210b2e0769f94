/** Values as JSON, the form they have on HTTP. BIGINT beyond 2^53 and every DECIMAL are strings (a
 *  JSON number would lose digits in most readers); DATE, TIME and TIMESTAMP are ISO-8601 without a
 *  zone, TIMESTAMP_LTZ is UTC with a Z; intervals are ISO-8601 durations; BYTES are base64; NaN and
 *  the infinities are strings; a MAP with string keys is an object, any other an array of
 *  `{"key", "value"}`; a JSON column stands as what it is. */

import { formatDecimal } from '../base/decimal-text.ts'
import { formatDuration, formatMonths } from '../base/interval-text.ts'
import { formatDate, formatTime, formatTimestamp } from '../base/time-text.ts'
import type { DataType } from './types.ts'
import type { Value } from './value.ts'

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** What `JSON.stringify` turns into the HTTP form of `value`. */
export function jsonValue(value: Value, type: DataType): JsonValue {
  if (value === null) return null
  switch (type.kind) {
    case 'bigint':
      return typeof value === 'bigint' ? String(value) : (value as number)
    case 'float':
    case 'double':
      return Number.isFinite(value) ? (value as number) : String(value)
    case 'json':
      return JSON.parse(value as string) as JsonValue
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'array':
      return (value as readonly Value[]).map((item) => jsonValue(item, type.element))
    case 'map':
      return jsonMap(value as readonly (readonly Value[])[], type)
    case 'row': {
      const parts = value as readonly Value[]
      return Object.fromEntries(type.fields.map((f, i) => [f.name, jsonValue(parts[i], f.type)]))
    }
    default:
      return scalarText(value, type) ?? (value as JsonValue)
  }
}

function jsonMap(
  entries: readonly (readonly Value[])[],
  type: Extract<DataType, { kind: 'map' }>,
): JsonValue {
  const pairs = entries.map(([key, value]) => ({
    key: jsonValue(key, type.key),
    value: jsonValue(value, type.value),
  }))
  if (type.key.kind !== 'varchar') return pairs
  return Object.fromEntries(pairs.map(({ key, value }) => [key as string, value]))
}

/** The text of a value whose JSON form is a string without anything to escape; undefined for the
 *  other types. `value` is not NULL. */
export function scalarText(value: Value, type: DataType): string | undefined {
  switch (type.kind) {
    case 'decimal':
      return formatDecimal(value as bigint, type.scale)
    case 'date':
      return formatDate(value as number)
    case 'time':
      return formatTime(value as number, type.precision)
    case 'timestamp':
      return formatTimestamp(value as number, type.precision, 'T')
    case 'timestamp_ltz':
      return `${formatTimestamp(value as number, type.precision, 'T')}Z`
    case 'interval_month':
      return formatMonths(value as number)
    case 'interval_second':
      return formatDuration(value as number)
    default:
      return undefined
  }
}
