/** CAST and TRY_CAST: which types convert to which, and how, with Flink's semantics. Differences
 *  from Flink are on the safe side: a number that does not fit the target is an error and not a
 *  wrap, as everywhere in Millrace. */

import { type ErrorCode, fail, type Span } from '../base/errors.ts'
import {
  type DataType,
  isInteger,
  isNumeric,
  isTimestamp,
  partsOf,
  sameType,
  typeName,
} from '../batch/types.ts'
import { castFromJson, castToJson } from './cast-json.ts'
import { castNested } from './cast-nested.ts'
import { castFromNumber, castToNumber } from './cast-number.ts'
import { castFromText, castToText } from './cast-text.ts'
import { castTime } from './cast-time.ts'
import type { Value } from './ir.ts'

/** Converts a non-NULL value; undefined if it has no counterpart in the target type. */
export type Conversion = (value: never) => Exclude<Value, null> | undefined

/** How to find a conversion; see `conversion`. */
export type FindConversion = (from: DataType, to: DataType) => Conversion | undefined

const same: Conversion = (value) => value

/** The conversion between two types; undefined if CAST between them is not defined. */
export function conversion(from: DataType, to: DataType): Conversion | undefined {
  if (from.kind === 'null') return same
  if (sameType(from, to) && from.kind !== 'varchar') return same
  if (to.kind === 'varchar') return castToText(from, to)
  if (to.kind === 'json') return castToJson(from)
  if (from.kind === 'json') return castFromJson(to, conversion)
  if (from.kind === 'varchar') return castFromText(to)
  if (partsOf(from).length > 0) return castNested(from, to, conversion)
  if (isNumeric(to)) return castToNumber(from, to)
  if (isNumeric(from)) return castFromNumber(from, to)
  return castTime(from, to)
}

/** Whether CAST from one type to the other is defined. */
export const canCast = (from: DataType, to: DataType): boolean => conversion(from, to) !== undefined

/** CAST as a function over non-NULL values. A value that does not convert raises INVALID_VALUE (a
 *  text) or OUT_OF_RANGE (a number); TRY_CAST (`safe`) gives NULL for it. TYPE_MISMATCH if the
 *  types do not convert at all. */
export function castFunction(
  from: DataType,
  to: DataType,
  safe: boolean,
  at: Span | undefined,
): (value: Exclude<Value, null>) => Value {
  const convert = conversion(from, to) as
    | ((value: Exclude<Value, null>) => Exclude<Value, null> | undefined)
    | undefined
  if (convert === undefined) return refuseCast(from, to, at)
  if (safe) return (value) => convert(value) ?? null
  return (value) => {
    const converted = convert(value)
    return converted === undefined ? failCast(value, from, to, at) : converted
  }
}

/** TYPE_MISMATCH for a CAST that is not defined. */
export function refuseCast(from: DataType, to: DataType, at: Span | undefined): never {
  const number = (type: DataType) => isInteger(type) || type.kind === 'decimal'
  let hint: string | undefined
  if (number(from) && isTimestamp(to))
    hint = 'TO_TIMESTAMP_LTZ(number, 0 or 3) makes a timestamp of a number.'
  if (isTimestamp(from) && number(to)) hint = 'UNIX_TIMESTAMP(ts) gives the seconds since 1970.'
  fail('TYPE_MISMATCH', `${typeName(from)} cannot be cast to ${typeName(to)}`, { at, hint })
}

function failCast(
  value: Exclude<Value, null>,
  from: DataType,
  to: DataType,
  at: Span | undefined,
): never {
  const code: ErrorCode = isNumeric(from) ? 'OUT_OF_RANGE' : 'INVALID_VALUE'
  const shown = printable(value, from)
  fail(code, `${shown} cannot be cast to ${typeName(to)}`, {
    at,
    hint: 'TRY_CAST gives NULL instead of an error.',
  })
}

const SHOWN_MAX = 60

function printable(value: Exclude<Value, null>, type: DataType): string {
  const print = castToText(type, { kind: 'varchar' }) as ((value: unknown) => string) | undefined
  const full = print === undefined ? String(value) : print(value)
  const text = full.length > SHOWN_MAX ? `${full.slice(0, SHOWN_MAX)}…` : full
  return isNumeric(type) ? text : `'${text}'`
}

/** A value as CAST(value AS STRING) prints it; NULL is 'NULL'. */
export function formatValue(value: Value, type: DataType): string {
  if (value === null) return 'NULL'
  const print = castToText(type, { kind: 'varchar' }) as ((value: unknown) => string) | undefined
  return print === undefined ? String(value) : print(value)
}
