/** Literal expressions from JavaScript values; the entries' examples and the tests are written with
 *  them. */

import { parseDecimal } from '../base/decimal-text.ts'
import type { Span } from '../base/errors.ts'
import { parseDate, parseTime, parseTimestamp } from '../base/time-text.ts'
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  type DataType,
  DOUBLE,
  INT,
  INTERVAL_MONTH,
  INTERVAL_SECOND,
  NULL_TYPE,
  VARCHAR,
} from '../batch/types.ts'
import { canonical } from './int64.ts'
import type { LiteralExpr, Value } from './ir.ts'

export const literal = (type: DataType, value: Value, at?: Span): LiteralExpr => ({
  kind: 'literal',
  type,
  value,
  at,
})

export const nullLiteral = (type: DataType = NULL_TYPE, at?: Span): LiteralExpr =>
  literal(type, null, at)
export const bool = (value: boolean): LiteralExpr => literal(BOOLEAN, value)
export const int = (value: number): LiteralExpr => literal(INT, value)
export const bigint = (value: number | bigint): LiteralExpr =>
  literal(BIGINT, canonical(BigInt(value)))
export const double = (value: number): LiteralExpr => literal(DOUBLE, value)
export const text = (value: string): LiteralExpr => literal(VARCHAR, value)
export const bytes = (...values: number[]): LiteralExpr => literal(BYTES, Uint8Array.from(values))
export const days = (count: number): LiteralExpr => seconds(count * 86400)
export const seconds = (count: number): LiteralExpr => literal(INTERVAL_SECOND, count * 1_000_000)
export const months = (count: number): LiteralExpr => literal(INTERVAL_MONTH, count)

/** `decimal('1.50')` is DECIMAL(3, 2). */
export function decimal(digits: string): LiteralExpr {
  const [whole, fraction = ''] = digits.replace(/^[+-]/, '').split('.')
  const type: DataType = {
    kind: 'decimal',
    precision: Math.max(whole.replace(/^0+/, '').length + fraction.length, 1),
    scale: fraction.length,
  }
  return literal(type, canonical(parseDecimal(digits, fraction.length) ?? 0n))
}

export const date = (value: string): LiteralExpr => literal(DATE, parseDate(value) ?? null)
export const time = (value: string, precision = 0): LiteralExpr =>
  literal({ kind: 'time', precision }, parseTime(value) ?? null)
export const timestamp = (value: string, precision = 3): LiteralExpr =>
  literal({ kind: 'timestamp', precision }, parseTimestamp(value) ?? null)
export const timestampLtz = (value: string, precision = 3): LiteralExpr =>
  literal({ kind: 'timestamp_ltz', precision }, parseTimestamp(value) ?? null)
