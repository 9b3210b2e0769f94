/** CAST to and from STRING and VARCHAR(n). */

import { formatDecimal, parseDecimal } from '../base/decimal-text.ts'
import {
  formatDayTime,
  formatYearMonth,
  parseDayTime,
  parseYearMonth,
} from '../base/interval-text.ts'
import {
  formatDate,
  formatTime,
  formatTimestamp,
  parseDate,
  parseTime,
  parseTimestamp,
} from '../base/time-text.ts'
import { type DataType, partsOf } from '../batch/types.ts'
import { dayOf, TIMESTAMP_MAX, TIMESTAMP_MIN, truncateToPrecision } from './calendar.ts'
import type { Conversion } from './cast.ts'
import { INTEGER_BOUNDS } from './cast-number.ts'
import { fitDecimal } from './decimal.ts'
import { canonical, INT64_MAX, INT64_MIN, type Int64 } from './int64.ts'
import type { Value } from './ir.ts'
import { formatDouble, formatFloat, parseDouble, parseInteger } from './number-text.ts'
import { characterLength, decodeText, encodeText } from './utf8.ts'

type Text = Extract<DataType, { kind: 'varchar' }>

/** The first `length` characters. */
function cut(text: string, length: number): string {
  if (text.length <= length || characterLength(text) <= length) return text
  return Array.from(text).slice(0, length).join('')
}

/** The conversion of any type to text. Nested values are printed as Flink does: `[a, b]`, `{k=v}`,
 *  `(a, b)`. */
export function castToText(from: DataType, to: Text): Conversion | undefined {
  const print = printer(from) as ((value: never) => string) | undefined
  if (print === undefined || to.length === undefined) return print
  const { length } = to
  return (value: never) => cut(print(value), length)
}

function printer(from: DataType): Conversion | undefined {
  switch (from.kind) {
    case 'varchar':
    case 'json':
      return (value: string) => value
    case 'boolean':
      return (value: boolean) => (value ? 'TRUE' : 'FALSE')
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return (value: Int64) => String(value)
    case 'float':
      return formatFloat
    case 'double':
      return formatDouble
    case 'decimal':
      return (value: Int64) => formatDecimal(value, from.scale)
    case 'bytes':
      return (value: Uint8Array) => decodeText(value, 0, value.length)
    case 'date':
      return formatDate
    case 'time':
      return (value: Int64) => formatTime(value, from.precision)
    case 'timestamp':
    case 'timestamp_ltz':
      return (value: Int64) => formatTimestamp(value, from.precision)
    case 'interval_month':
      return formatYearMonth
    case 'interval_second':
      return formatDayTime
    case 'null':
      return () => 'NULL'
    default:
      return nestedPrinter(from)
  }
}

function nestedPrinter(from: DataType): Conversion {
  const parts = partsOf(from).map((type) => {
    const print = printer(type) as (value: Value) => string
    return (value: Value) => (value === null ? 'NULL' : print(value))
  })
  const [first, second] = parts
  if (from.kind === 'array') {
    return (values: readonly Value[]) => `[${values.map(first).join(', ')}]`
  }
  if (from.kind === 'row') {
    return (values: readonly Value[]) => `(${values.map((v, i) => parts[i](v)).join(', ')})`
  }
  return (pairs: readonly (readonly Value[])[]) =>
    `{${pairs.map(([key, value]) => `${first(key)}=${second(value)}`).join(', ')}}`
}

/** The conversion of text to another type. */
export function castFromText(to: DataType): Conversion | undefined {
  switch (to.kind) {
    case 'boolean':
      return (value: string) => BOOLEANS.get(value.trim().toLowerCase())
    case 'tinyint':
    case 'smallint':
    case 'int': {
      const [low, high] = INTEGER_BOUNDS[to.kind]
      return (value: string) => within(parseInteger(value), BigInt(low), BigInt(high))
    }
    case 'bigint':
      return (value: string) => within(parseInteger(value), INT64_MIN, INT64_MAX)
    case 'double':
      return parseDouble
    case 'float':
      return (value: string) => {
        const parsed = parseDouble(value)
        return parsed === undefined ? undefined : Math.fround(parsed)
      }
    case 'decimal':
      return (value: string) => {
        const scaled = parseDecimal(value.trim(), to.scale)
        return scaled === undefined ? undefined : fitDecimal(scaled, to.precision)
      }
    case 'bytes':
      return encodeText
    default:
      return textToTime(to)
  }
}

function textToTime(to: DataType): Conversion | undefined {
  switch (to.kind) {
    case 'date':
      return textToDate
    case 'time':
      return (value: string) => {
        const parsed = parseTime(value.trim())
        return parsed === undefined ? undefined : truncateToPrecision(parsed, to.precision)
      }
    case 'timestamp':
    case 'timestamp_ltz':
      return (value: string) => {
        const parsed = parseTimestamp(value.trim())
        if (parsed === undefined || parsed < TIMESTAMP_MIN || parsed > TIMESTAMP_MAX)
          return undefined
        return truncateToPrecision(parsed, to.precision)
      }
    case 'interval_month':
      return (value: string) => parseYearMonth(value.trim())
    case 'interval_second':
      return (value: string) => parseDayTime(value.trim())
    default:
      return undefined
  }
}

/** A date, or the date part of a timestamp. */
function textToDate(text: string): number | undefined {
  const trimmed = text.trim()
  if (trimmed.length === 10) return parseDate(trimmed)
  const timestamp = parseTimestamp(trimmed)
  return timestamp === undefined ? undefined : dayOf(timestamp)
}

const BOOLEANS = new Map([
  ...['t', 'true', 'y', 'yes', '1'].map((word) => [word, true] as const),
  ...['f', 'false', 'n', 'no', '0'].map((word) => [word, false] as const),
])

function within(value: bigint | undefined, low: bigint, high: bigint): Int64 | undefined {
  return value === undefined || value < low || value > high ? undefined : canonical(value)
}
