/** The frame of a window function: which rows around the current one it looks at. */

import { fail } from '../../engine/base/errors.ts'
import { isInteger, isNumeric, isTimestamp, typeName } from '../../engine/batch/types.ts'
import { columnsOf, type Expr } from '../../engine/expr/ir.ts'
import type { OverFrame, SortKey } from '../../engine/operator/nodes.ts'
import type { Expression, Frame, FrameBound } from '../ast.ts'
import { evaluate } from './constant.ts'

/** SQL's default: up to the current row and its peers, or all rows where there is no order. */
export function defaultFrame(ordered: boolean): OverFrame {
  return ordered
    ? { unit: 'range', from: -Infinity, to: 0 }
    : { unit: 'rows', from: -Infinity, to: Infinity }
}

/** Distances as numbers: rows, or the ORDER BY value's own unit (microseconds for times).
 *  TYPE_MISMATCH, INVALID_ARGUMENT for bounds that are no distance. */
export function bindFrame(
  frame: Frame,
  orderBy: readonly SortKey[],
  bind: (by: Expression) => Expr,
): OverFrame {
  const value = (bound: FrameBound): number => {
    switch (bound.kind) {
      case 'unbounded-preceding':
        return -Infinity
      case 'unbounded-following':
        return Infinity
      case 'current-row':
        return 0
      default: {
        const distance = distanceOf(bind(bound.by), frame.unit, orderBy)
        return bound.kind === 'preceding' ? -distance : distance
      }
    }
  }
  const [from, to] = [value(frame.from), value(frame.to)]
  return { unit: frame.unit, from, to }
}

function distanceOf(by: Expr, unit: Frame['unit'], orderBy: readonly SortKey[]): number {
  const { at } = by
  if (columnsOf(by).size > 0) {
    fail('INVALID_ARGUMENT', 'The distance of a frame is a constant', { at })
  }
  if (unit === 'rows') {
    if (!isInteger(by.type)) refuse('A number of rows', by)
  } else {
    if (orderBy.length !== 1) {
      fail('INVALID_ARGUMENT', 'RANGE with a distance needs exactly one ORDER BY value', { at })
    }
    const { type } = orderBy[0].expr
    const hasDistance = isTimestamp(type) || type.kind === 'date' || isNumeric(type)
    if (!hasDistance && type.kind !== 'time') {
      fail('TYPE_MISMATCH', `RANGE with a distance is not for ${typeName(type)}`, {
        at: orderBy[0].expr.at ?? at,
        hint: 'Order by a number, a date or a time, or count rows: ROWS BETWEEN ….',
      })
    }
    const isTime = isTimestamp(type) || type.kind === 'date' || type.kind === 'time'
    const fits = isTime ? by.type.kind === 'interval_second' : isNumeric(type) && isNumeric(by.type)
    if (!fits)
      refuse(isTime ? 'An INTERVAL of days or less' : `A distance of ${typeName(type)}`, by)
  }
  const distance = Number(evaluate(by) ?? Number.NaN)
  if (distance >= 0) return distance
  return fail('INVALID_ARGUMENT', 'The distance of a frame must not be negative', { at })
}

function refuse(wanted: string, { at, type }: Expr): never {
  fail('TYPE_MISMATCH', `${wanted} is needed here, not ${typeName(type)}`, { at })
}
