/** Takes the columns of the query around out of a subquery's plan: conditions on them are lifted to
 *  the top, where a join with the query around can check them. What stays below runs once, for all
 *  outer rows together. */

import { fail } from '../../engine/base/errors.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { bigint } from '../../engine/expr/literal.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import { findAggregate } from '../../engine/operator/aggregate/index.ts'
import { changeCall } from '../logical/change-call.ts'
import { conjunction, conjunctsOf } from '../logical/conjuncts.ts'
import { makeAggregate, makeFilter, makeWindow, makeWindowAggregate } from '../logical/make.ts'
import { makeJoin } from '../logical/make-join.ts'
import { makeRank, rankPartsOf } from '../logical/make-order.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { moveColumns } from '../logical/substitute.ts'
import { inputsOf, rebuild } from '../logical/visit.ts'
import { correlationOf, keyField, withKeys } from './correlation.ts'
import { FIRST_PLACEHOLDER, readsOuter, substituteReal } from './placeholder.ts'
import { columnExpr } from './scope.ts'

export interface Decorrelated {
  /** Reads no outer column. */
  readonly node: LogicalNode
  /** The subquery's columns: over the node's columns and outer ones. */
  readonly outputs: readonly Expr[]
  /** What must hold between a row of the node and an outer row. */
  readonly conditions: readonly Expr[]
  /** The subquery has a row for every outer row: one without a partner gets what the outputs are
   *  when the node's columns are NULL. */
  readonly oneRow: boolean
}

/** UNSUPPORTED where outer columns are read in a way that no join can check. */
export function decorrelate(node: LogicalNode): Decorrelated {
  if (!isCorrelated(node)) {
    const outputs = fieldsOf(node).map((_, i) => columnExpr(node.schema, i))
    return { node, outputs, conditions: [], oneRow: false }
  }
  return lift(node)
}

/** Whether anything in the plan reads an outer column. */
export function isCorrelated(node: LogicalNode): boolean {
  let found = false
  rebuild(node, {
    expr: (expr) => {
      found ||= readsOuter(expr)
      return expr
    },
  })
  return found || inputsOf(node).some(isCorrelated)
}

function lift(node: LogicalNode): Decorrelated {
  switch (node.kind) {
    case 'filter':
      return liftFilter(decorrelate(node.input), node.predicate)
    case 'project': {
      const inner = decorrelate(node.input)
      return { ...inner, outputs: node.exprs.map((expr) => inline(expr, inner)) }
    }
    case 'aggregate':
    case 'window-aggregate':
      return liftAggregate(node)
    case 'window': {
      const inner = decorrelate(node.input)
      const time = inner.outputs[node.timeColumn]
      if (time.kind !== 'column') return refuse(node.kind)
      const window = makeWindow(inner.node, node.window, time.index, node.partitionBy)
      const first = fieldsOf(inner.node).length
      const bounds = [0, 1, 2].map((i) => columnExpr(window.schema, first + i))
      return { ...inner, node: window, outputs: [...inner.outputs, ...bounds] }
    }
    case 'join':
      return liftJoin(node)
    case 'rank':
      return liftRank(node)
    case 'sort':
      return liftSort(node)
    default:
      return refuse(node.kind)
  }
}

function refuse(kind: string): never {
  fail('UNSUPPORTED', `A ${kind} inside a subquery cannot read columns of the query around it`, {
    hint: 'Join the tables in FROM instead.',
  })
}

/** The expression over the lifted node's columns; outer columns stay. */
function inline(expr: Expr, { outputs }: Pick<Decorrelated, 'outputs'>): Expr {
  return substituteReal(expr, (index) => outputs[index])
}

function liftFilter(inner: Decorrelated, predicate: Expr): Decorrelated {
  if (inner.oneRow) {
    fail('UNSUPPORTED', 'HAVING without GROUP BY cannot stand in a correlated subquery', {
      at: predicate.at,
      hint: 'Compare the aggregate outside of the subquery.',
    })
  }
  const all = conjunctsOf(inline(predicate, inner))
  const own = conjunction(all.filter((condition) => !readsOuter(condition)))
  return {
    ...inner,
    node: own === undefined ? inner.node : makeFilter(inner.node, own),
    conditions: [...inner.conditions, ...all.filter(readsOuter)],
  }
}

