/** Reads comparisons of times: `a.ts BETWEEN b.ts - INTERVAL '5' MINUTE AND b.ts`. */

import { isTimestamp } from '../../engine/batch/types.ts'
import type { Expr } from '../../engine/expr/ir.ts'

/** right - left is in [lowerUs, upperUs]; a bound can be infinite. */
export interface TimeDifference {
  readonly left: number
  readonly right: number
  readonly lowerUs: number
  readonly upperUs: number
}

/** What a condition says of the difference of two columns on either side of `width`; undefined if
 *  it is no such comparison. Strict bounds are taken as inclusive: they only say what to keep. */
export function timeDifference(condition: Expr, width: number): TimeDifference | undefined {
  if (condition.kind !== 'call' || condition.args.length !== 2) return undefined
  const [a, b] = condition.args.map(movedTime)
  if (a === undefined || b === undefined) return undefined
  if (a.column < width === b.column < width) return undefined
  const leftFirst = a.column < width
  // left + a <= right + b says right - left >= a - b.
  const boundUs = leftFirst ? a.byUs - b.byUs : b.byUs - a.byUs
  const [left, right] = leftFirst ? [a.column, b.column] : [b.column, a.column]
  switch (condition.name) {
    case '=':
      return { left, right, lowerUs: boundUs, upperUs: boundUs }
    case '<':
    case '<=':
      return leftFirst
        ? { left, right, lowerUs: boundUs, upperUs: Infinity }
        : { left, right, lowerUs: -Infinity, upperUs: boundUs }
    case '>':
    case '>=':
      return leftFirst
        ? { left, right, lowerUs: -Infinity, upperUs: boundUs }
        : { left, right, lowerUs: boundUs, upperUs: Infinity }
    default:
      return undefined
  }
}

interface MovedTime {
  readonly column: number
  readonly byUs: number
}

/** A time column, perhaps moved by constant intervals. */
function movedTime(expr: Expr): MovedTime | undefined {
  if (!isTimestamp(expr.type)) return undefined
  if (expr.kind === 'column') return { column: expr.index, byUs: 0 }
  if (expr.kind === 'cast') return keepsTime(expr) ? movedTime(expr.arg) : undefined
  if (expr.kind !== 'call' || (expr.name !== '+' && expr.name !== '-')) return undefined
  const [point, by] =
    expr.args[0].type.kind === 'interval_second' ? [expr.args[1], expr.args[0]] : expr.args
  const moved = movedTime(point)
  const us = constantUs(by)
  if (moved === undefined || us === undefined) return undefined
  return { column: moved.column, byUs: moved.byUs + (expr.name === '+' ? us : -us) }
}

/** The time column that an expression is, its digits aside; undefined if it is none. */
export function timeColumnIn(expr: Expr): number | undefined {
  const moved = movedTime(expr)
  return moved?.byUs === 0 ? moved.column : undefined
}

/** A cast to more digits of the same kind of timestamp. */
function keepsTime({ arg, type }: Extract<Expr, { kind: 'cast' }>): boolean {
  return (
    arg.type.kind === type.kind &&
    'precision' in arg.type &&
    'precision' in type &&
    (arg.type.precision ?? 0) <= (type.precision ?? 0)
  )
}

/** The microseconds of an interval literal; undefined for anything else. */
export function constantUs(expr: Expr): number | undefined {
  if (expr.kind !== 'literal' || expr.type.kind !== 'interval_second') return undefined
  return typeof expr.value === 'number' ? expr.value : undefined
}
