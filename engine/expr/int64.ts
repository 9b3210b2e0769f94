/** 64-bit integers as values: a number in [-2^53, 2^53), else a bigint. One value has one form, so
 *  `===` and `<` work on them as they are. Generated code does the common case on numbers inline
 *  and calls the functions here for the rest. */

import { fail, type Span } from '../base/errors.ts'
import { exactInteger as canonical } from '../batch/value.ts'

export { exactInteger as canonical } from '../batch/value.ts'

export type Int64 = number | bigint

const SAFE_LIMIT = 9007199254740992
const SAFE_LOW = -9007199254740992n
const SAFE_HIGH = 9007199254740992n
export const INT64_MIN = -(1n << 63n)
export const INT64_MAX = (1n << 63n) - 1n

/** `value` as an i64 value; OUT_OF_RANGE outside 64 bits. */
export function checkedInt64(value: bigint, at: Span | undefined): Int64 {
  if (value >= SAFE_LOW && value < SAFE_HIGH) return Number(value)
  if (value < INT64_MIN || value > INT64_MAX) {
    fail('OUT_OF_RANGE', `BIGINT out of range: ${value}`, { at })
  }
  return value
}

/** Reads element `index`; for values that do not fit the two-lane fast path. */
export const loadInt64 = (values: BigInt64Array, index: number): Int64 => canonical(values[index])

/** Reads the 128-bit element `index` (two i64, low first). */
export const loadInt128 = (values: BigInt64Array, index: number): Int64 =>
  canonical((values[2 * index + 1] << 64n) | BigInt.asUintN(64, values[2 * index]))

/** Writes the 128-bit element `index`. */
export function storeInt128(values: BigInt64Array, index: number, value: Int64): void {
  const wide = BigInt(value)
  values[2 * index] = BigInt.asIntN(64, wide)
  values[2 * index + 1] = wide >> 64n
}

export type IntegerOperator = '+' | '-' | '*' | '/' | '%'

/** Exact arithmetic on bigints. `/` and `%` truncate toward zero; the divisor is not 0. */
export const INTEGER_OPERATORS: Record<IntegerOperator, (a: bigint, b: bigint) => bigint> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
}

/** Floor division on i64 values. `divisor` is a positive safe integer. */
export function floorDivide(value: Int64, divisor: number): Int64 {
  if (typeof value === 'number') {
    // The remainder first: value / divisor may round up to the next integer.
    const rest = value % divisor
    return (value - rest) / divisor - (rest < 0 ? 1 : 0)
  }
  const d = BigInt(divisor)
  const quotient = value / d
  return canonical(value % d < 0n ? quotient - 1n : quotient)
}

/** `value - floorDivide(value, divisor) * divisor`: in [0, divisor). */
export function floorModulo(value: Int64, divisor: number): number {
  const rest = typeof value === 'number' ? value % divisor : Number(value % BigInt(divisor))
  return rest < 0 ? rest + divisor : rest + 0
}

/** Sum of i64 values without a range check (the caller's range is known or checked after). */
export function addInt64(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    // -2^53 may be a rounded -2^53 - 1.
    if (sum > -SAFE_LIMIT && sum < SAFE_LIMIT) return sum
  }
  return canonical(BigInt(a) + BigInt(b))
}

/** Product of i64 values without a range check. */
export function multiplyInt64(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    if (product > -SAFE_LIMIT && product < SAFE_LIMIT) return product + 0
  }
  return canonical(BigInt(a) * BigInt(b))
}
