/** Which types + - * / % work on, and what they give (Flink's rules: INT + INT is INT, INT / INT is
 *  INT, decimals by precision and scale). */

import {
  BIGINT,
  DATE,
  type DataType,
  DOUBLE,
  INT,
  INTERVAL_SECOND,
  isFloating,
  isInteger,
  isInterval,
  isNumeric,
  isTimestamp,
  TIMESTAMP,
} from '../../batch/types.ts'
import { US_PER_DAY } from '../calendar.ts'
import { coerce, commonType } from '../coerce.ts'
import { asDecimal, decimalResult } from '../decimal.ts'
import type { Signature } from '../function.ts'
import type { IntegerOperator } from '../int64.ts'
import type { Expr } from '../ir.ts'

/** The signature of `a operator b`; undefined if the types do not go together. */
export function resolveArithmetic(
  operator: IntegerOperator,
  args: readonly Expr[],
): Signature | undefined {
  if (args.length !== 2) return undefined
  const [a, b] = args
  if (isNumeric(a.type) && isNumeric(b.type)) return numbers(operator, a.type, b.type)
  return times(operator, a, b) ?? adapted(operator, a, b)
}

function numbers(operator: IntegerOperator, a: DataType, b: DataType): Signature | undefined {
  if (isInteger(a) && isInteger(b)) {
    const common = commonType([a, b])
    // The remainder is no longer than the divisor.
    return common && { args: [common, common], type: operator === '%' ? b : common }
  }
  if (isFloating(a) || isFloating(b)) {
    const common = commonType([a, b])
    return common && { args: [common, common], type: common }
  }
  const [x, y] = [asDecimal(a), asDecimal(b)]
  return x && y && { args: [x, y], type: decimalResult(operator, x, y) }
}

/** NULL and text literals become the other side's type, by themselves DOUBLE. */
function adapted(operator: IntegerOperator, a: Expr, b: Expr): Signature | undefined {
  const [x, y] = [adaptable(a), adaptable(b)]
  if (x && y) {
    if (coerce(a, DOUBLE) === undefined || coerce(b, DOUBLE) === undefined) return undefined
    return { args: [DOUBLE, DOUBLE], type: DOUBLE }
  }
  if (!x && !y) return undefined
  const target = x ? b.type : a.type
  if (!isNumeric(target) && !isInterval(target)) return undefined
  if (coerce(x ? a : b, target) === undefined) return undefined
  const as = (expr: Expr): Expr => ({ ...expr, type: target }) as Expr
  return resolveArithmetic(operator, [x ? as(a) : a, y ? as(b) : b])
}

const adaptable = ({ kind, type }: Expr): boolean =>
  type.kind === 'null' || (kind === 'literal' && type.kind === 'varchar')

/** Dates, times, timestamps and intervals. */
function times(operator: IntegerOperator, a: Expr, b: Expr): Signature | undefined {
  const { type: x } = a
  const { type: y } = b
  switch (operator) {
    case '+':
      return isInterval(x) && !isInterval(y)
        ? swapped(movedBy(b, a))
        : (movedBy(a, b) ?? sameInterval(x, y))
    case '-':
      return movedBy(a, b) ?? difference(x, y) ?? sameInterval(x, y)
    case '*':
      if (isInterval(x)) return scaled(x, y)
      return isInterval(y) ? swapped(scaled(y, x)) : undefined
    case '/':
      return isInterval(x) ? scaled(x, y) : undefined
    case '%':
      return undefined
  }
}

const swapped = (signature: Signature | undefined): Signature | undefined =>
  signature && { ...signature, args: [...signature.args].reverse() }

/** A point in time moved by an interval. */
function movedBy(point: Expr, by: Expr): Signature | undefined {
  const { type } = point
  if (!isInterval(by.type)) return undefined
  if (isTimestamp(type)) return { args: [type, by.type], type }
  if (type.kind === 'time') {
    return by.type.kind === 'interval_second' ? { args: [type, by.type], type } : undefined
  }
  if (type.kind !== 'date') return undefined
  if (by.type.kind === 'interval_month' || isWholeDays(by))
    return { args: [DATE, by.type], type: DATE }
  return { args: [TIMESTAMP, by.type], type: TIMESTAMP }
}

/** A literal of whole days keeps a date a date; what may have hours makes it a timestamp. */
const isWholeDays = (by: Expr): boolean =>
  by.kind === 'literal' && (by.value === null || Number(by.value) % US_PER_DAY === 0)

function difference(x: DataType, y: DataType): Signature | undefined {
  const point = (type: DataType) => isTimestamp(type) || type.kind === 'date'
  const common = point(x) && point(y) ? commonType([x, y]) : undefined
  if (common !== undefined) return { args: [common, common], type: INTERVAL_SECOND }
  return x.kind === 'time' && y.kind === 'time'
    ? { args: [x, y], type: INTERVAL_SECOND }
    : undefined
}

const sameInterval = (x: DataType, y: DataType): Signature | undefined =>
  isInterval(x) && x.kind === y.kind ? { args: [x, y], type: x } : undefined

/** An interval times or divided by an integer. */
function scaled(interval: DataType, factor: DataType): Signature | undefined {
  if (!isInteger(factor)) return undefined
  const by = interval.kind === 'interval_month' ? INT : BIGINT
  if (by.kind === 'int' && factor.kind === 'bigint') return undefined
  return { args: [interval, by], type: interval }
}