/** Correlated by equality, an aggregate for each outer row is one group of an aggregate for all. */
function liftAggregate(
  node: Extract<LogicalNode, { kind: 'aggregate' | 'window-aggregate' }>,
): Decorrelated {
  const inner = decorrelate(node.input)
  const own = (expr: Expr): Expr => {
    const moved = inline(expr, inner)
    return readsOuter(moved) ? refuse('GROUP BY or an aggregate') : moved
  }
  const correlation = correlationOf(inner.conditions, node.kind)
  const keys = node.keys.map(own)
  const { all, places } = withKeys(keys, correlation)
  const aggregates = node.aggregates.map((call) => changeCall(call, own))
  const fields = fieldsOf(node)
  const added = all.slice(keys.length)
  const newFields = [
    ...fields.slice(0, keys.length),
    ...added.map(keyField),
    ...fields.slice(keys.length),
  ]
  const parts = { input: inner.node, keys: all, aggregates }
  const made =
    node.kind === 'aggregate'
      ? makeAggregate(parts, newFields)
      : makeWindowAggregate({ ...node, ...parts, timeColumn: timeOf(node, inner) }, newFields)
  const oneRow = node.kind === 'aggregate' && keys.length === 0
  const outputs = fields.map((_, i) => {
    const at = i < keys.length ? i : i + added.length
    const column = columnExpr(made.schema, at)
    const call = aggregates[i - keys.length]
    // Without a group there is nothing to count.
    const counts = oneRow && call && findAggregate(call.name)?.nullable === false
    return counts ? resolveCall('COALESCE', [{ ...column, nullable: true }, bigint(0)]) : column
  })
  const conditions = correlation.map((part, i) => part.over(columnExpr(made.schema, places[i])))
  return { node: made, outputs, conditions, oneRow }
}

function timeOf(
  { timeColumn, attached }: Extract<LogicalNode, { kind: 'window-aggregate' }>,
  { outputs }: Decorrelated,
): number {
  const time = outputs[timeColumn]
  return time.kind === 'column' && attached === undefined ? time.index : refuse('window')
}

function liftJoin(node: Extract<LogicalNode, { kind: 'join' }>): Decorrelated {
  const [left, right] = [decorrelate(node.left), decorrelate(node.right)]
  const keepsRight = node.join === 'inner'
  const bare = right.outputs.every((expr, i) => expr.kind === 'column' && expr.index === i)
  if (left.oneRow || right.oneRow) return refuse('join of aggregates')
  if (!['inner', 'left', 'semi', 'anti'].includes(node.join)) return refuse(`${node.join} join`)
  if (!keepsRight && (right.conditions.length > 0 || !bare)) return refuse('join')
  const width = fieldsOf(left.node).length
  const move = (expr: Expr) =>
    moveColumns(expr, (index) => (index < FIRST_PLACEHOLDER ? index + width : index))
  const both = [...left.outputs, ...right.outputs.map(move)]
  const on = node.on === undefined ? [] : conjunctsOf(inline(node.on, { outputs: both }))
  if (!keepsRight && on.some(readsOuter)) return refuse('join condition')
  const joined = makeJoin({
    ...node,
    left: left.node,
    right: right.node,
    on: conjunction(on.filter((condition) => !readsOuter(condition))),
  })
  const count = fieldsOf(node).length
  return {
    node: joined,
    outputs: both.slice(0, count),
    conditions: [...left.conditions, ...right.conditions.map(move), ...on.filter(readsOuter)],
    oneRow: false,
  }
}

/** The first rows for each outer row are the first rows of each group of equal keys. */
function liftRank(node: Extract<LogicalNode, { kind: 'rank' }>): Decorrelated {
  const inner = decorrelate(node.input)
  if (node.withRank) return refuse('rank')
  const correlation = correlationOf(inner.conditions, node.kind)
  const ranked = makeRank(inner.node, {
    ...rankPartsOf(node),
    partitionBy: [
      ...node.partitionBy.map((expr) => inline(expr, inner)),
      ...correlation.map((part) => part.inner),
    ],
    orderBy: node.orderBy.map((key) => ({ ...key, expr: inline(key.expr, inner) })),
  })
  return { ...inner, node: ranked }
}

function liftSort(node: Extract<LogicalNode, { kind: 'sort' }>): Decorrelated {
  const inner = decorrelate(node.input)
  const { limit, offset = 0 } = node
  // An order alone says nothing of which rows there are.
  if (limit === undefined && offset === 0) return inner
  const correlation = correlationOf(inner.conditions, node.kind)
  const ranked = makeRank(inner.node, {
    ranking: 'row_number',
    partitionBy: correlation.map((part) => part.inner),
    orderBy: node.keys.map((key) => ({ ...key, expr: inline(key.expr, inner) })),
    from: offset + 1,
    to: limit === undefined ? Infinity : offset + limit,
    withRank: false,
  })
  return { ...inner, node: ranked }
}
