/** Takes the columns of the query around out of a subquery's plan: conditions on them are lifted to
 *  the top, where a join with the query around can check them. What stays below runs once, for all
 *  outer rows together. Where that cannot be done, `over-domain.ts` has the costlier way. */

import type { ColumnExpr, Expr } from '../../engine/expr/ir.ts'
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
import { correlationOf, keyField, withKeys } from './correlation.ts'
import { outerReadsOf } from './outer-reads.ts'
import { FIRST_PLACEHOLDER, outerColumnOf, readsOuter, substituteReal } from './placeholder.ts'
import { columnExpr } from './scope.ts'

export interface Decorrelated {
  /** Reads no column of the query right around. */
  readonly node: LogicalNode
  /** The subquery's columns: over the node's columns and outer ones. */
  readonly outputs: readonly Expr[]
  /** What must hold between a row of the node and an outer row. */
  readonly conditions: readonly Expr[]
  /** The subquery has a row for every outer row: one without a partner gets what the outputs are
   *  when the node's columns are NULL. */
  readonly oneRow: boolean
}

/** undefined where outer columns are read in a way that no condition at the top can check. */
export function decorrelate(node: LogicalNode): Decorrelated | undefined {
  return isCorrelated(node) ? lift(node) : asItIs(node)
}

function asItIs(node: LogicalNode): Decorrelated {
  const outputs = fieldsOf(node).map((_, i) => columnExpr(node.schema, i))
  return { node, outputs, conditions: [], oneRow: false }
}

/** Whether anything in the plan reads a column of the query right around. */
export function isCorrelated(node: LogicalNode): boolean {
  for (const index of outerReadsOf(node)) if (outerColumnOf(index) !== undefined) return true
  return false
}

function lift(node: LogicalNode): Decorrelated | undefined {
  switch (node.kind) {
    case 'filter':
      return liftFilter(decorrelate(node.input), node.predicate)
    case 'project': {
      const inner = decorrelate(node.input)
      return inner && { ...inner, outputs: node.exprs.map((expr) => inline(expr, inner)) }
    }
    case 'aggregate':
    case 'window-aggregate':
      return liftAggregate(node)
    case 'window':
      return liftWindow(node)
    case 'join':
      return liftJoin(node)
    case 'rank':
      return liftRank(node)
    case 'sort':
      return liftSort(node)
    default:
      return undefined
  }
}

/** The expression over the lifted node's columns; outer columns stay. */
function inline(expr: Expr, { outputs }: Pick<Decorrelated, 'outputs'>): Expr {
  return substituteReal(expr, (index) => outputs[index])
}

function liftFilter(inner: Decorrelated | undefined, predicate: Expr): Decorrelated | undefined {
  if (inner === undefined || inner.oneRow) return undefined
  const all = conjunctsOf(inline(predicate, inner))
  const own = conjunction(all.filter((condition) => !readsOuter(condition)))
  return {
    ...inner,
    node: own === undefined ? inner.node : makeFilter(inner.node, own),
    conditions: [...inner.conditions, ...all.filter(readsOuter)],
  }
}

function liftWindow(node: Extract<LogicalNode, { kind: 'window' }>): Decorrelated | undefined {
  const inner = decorrelate(node.input)
  const time = inner?.outputs[node.timeColumn]
  if (inner === undefined || time?.kind !== 'column' || readsOuter(time)) return undefined
  const window = makeWindow(inner.node, node.window, time.index, node.partitionBy)
  const first = fieldsOf(inner.node).length
  const bounds = [0, 1, 2].map((i) => columnExpr(window.schema, first + i))
  return { ...inner, node: window, outputs: [...inner.outputs, ...bounds] }
}

