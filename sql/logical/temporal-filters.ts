/** Conditions on the passing of time in a continuous query: `ts > CURRENT_TIMESTAMP - INTERVAL '1'
 *  HOUR` must let a row go when its hour is over, so it is no condition on the row alone. Each is
 *  turned into the moments between which a row is in. */

import type { DataType } from '../../engine/batch/types.ts'
import { INTERVAL_SECOND, isTimestamp } from '../../engine/batch/types.ts'
import { coerce } from '../../engine/expr/coerce.ts'
import { isDeterministic, isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { literal } from '../../engine/expr/literal.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import { conjunction, conjunctsOf } from './conjuncts.ts'
import { makeFilter } from './make.ts'
import { makeTemporalFilter } from './make-rows.ts'
import type { FilterNode, LogicalNode } from './node.ts'
import { constantUs } from './time-difference.ts'
import { mapNode } from './visit.ts'

/** The plan with every such condition as a node of its own. */
export const withTemporalFilters = (root: LogicalNode): LogicalNode =>
  mapNode(root, (node) => (node.kind === 'filter' ? separate(node) : node))

interface Bounds {
  /** The row's time: without it the row is never in. */
  readonly row: Expr
  readonly from?: Expr | undefined
  readonly until?: Expr | undefined
}

function separate(node: FilterNode): LogicalNode {
  const conditions = conjunctsOf(node.predicate)
  const bounds = conditions.map(boundsOf)
  const found = bounds.flatMap((bound) => bound ?? [])
  if (found.length === 0) return node
  const rest = conjunction(conditions.filter((_, i) => bounds[i] === undefined))
  const present = found
    .filter(({ row }) => isNullable(row))
    .map(({ row }) => resolveCall('IS NOT NULL', [row], row.at))
  const condition = conjunction([...(rest === undefined ? [] : [rest]), ...present])
  const kept = condition === undefined ? node.input : makeFilter(node.input, condition)
  const [froms, untils] = [
    found.flatMap(({ from }) => from ?? []),
    found.flatMap(({ until }) => until ?? []),
  ]
  // A row is in while all of them hold.
  const count = Math.max(froms.length, untils.length)
  return Array.from({ length: count }).reduce(
    (input: LogicalNode, _, i) => makeTemporalFilter(input, { from: froms[i], until: untils[i] }),
    kept,
  )
}

/** When the comparison of a row's time with the clock holds; undefined if it is anything else. */
function boundsOf(condition: Expr): Bounds | undefined {
  if (condition.kind !== 'call' || condition.args.length !== 2) return undefined
  const [a, b] = condition.args
  const [x, y] = [clockOffset(a), clockOffset(b)]
  const isForward = x === undefined && y !== undefined && isDeterministic(a)
  const isBackward = y === undefined && x !== undefined && isDeterministic(b)
  if (isForward) return rowBounds(condition.name, a, y)
  return isBackward ? rowBounds(FLIPPED[condition.name], b, x) : undefined
}

const FLIPPED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/** The clock's own steps: it shows whole milliseconds. */
const TICK_US = 1000

/** `row operator clock + offset` as moments of the clock. */
function rowBounds(operator: string | undefined, row: Expr, offsetUs: number): Bounds | undefined {
  const moment = (plusUs: number) => moved(row, plusUs - offsetUs)
  switch (operator) {
    case '>':
      return { row, until: moment(0) }
    case '>=':
      return { row, until: moment(TICK_US) }
    case '<':
      return { row, from: moment(TICK_US) }
    case '<=':
      return { row, from: moment(0) }
    default:
      return undefined
  }
}

const MOMENT: DataType = { kind: 'timestamp_ltz', precision: 6 }

/** The row's time moved by an interval, as a moment. */
function moved(row: Expr, byUs: number): Expr {
  const moment = coerce(row, MOMENT) ?? row
  if (byUs === 0) return moment
  return resolveCall('+', [moment, literal(INTERVAL_SECOND, byUs)], row.at)
}

const CLOCKS: ReadonlySet<string> = new Set(['CURRENT_TIMESTAMP', 'LOCALTIMESTAMP', 'PROCTIME'])

/** What is added to the clock's reading; undefined if the expression is not about the clock. */
function clockOffset(expr: Expr): number | undefined {
  if (expr.kind === 'cast') return isTimestamp(expr.type) ? clockOffset(expr.arg) : undefined
  if (expr.kind !== 'call') return undefined
  if (CLOCKS.has(expr.name)) return 0
  if (expr.args.length !== 2 || (expr.name !== '+' && expr.name !== '-')) return undefined
  const [a, b] = expr.args
  const [point, by] = a.type.kind === 'interval_second' ? [b, a] : [a, b]
  const offsetUs = clockOffset(point)
  const us = constantUs(by)
  if (offsetUs === undefined || us === undefined) return undefined
  return offsetUs + (expr.name === '+' ? us : -us)
}
