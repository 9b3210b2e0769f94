/** Reads a join's condition: the equal keys, what else must hold, and how far apart in time the two
 *  rows of a match can be, so that the join can forget rows. */

import { sameType } from '../../engine/batch/types.ts'
import { isDeterministic } from '../../engine/expr/facts.ts'
import { columnsOf, type Expr } from '../../engine/expr/ir.ts'
import { conjunction, conjunctsOf } from './conjuncts.ts'
import type { JoinParts, LogicalNode, Traits } from './node.ts'
import { sameWindow } from './same-window.ts'
import { moveColumns } from './substitute.ts'
import { timeDifference } from './time-difference.ts'

interface Key {
  readonly left: Expr
  readonly right: Expr
  readonly nullSafe: boolean
}

/** `on` is over the left columns, then the right ones. */
export function joinParts(on: Expr | undefined, left: LogicalNode, right: LogicalNode): JoinParts {
  const width = left.schema.fields.length
  const end = width + right.schema.fields.length
  const keys: Key[] = []
  const rest: Expr[] = []
  const conditions = on === undefined ? [] : conjunctsOf(on)
  for (const condition of conditions) {
    const key = keyOf(condition, width, end)
    if (key === undefined) rest.push(condition)
    else keys.push(key)
  }
  return {
    leftKeys: keys.map((key) => key.left),
    rightKeys: keys.map((key) => key.right),
    nullSafe: keys.map((key) => key.nullSafe),
    condition: conjunction(rest),
    interval:
      windowInterval(keys, left.traits, right.traits) ??
      timeInterval(conditions, width, left.traits, right.traits),
  }
}

/** `left expression = right expression`, either way round. */
function keyOf(condition: Expr, width: number, end: number): Key | undefined {
  if (condition.kind !== 'call') return undefined
  const nullSafe = condition.name === 'IS NOT DISTINCT FROM'
  if (condition.name !== '=' && !nullSafe) return undefined
  const [a, b] = condition.args
  if (!sameType(a.type, b.type) || !isDeterministic(condition)) return undefined
  const [x, y] = [sideOf(a, width, end), sideOf(b, width, end)]
  if (x === undefined || y === undefined || x === y) return undefined
  const [left, right] = x === 'left' ? [a, b] : [b, a]
  return { left, right: moveColumns(right, (index) => index - width), nullSafe }
}

/** The side whose columns an expression reads, of a join whose right columns are [width, end);
 *  undefined if it reads both, others, or none. */
export function sideOf(expr: Expr, width: number, end: number): 'left' | 'right' | undefined {
  const columns = [...columnsOf(expr)]
  if (columns.length === 0) return undefined
  if (columns.every((column) => column < width)) return 'left'
  return columns.every((column) => column >= width && column < end) ? 'right' : undefined
}

type Interval = NonNullable<JoinParts['interval']>

/** A window join: both bounds of the same kind of window are equal. */
function windowInterval(keys: readonly Key[], left: Traits, right: Traits): Interval | undefined {
  const shared = keys.flatMap(({ left: a, right: b }) => {
    if (a.kind !== 'column' || b.kind !== 'column') return []
    const x = left.windowColumns.find((property) => property.column === a.index)
    const y = right.windowColumns.find((property) => property.column === b.index)
    if (x === undefined || y === undefined || x.role !== y.role) return []
    return sameWindow(x.window, y.window) ? [{ role: x.role, left: x, right: y }] : []
  })
  const end = shared.find(({ role }) => role === 'window_end')
  if (end === undefined || !shared.some(({ role }) => role === 'window_start')) return undefined
  return {
    leftTime: timeOf(left, end.left.column),
    rightTime: timeOf(right, end.right.column),
    lowerUs: 0,
    upperUs: 0,
  }
}

/** window_time if it is there; else window_end, which is as good and a little later. */
const timeOf = (traits: Traits, end: number): number =>
  traits.windowColumns.find(({ role }) => role === 'window_time')?.column ?? end

/** The columns of which no later row has a value below the watermark. The end of a window is one:
 *  the windows below the watermark are closed. */
const timesOf = ({ timeColumns, windowColumns }: Traits): number[] => [
  ...timeColumns,
  ...windowColumns.flatMap(({ role, column }) => (role === 'window_end' ? [column] : [])),
]

/** The first pair of times that the conditions bound from both sides. */
function timeInterval(
  conditions: readonly Expr[],
  width: number,
  left: Traits,
  right: Traits,
): Interval | undefined {
  const found = conditions.flatMap((condition) => timeDifference(condition, width) ?? [])
  for (const leftTime of timesOf(left)) {
    for (const rightTime of timesOf(right)) {
      const mine = found.filter(
        (bound) => bound.left === leftTime && bound.right === rightTime + width,
      )
      const lowerUs = Math.max(...mine.map((bound) => bound.lowerUs))
      const upperUs = Math.min(...mine.map((bound) => bound.upperUs))
      if (lowerUs > -Infinity && upperUs < Infinity && lowerUs <= upperUs) {
        return { leftTime, rightTime, lowerUs, upperUs }
      }
    }
  }
  return undefined
}
