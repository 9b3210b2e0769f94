/** Parts of a plan's text: windows, durations, calls, orders, joins. */

import { type Expr, printExpr } from '../../engine/expr/ir.ts'
import type { AggregateCall, OverFrame, SortKey, WindowSpec } from '../../engine/operator/nodes.ts'
import type { JoinNode, OverNode, RankNode } from './node.ts'

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000_000],
  ['h', 3_600_000_000],
  ['min', 60_000_000],
  ['s', 1_000_000],
  ['ms', 1000],
]

/** `5 min`: in the largest unit that divides it. */
export function durationText(us: number): string {
  for (const [unit, size] of UNITS) if (us % size === 0) return `${us / size} ${unit}`
  return `${us} us`
}

/** `hop(ts, 1 min, 5 min)` */
export function windowText(window: WindowSpec, column: string): string {
  if (window.kind === 'session') return `session(${column}, ${durationText(window.gapUs)})`
  const step =
    window.kind === 'tumble' ? [] : [window.kind === 'hop' ? window.slideUs : window.stepUs]
  const lengths = [...step, window.sizeUs].map(durationText)
  const offset = window.offsetUs === 0 ? [] : [`offset ${durationText(window.offsetUs)}`]
  return `${window.kind}(${[column, ...lengths, ...offset].join(', ')})`
}

/** `SUM(DISTINCT delay) FILTER (WHERE …)` */
export function callText({
  name,
  args,
  distinct,
  filter,
  orderBy = [],
}: Pick<AggregateCall, 'name' | 'args' | 'distinct' | 'filter' | 'orderBy'>): string {
  const ranks = args.length === 0 && !['COUNT'].includes(name)
  const inside = args.length === 0 ? (ranks ? '' : '*') : args.map(printExpr).join(', ')
  const where = filter === undefined ? '' : ` FILTER (WHERE ${printExpr(filter)})`
  const order = orderBy.length === 0 ? '' : ` ORDER BY ${orderBy.map(sortKeyText).join(', ')}`
  return `${name}(${distinct ? 'DISTINCT ' : ''}${inside}${order})${where}`
}

/** `delay DESC NULLS FIRST`: the natural place of NULLs is not said. */
export function sortKeyText({ expr, descending, nullsFirst }: SortKey): string {
  const natural = nullsFirst !== descending
  const nulls = natural ? '' : nullsFirst ? ' NULLS FIRST' : ' NULLS LAST'
  return `${printExpr(expr)}${descending ? ' DESC' : ''}${nulls}`
}

export function joinText({ join, parts, nullAware }: JoinNode): string {
  const { leftKeys, rightKeys, nullSafe, condition, interval } = parts
  const keys = leftKeys.map(
    (key, i) =>
      `${printExpr(key)} ${nullSafe[i] ? 'IS NOT DISTINCT FROM' : '='} ${printExpr(rightKeys[i])}`,
  )
  const on = keys.length === 0 ? '' : ` on ${keys.join(', ')}`
  const where = condition === undefined ? '' : ` where ${printExpr(condition)}`
  const within =
    interval === undefined
      ? ''
      : ` within [${durationText(interval.lowerUs)}, ${durationText(interval.upperUs)}]`
  return `Join ${join}${nullAware ? ' null-aware' : ''}${on}${where}${within}`
}

const partitionText = (partitionBy: readonly Expr[]): string =>
  partitionBy.length === 0 ? '' : ` per ${partitionBy.map(printExpr).join(', ')}`

const orderText = (orderBy: readonly SortKey[]): string =>
  orderBy.length === 0 ? '' : ` by ${orderBy.map(sortKeyText).join(', ')}`

export function rankText(node: RankNode): string {
  const { ranking, from, to, partitionBy, orderBy, withRank } = node
  const range = to === Infinity ? `${from} and up` : from === to ? `${from}` : `${from} to ${to}`
  const shown = withRank ? ' with rank' : ''
  return `Rank ${ranking} ${range}${partitionText(partitionBy)}${orderText(orderBy)}${shown}`
}

export function overText({ partitionBy, orderBy, calls, timeColumn }: OverNode): string {
  const final = timeColumn === undefined ? '' : ' final at the watermark'
  const list = calls.map((call) => `${callText(call)}${frameText(call.frame)}`).join(', ')
  return `Over${partitionText(partitionBy)}${orderText(orderBy)}: ${list}${final}`
}

/** ` rows [-2, 0]` */
export function frameText({ unit, from, to }: OverFrame): string {
  const bound = (value: number) =>
    value === -Infinity ? 'first' : value === Infinity ? 'last' : String(value)
  return ` ${unit} [${bound(from)}, ${bound(to)}]`
}
