/** What + - * / % mean, on values: exact integers with a range check, IEEE doubles, decimals,
 *  dates and intervals. The generated code's fast paths must equal these. */

import { fail, type Span } from '../../base/errors.ts'
import { type DataType, isInterval, typeName } from '../../batch/types.ts'
import {
  addMonths,
  addMonthsToDate,
  DATE_MAX,
  DATE_MIN,
  floorToDay,
  TIMESTAMP_MAX,
  TIMESTAMP_MIN,
  truncateToPrecision,
  US_PER_DAY,
} from '../calendar.ts'
import { INTEGER_BOUNDS } from '../cast-number.ts'
import { decimalArithmetic, fitDecimal } from '../decimal.ts'
import type { Apply } from '../function.ts'
import {
  addInt64,
  canonical,
  checkedInt64,
  INTEGER_OPERATORS,
  type Int64,
  type IntegerOperator,
} from '../int64.ts'
import type { CallExpr } from '../ir.ts'

export const divisionByZero = (at: Span | undefined): never =>
  fail('DIVISION_BY_ZERO', 'Division by zero', { at, hint: 'NULLIF(x, 0) makes it NULL.' })

export const outOfRange = (value: unknown, type: DataType, at: Span | undefined): never =>
  fail('OUT_OF_RANGE', `${typeName(type)} out of range: ${value}`, { at })

/** A result of a type of at most 32 bits, checked. */
export function checkedSmall(value: number, type: DataType, at: Span | undefined): number {
  const bounds = INTEGER_BOUNDS[type.kind as keyof typeof INTEGER_BOUNDS] ?? INTEGER_BOUNDS.int
  return value >= bounds[0] && value <= bounds[1] ? value : outOfRange(value, type, at)
}

/** The function `a operator b` for a resolved call. */
export function arithmeticValue(operator: IntegerOperator, call: CallExpr): Apply {
  const { type, args, at } = call
  const [a, b] = args.map((arg) => arg.type)
  switch (type.kind) {
    case 'float':
    case 'double':
      return floating(operator, type.kind === 'float')
    case 'decimal':
      return decimals(operator, call)
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return integers(operator, type, at)
    case 'interval_month':
    case 'interval_second':
      if (isInterval(a) || isInterval(b)) return integers(operator, type, at)
      return pointDifference(a, at)
    default:
      return movedPoint(operator, call)
  }
}

function integers(operator: IntegerOperator, type: DataType, at: Span | undefined): Apply {
  const exact = INTEGER_OPERATORS[operator]
  const divides = operator === '/' || operator === '%'
  const wide = type.kind === 'bigint' || type.kind === 'interval_second'
  return (x: Int64, y: Int64) => {
    if (divides && y === 0) return divisionByZero(at)
    const result = exact(BigInt(x), BigInt(y))
    return wide ? checkedInt64(result, at) : checkedSmall(Number(result), type, at)
  }
}

const FLOATING: Record<IntegerOperator, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
}

function floating(operator: IntegerOperator, single: boolean): Apply {
  const apply = FLOATING[operator]
  return single ? (x: number, y: number) => Math.fround(apply(x, y)) : apply
}

function decimals(operator: IntegerOperator, { type, args, at }: CallExpr): Apply {
  const [a, b] = args.map((arg) => arg.type)
  if (type.kind !== 'decimal' || a.kind !== 'decimal' || b.kind !== 'decimal') {
    return fail('INTERNAL', 'decimal arithmetic over other types')
  }
  const divides = operator === '/' || operator === '%'
  return (x: Int64, y: Int64) => {
    if (divides && y === 0) return divisionByZero(at)
    const exact = decimalArithmetic(
      operator,
      [BigInt(x), a.scale],
      [BigInt(y), b.scale],
      type.scale,
    )
    return fitDecimal(exact, type.precision) ?? outOfRange(`scaled ${exact}`, type, at)
  }
}

/** Microseconds between two points in time. */
function pointDifference(type: DataType, at: Span | undefined): Apply {
  if (type.kind === 'date')
    return (x: number, y: number) => canonical(BigInt(x - y) * BigInt(US_PER_DAY))
  return (x: Int64, y: Int64) => checkedInt64(BigInt(x) - BigInt(y), at)
}

/** A date, time or timestamp plus or minus an interval, on either side. */
function movedPoint(operator: IntegerOperator, { type, args, at }: CallExpr): Apply {
  const intervalFirst = isInterval(args[0].type)
  const interval = args[intervalFirst ? 0 : 1].type
  const move = mover(type, interval, at)
  const sign = operator === '-' ? -1 : 1
  const signed = (by: Int64): Int64 => (typeof by === 'number' ? by * sign + 0 : by * BigInt(sign))
  if (intervalFirst) return (by: Int64, point: Int64) => move(point, by)
  return (point: Int64, by: Int64) => move(point, signed(by))
}

type Move = (point: Int64, by: Int64) => Int64

function mover(type: DataType, interval: DataType, at: Span | undefined): Move {
  const months = interval.kind === 'interval_month'
  if (type.kind === 'time') return (point, by) => timeOfDayAfter(point, by)
  if (type.kind === 'date') {
    return (point, by) => {
      const days = months
        ? addMonthsToDate(Number(point), Number(by))
        : Number(point) + Number(floorToDay(by))
      return days >= DATE_MIN && days <= DATE_MAX ? days : outOfRange(`day ${days}`, type, at)
    }
  }
  if (type.kind !== 'timestamp' && type.kind !== 'timestamp_ltz') {
    return fail('INTERNAL', `no arithmetic on ${typeName(type)}`)
  }
  return (point, by) => {
    const exact = months ? addMonths(point, Number(by)) : addInt64(point, by)
    const moved = truncateToPrecision(exact, type.precision)
    if (moved >= TIMESTAMP_MIN && moved <= TIMESTAMP_MAX) return moved
    return outOfRange(`${moved} µs`, type, at)
  }
}

/** A clock goes round: 23:00 plus two hours is 01:00. */
const timeOfDayAfter = (point: Int64, by: Int64): Int64 => {
  const day = BigInt(US_PER_DAY)
  const sum = (BigInt(point) + BigInt(by)) % day
  return Number(sum < 0n ? sum + day : sum)
}