/** Correlated by equality, an aggregate for each outer row is one group of an aggregate for all. */
function liftAggregate(
  node: Extract<LogicalNode, { kind: 'aggregate' | 'window-aggregate' }>,
): Decorrelated | undefined {
  const inner = decorrelate(node.input)
  const correlation = inner && correlationOf(inner.conditions)
  if (inner === undefined || correlation === undefined || inner.oneRow) return undefined
  let isOwn = true
  const own = (expr: Expr): Expr => {
    const moved = inline(expr, inner)
    isOwn &&= !readsOuter(moved)
    return moved
  }
  const keys = node.keys.map(own)
  const aggregates = node.aggregates.map((call) => changeCall(call, own))
  if (!isOwn) return undefined
  const { all, places } = withKeys(keys, correlation)
  const fields = fieldsOf(node)
  const added = all.slice(keys.length)
  const newFields = [
    ...fields.slice(0, keys.length),
    ...added.map(keyField),
    ...fields.slice(keys.length),
  ]
  const made = aggregateOf(node, { input: inner.node, keys: all, aggregates }, newFields, inner)
  if (made === undefined) return undefined
  const oneRow = node.kind === 'aggregate' && keys.length === 0
  const outputs = fields.map((_, i) => {
    const at = i < keys.length ? i : i + added.length
    const column = columnExpr(made.schema, at)
    const call = aggregates[i - keys.length]
    return oneRow && call ? orZero(column, call.name) : column
  })
  const conditions = correlation.map((part, i) => part.over(columnExpr(made.schema, places[i])))
  return { node: made, outputs, conditions, oneRow }
}

/** Without a group there is nothing to count: an aggregate that is never NULL is 0 then. */
export const orZero = (column: ColumnExpr, name: string): Expr =>
  findAggregate(name)?.nullable === false
    ? resolveCall('COALESCE', [{ ...column, nullable: true }, bigint(0)])
    : column

function aggregateOf(
  node: Extract<LogicalNode, { kind: 'aggregate' | 'window-aggregate' }>,
  parts: Parameters<typeof makeAggregate>[0],
  fields: Parameters<typeof makeAggregate>[1],
  { outputs }: Decorrelated,
): LogicalNode | undefined {
  if (node.kind === 'aggregate') return makeAggregate(parts, fields)
  const time = outputs[node.timeColumn]
  if (time.kind !== 'column' || node.attached !== undefined) return undefined
  return makeWindowAggregate({ ...node, ...parts, timeColumn: time.index }, fields)
}

const LIFTED_JOINS: readonly string[] = ['inner', 'left', 'semi', 'anti']

function liftJoin(node: Extract<LogicalNode, { kind: 'join' }>): Decorrelated | undefined {
  const [left, right] = [decorrelate(node.left), decorrelate(node.right)]
  if (left === undefined || right === undefined || left.oneRow || right.oneRow) return undefined
  const keepsRight = node.join === 'inner'
  const isBare = right.outputs.every((expr, i) => expr.kind === 'column' && expr.index === i)
  if (!LIFTED_JOINS.includes(node.join)) return undefined
  if (!keepsRight && (right.conditions.length > 0 || !isBare)) return undefined
  const width = fieldsOf(left.node).length
  const move = (expr: Expr) =>
    moveColumns(expr, (index) => (index < FIRST_PLACEHOLDER ? index + width : index))
  const both = [...left.outputs, ...right.outputs.map(move)]
  const on = node.on === undefined ? [] : conjunctsOf(inline(node.on, { outputs: both }))
  if (!keepsRight && on.some(readsOuter)) return undefined
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
function liftRank(node: Extract<LogicalNode, { kind: 'rank' }>): Decorrelated | undefined {
  if (node.withRank) return undefined
  const { partitionBy, orderBy, ...parts } = rankPartsOf(node)
  return ranked(node.input, { ...parts, partitionBy, orderBy })
}

function liftSort({ input, keys, limit, offset = 0 }: Extract<LogicalNode, { kind: 'sort' }>) {
  // An order alone says nothing of which rows there are.
  if (limit === undefined && offset === 0) return decorrelate(input)
  return ranked(input, {
    ranking: 'row_number',
    partitionBy: [],
    orderBy: keys,
    from: offset + 1,
    to: limit === undefined ? Infinity : offset + limit,
    withRank: false,
  })
}

function ranked(
  input: LogicalNode,
  parts: Parameters<typeof makeRank>[1],
): Decorrelated | undefined {
  const inner = decorrelate(input)
  const correlation = inner && correlationOf(inner.conditions)
  if (inner === undefined || correlation === undefined || inner.oneRow) return undefined
  const partitionBy = [
    ...parts.partitionBy.map((expr) => inline(expr, inner)),
    ...correlation.map((part) => part.inner),
  ]
  const orderBy = parts.orderBy.map((key) => ({ ...key, expr: inline(key.expr, inner) }))
  if (partitionBy.some(readsOuter) || orderBy.some(({ expr }) => readsOuter(expr))) return undefined
  return { ...inner, node: makeRank(inner.node, { ...parts, partitionBy, orderBy }) }
}
