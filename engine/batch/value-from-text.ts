/** Text into values, as CSV and test literals write them: like JSON without the quotes. */

import { parseDecimal } from '../base/decimal-text.ts'
import { fail } from '../base/errors.ts'
import { parseTimestamp } from '../base/time-text.ts'
import { type DataType, isInteger, typeName } from './types.ts'
import { exactInteger, type Value } from './value.ts'
import { checkLength, floorTo, fromJson, parseScalar } from './value-from-json.ts'

const INTEGER = /^[+-]?\d{1,38}$/
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const POLICY = { unknownFields: 'fail' } as const

/** The value that `text` means as a `type`: numbers plainly, TRUE and FALSE in any case, dates and
 *  times as ISO-8601 or SQL, BYTES as base64, nested types as JSON. Raises INVALID_VALUE with what
 *  was wanted and found, OUT_OF_RANGE. Ranges of integers are checked by the column builder. */
export function valueFromText(text: string, type: DataType): Value {
  const value = parse(text, type)
  if (value !== undefined) return value
  const found = text.length > 40 ? `${text.slice(0, 40)}…` : text
  return fail('INVALID_VALUE', `wanted ${typeName(type)}, found ${JSON.stringify(found)}`)
}

function parse(text: string, type: DataType): Value | undefined {
  if (isInteger(type)) return INTEGER.test(text) ? exactInteger(BigInt(text)) : undefined
  switch (type.kind) {
    case 'varchar':
      checkLength(text, type)
      return text
    case 'boolean':
      return booleanOf(text.toLowerCase())
    case 'float':
    case 'double':
      return doubleOf(text)
    case 'decimal': {
      const unscaled = parseDecimal(text, type.scale)
      return unscaled === undefined ? undefined : exactInteger(unscaled)
    }
    case 'timestamp':
    case 'timestamp_ltz': {
      const us = parseTimestamp(text)
      return us === undefined ? undefined : floorTo(us, 10 ** (6 - type.precision))
    }
    case 'bytes':
      return fromJson(type, POLICY)(text)
    case 'json':
    case 'array':
    case 'map':
    case 'row':
      return fromJson(type, POLICY)(jsonOf(text))
    default:
      return parseScalar(text, type)
  }
}

function booleanOf(text: string): boolean | undefined {
  if (text === 'true') return true
  return text === 'false' ? false : undefined
}

function doubleOf(text: string): number | undefined {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return Number(text)
  return NUMBER.test(text) ? Number(text) : undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return fail('INVALID_VALUE', `wanted JSON, found ${JSON.stringify(text.slice(0, 40))}`)
  }
}
