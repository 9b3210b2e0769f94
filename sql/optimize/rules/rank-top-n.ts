/** `WHERE rn <= n` over ROW_NUMBER, RANK or DENSE_RANK keeps the first rows of each partition: it
 *  needs no numbers for the others. Where the numbers are final anyway (the order is by event
 *  time), they stay: their rows are never taken back, which is worth more. By processing time the
 *  first rows to come are the first ones. */

import { isInteger } from '../../../engine/batch/types.ts'
import type { Expr } from '../../../engine/expr/ir.ts'
import { conjunction, conjunctsOf } from '../../logical/conjuncts.ts'
import { makeFilter, makeProject } from '../../logical/make.ts'
import { makeRank } from '../../logical/make-order.ts'
import {
  type FilterNode,
  fieldsOf,
  type LogicalNode,
  type OverNode,
  type RankNode,
} from '../../logical/node.ts'
import { mapNode } from '../../logical/visit.ts'
import type { Rule } from '../rule.ts'

export const rankTopN: Rule = {
  name: 'rank-top-n',
  apply: (root) => mapNode(root, (node) => (node.kind === 'filter' ? rank(node) : node)),
}

const RANKINGS: Readonly<Record<string, RankNode['ranking']>> = {
  ROW_NUMBER: 'row_number',
  RANK: 'rank',
  DENSE_RANK: 'dense_rank',
}

function rank(node: FilterNode): LogicalNode {
  const { input, predicate } = node
  if (input.kind !== 'over') return node
  const byArrival = arrivals(input)
  if (input.timeColumn !== undefined && byArrival === undefined) return node
  const [call, ...others] = input.calls
  if (others.length > 0 || !Object.hasOwn(RANKINGS, call.name)) return node
  const column = fieldsOf(input.input).length
  const conditions = conjunctsOf(predicate)
  const bounds = conditions.map((condition) => boundOf(condition, column))
  const from = Math.max(1, ...bounds.map((bound) => bound?.from ?? 1))
  const to = Math.min(Infinity, ...bounds.map((bound) => bound?.to ?? Infinity))
  if (to === Infinity || to < from) return node
  const ranked = makeRank(byArrival ?? input.input, {
    ranking: RANKINGS[call.name],
    partitionBy: input.partitionBy,
    orderBy: byArrival === undefined ? input.orderBy : [],
    from,
    to,
    withRank: true,
  })
  const named = makeProject(
    ranked,
    fieldsOf(input).map((field, index): Expr => ({ kind: 'column', index, ...field })),
    fieldsOf(input),
  )
  const rest = conjunction(conditions.filter((_, i) => bounds[i] === undefined))
  return rest === undefined ? named : makeFilter(named, rest)
}

/** The rows of a ROW_NUMBER by processing time: they are numbered as they come, and at once. */
function arrivals({ input, calls, timeColumn }: OverNode): LogicalNode | undefined {
  const isNumbered = calls.length === 1 && calls[0].name === 'ROW_NUMBER'
  if (input.kind !== 'processing-time' || timeColumn !== input.timeColumn) return undefined
  return isNumbered ? input.input : undefined
}

interface Bound {
  readonly from: number
  readonly to: number
}

/** The ranks that a condition on the rank keeps; undefined if it is no comparison with a number. */
function boundOf(condition: Expr, column: number): Bound | undefined {
  if (condition.kind !== 'call' || condition.args.length !== 2) return undefined
  const [a, b] = condition.args
  const forward = a.kind === 'column' && a.index === column
  const value = forward ? b : a
  const isRank = forward || (b.kind === 'column' && b.index === column)
  if (!isRank || value.kind !== 'literal' || !isInteger(value.type)) return undefined
  const n = Number(value.value ?? Number.NaN)
  if (!Number.isSafeInteger(n)) return undefined
  switch (forward ? condition.name : FLIPPED[condition.name]) {
    case '=':
      return { from: n, to: n }
    case '<':
      return { from: 1, to: n - 1 }
    case '<=':
      return { from: 1, to: n }
    case '>':
      return { from: n + 1, to: Infinity }
    case '>=':
      return { from: n, to: Infinity }
    default:
      return undefined
  }
}

const FLIPPED: Readonly<Record<string, string>> = {
  '=': '=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}
