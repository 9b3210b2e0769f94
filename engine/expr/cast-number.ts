/** CAST to and from the numeric types. Integers cut fractions off, decimals round half up, what
 *  does not fit the target has no counterpart. */

import { parseDecimal } from '../base/decimal-text.ts'
import { type DataType, isInteger } from '../batch/types.ts'
import type { Conversion } from './cast.ts'
import {
  asDecimal,
  type DecimalType,
  decimalToDouble,
  fitDecimal,
  powerOfTen,
  rescale,
} from './decimal.ts'
import { canonical, INT64_MAX, INT64_MIN, type Int64 } from './int64.ts'

/** Smallest and largest value of the integer types below BIGINT. */
export const INTEGER_BOUNDS = {
  tinyint: [-128, 127],
  smallint: [-32768, 32767],
  int: [-2147483648, 2147483647],
} as const

const wholePart = (value: bigint, scale: number): bigint => value / powerOfTen(scale)

function fitInteger(value: bigint, type: DataType): Int64 | undefined {
  if (type.kind === 'bigint') {
    return value < INT64_MIN || value > INT64_MAX ? undefined : canonical(value)
  }
  const [low, high] = INTEGER_BOUNDS[type.kind as keyof typeof INTEGER_BOUNDS]
  return value < low || value > high ? undefined : Number(value)
}

/** The conversion of a numeric or BOOLEAN type to a numeric one. */
export function castToNumber(from: DataType, to: DataType): Conversion | undefined {
  if (from.kind === 'boolean') {
    const one = to.kind === 'decimal' ? fitDecimal(powerOfTen(to.scale), to.precision) : 1
    return (value: boolean) => (value ? one : 0)
  }
  const exact = asDecimal(from)
  if (exact === undefined && from.kind !== 'float' && from.kind !== 'double') return undefined
  if (to.kind === 'decimal') return exact ? decimalToDecimal(exact, to) : doubleToDecimal(to)
  if (isInteger(to)) {
    if (exact) return (value: Int64) => fitInteger(wholePart(BigInt(value), exact.scale), to)
    return (value: number) => doubleToInteger(value, to)
  }
  const toDouble = exact
    ? (value: Int64) => decimalToDouble(value, exact.scale)
    : (value: number) => value
  if (to.kind === 'double') return toDouble
  return (value: never) => Math.fround(toDouble(value))
}

function doubleToInteger(value: number, to: DataType): Int64 | undefined {
  return Number.isFinite(value) ? fitInteger(BigInt(Math.trunc(value)), to) : undefined
}

const decimalToDecimal =
  (from: DecimalType, to: DecimalType): Conversion =>
  (value: Int64) =>
    fitDecimal(rescale(BigInt(value), from.scale, to.scale), to.precision)

const doubleToDecimal =
  (to: DecimalType): Conversion =>
  (value: number) => {
    if (!Number.isFinite(value) || Math.abs(value) >= 1e39) return undefined
    const scaled = parseDecimal(String(value), to.scale)
    return scaled === undefined ? undefined : fitDecimal(scaled, to.precision)
  }

/** The conversion of a numeric type to one that is neither numeric nor text. */
export function castFromNumber(from: DataType, to: DataType): Conversion | undefined {
  if (to.kind !== 'boolean') return undefined
  return from.kind === 'float' || from.kind === 'double' || asDecimal(from)
    ? (value: Int64) => value !== 0
    : undefined
}
