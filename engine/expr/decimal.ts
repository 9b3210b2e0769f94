/** DECIMAL: result types by Flink's rules and exact arithmetic on scaled integers. Values are i64
 *  values (see `int64.ts`) up to 38 digits; rounding is half up (away from zero). */

import { formatDecimal } from '../base/decimal-text.ts'
import type { DataType } from '../batch/types.ts'
import { canonical, type Int64, type IntegerOperator } from './int64.ts'

export type DecimalType = Extract<DataType, { kind: 'decimal' }>

export const PRECISION_MAX = 38

export const decimal = (precision: number, scale: number): DecimalType => ({
  kind: 'decimal',
  precision,
  scale,
})

/** Caps at 38 digits, giving up digits after the point first, but keeping 6 of them. */
function capped(precision: number, scale: number): DecimalType {
  if (precision <= PRECISION_MAX) return decimal(precision, scale)
  const whole = precision - scale
  return decimal(PRECISION_MAX, Math.max(PRECISION_MAX - whole, Math.min(scale, 6)))
}

const INTEGER_DIGITS = { tinyint: 3, smallint: 5, int: 10, bigint: 19 } as const

/** The decimal that holds every value of an integer type; a decimal is itself. */
export function asDecimal(type: DataType): DecimalType | undefined {
  if (type.kind === 'decimal') return type
  const digits = INTEGER_DIGITS[type.kind as keyof typeof INTEGER_DIGITS]
  return digits === undefined ? undefined : decimal(digits, 0)
}

/** The result type of `a operator b`. */
export function decimalResult(
  operator: IntegerOperator,
  a: DecimalType,
  b: DecimalType,
): DecimalType {
  const scale = Math.max(a.scale, b.scale)
  const whole = (type: DecimalType) => type.precision - type.scale
  switch (operator) {
    case '+':
    case '-':
      return capped(Math.max(whole(a), whole(b)) + scale + 1, scale)
    case '*':
      return capped(a.precision + b.precision + 1, a.scale + b.scale)
    case '/': {
      const digits = Math.max(6, a.scale + b.precision + 1)
      return capped(whole(a) + b.scale + digits, digits)
    }
    case '%':
      return capped(Math.max(Math.min(whole(a), whole(b)) + scale, 1), scale)
  }
}

/** The decimal that both convert to without loss, as far as 38 digits reach. */
export function commonDecimal(a: DecimalType, b: DecimalType): DecimalType {
  const scale = Math.max(a.scale, b.scale)
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale)
  return decimal(Math.min(whole + scale, PRECISION_MAX), Math.min(scale, PRECISION_MAX))
}

/** The type of ROUND(x, digits). */
export function roundedDecimal({ precision, scale }: DecimalType, digits: number): DecimalType {
  if (digits >= scale) return decimal(precision, scale)
  const kept = Math.max(digits, 0)
  return decimal(Math.min(precision - scale + 1 + kept, PRECISION_MAX), kept)
}

const POWERS: bigint[] = [1n]
/** 10^exponent, exponent >= 0. */
export function powerOfTen(exponent: number): bigint {
  while (POWERS.length <= exponent) POWERS.push(POWERS[POWERS.length - 1] * 10n)
  return POWERS[exponent]
}

/** `numerator / denominator` rounded half away from zero. */
export function divideHalfUp(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator
  const rest = numerator % denominator
  const twice = (rest < 0n ? -rest : rest) * 2n
  if (twice < (denominator < 0n ? -denominator : denominator)) return quotient
  return numerator < 0n === denominator < 0n ? quotient + 1n : quotient - 1n
}

/** A scaled integer from one scale to another. */
export function rescale(value: bigint, from: number, to: number): bigint {
  if (to >= from) return value * powerOfTen(to - from)
  return divideHalfUp(value, powerOfTen(from - to))
}

/** The exact result before the precision check. The divisor is not 0. */
export function decimalArithmetic(
  operator: IntegerOperator,
  [a, aScale]: readonly [bigint, number],
  [b, bScale]: readonly [bigint, number],
  scale: number,
): bigint {
  switch (operator) {
    case '*':
      return rescale(a * b, aScale + bScale, scale)
    case '/': {
      // a / b * 10^scale with one rounding.
      const shift = scale - aScale + bScale
      return shift >= 0
        ? divideHalfUp(a * powerOfTen(shift), b)
        : divideHalfUp(a, b * powerOfTen(-shift))
    }
    default: {
      const common = Math.max(aScale, bScale)
      const x = rescale(a, aScale, common)
      const y = rescale(b, bScale, common)
      const result = operator === '+' ? x + y : operator === '-' ? x - y : x % y
      return rescale(result, common, scale)
    }
  }
}

/** The value if it has at most `precision` digits, else undefined. */
export function fitDecimal(value: bigint, precision: number): Int64 | undefined {
  const limit = powerOfTen(precision)
  return value < limit && value > -limit ? canonical(value) : undefined
}

/** The nearest double. */
export const decimalToDouble = (value: Int64, scale: number): number =>
  scale === 0 ? Number(value) : Number(formatDecimal(value, scale))
