/** Walking and rebuilding logical plans. A new kind of node adds its case to both switches. */

import { unreachable } from '../../engine/base/assert.ts'
import { type Expr, mapExpr } from '../../engine/expr/ir.ts'
import type { AggregateCall, SortKey } from '../../engine/operator/nodes.ts'
import {
  makeAggregate,
  makeFilter,
  makeProject,
  makeScan,
  makeSort,
  makeValues,
  makeWindow,
  makeWindowAggregate,
} from './make.ts'
import { makeJoin, makeTemporalJoin } from './make-join.ts'
import { makeOver, makeRank, rankPartsOf } from './make-order.ts'
import { makeExpand, makeTemporalFilter, makeUnnest } from './make-rows.ts'
import { makeSetOperation, makeUnion } from './make-set.ts'
import { addedTo, fieldsOf, type LogicalNode } from './node.ts'

/** The nodes that this one reads. */
export function inputsOf(node: LogicalNode): readonly LogicalNode[] {
  if (node.kind === 'scan' || node.kind === 'values') return []
  return 'left' in node ? [node.left, node.right] : [node.input]
}

/** What becomes of a node's parts when it is rebuilt. */
export interface Rebuild {
  input(node: LogicalNode): LogicalNode
  expr(expr: Expr): Expr
}

const keep = <T>(part: T): T => part

/** The node with its inputs and expressions replaced; names and nullability of its columns stay,
 *  traits are worked out again. */
export function rebuild(node: LogicalNode, { input, expr }: Partial<Rebuild>): LogicalNode {
  const onInput = input ?? keep
  const onExpr = expr ?? keep
  const onCall = <Call extends Pick<AggregateCall, 'args' | 'filter'>>(call: Call): Call => ({
    ...call,
    args: call.args.map(onExpr),
    filter: call.filter && onExpr(call.filter),
  })
  const onKey = (key: SortKey): SortKey => ({ ...key, expr: onExpr(key.expr) })
  switch (node.kind) {
    case 'scan':
      return makeScan(node.table, node.columns, node.tableKeys)
    case 'values':
      return makeValues(node.schema, node.rows)
    case 'filter':
      return makeFilter(onInput(node.input), onExpr(node.predicate))
    case 'project':
      return makeProject(onInput(node.input), node.exprs.map(onExpr), fieldsOf(node))
    case 'window':
      return makeWindow(onInput(node.input), node.window, node.timeColumn, node.partitionBy)
    case 'aggregate': {
      const parts = {
        input: onInput(node.input),
        keys: node.keys.map(onExpr),
        aggregates: node.aggregates.map(onCall),
      }
      return makeAggregate(parts, fieldsOf(node))
    }
    case 'window-aggregate': {
      const { window, timeColumn, attached, windowColumns, emit } = node
      const parts = {
        input: onInput(node.input),
        keys: node.keys.map(onExpr),
        aggregates: node.aggregates.map(onCall),
      }
      return makeWindowAggregate(
        { ...parts, window, timeColumn, attached, windowColumns, emit },
        fieldsOf(node),
      )
    }
    case 'sort':
      return makeSort(onInput(node.input), {
        keys: node.keys.map(onKey),
        limit: node.limit,
        offset: node.offset,
      })
    case 'join':
      return makeJoin({
        join: node.join,
        left: onInput(node.left),
        right: onInput(node.right),
        on: node.on && onExpr(node.on),
        nullAware: node.nullAware,
      })
    case 'temporal-join':
      return makeTemporalJoin({
        join: node.join,
        left: onInput(node.left),
        right: onInput(node.right),
        on: onExpr(node.on),
        time: node.time,
      })
    case 'union':
      return makeUnion(onInput(node.left), onInput(node.right), fieldsOf(node))
    case 'set-operation':
      return makeSetOperation({
        operator: node.operator,
        all: node.all,
        left: onInput(node.left),
        right: onInput(node.right),
      })
    case 'rank':
      return makeRank(onInput(node.input), {
        ...rankPartsOf(node),
        partitionBy: node.partitionBy.map(onExpr),
        orderBy: node.orderBy.map(onKey),
      })
    case 'over':
      return makeOver(
        onInput(node.input),
        {
          partitionBy: node.partitionBy.map(onExpr),
          orderBy: node.orderBy.map(onKey),
          calls: node.calls.map(onCall),
        },
        fieldsOf(node).slice(-node.calls.length),
      )
    case 'expand': {
      const keys = node.keys.map(onExpr)
      return makeExpand(onInput(node.input), { keys, sets: node.sets }, addedTo(node))
    }
    case 'unnest': {
      const { outer, ordinality } = node
      const value = onExpr(node.value)
      return makeUnnest(onInput(node.input), { value, outer, ordinality }, addedTo(node))
    }
    case 'temporal-filter': {
      const { from, until } = node
      return makeTemporalFilter(onInput(node.input), {
        from: from && onExpr(from),
        until: until && onExpr(until),
      })
    }
    default:
      return unreachable(node)
  }
}

/** Rewrites the tree bottom-up: `change` sees a node whose inputs are changed already. */
export function mapNode(
  node: LogicalNode,
  change: (node: LogicalNode) => LogicalNode,
): LogicalNode {
  if (inputsOf(node).length === 0) return change(node)
  return change(rebuild(node, { input: (input) => mapNode(input, change) }))
}

/** Calls `visit` for every node, parents first. */
export function eachNode(node: LogicalNode, visit: (node: LogicalNode) => void): void {
  visit(node)
  for (const input of inputsOf(node)) eachNode(input, visit)
}

/** The same plan without places in a statement: for a definition from another text (a view), whose
 *  places would point into the wrong statement. */
export function withoutPlaces(node: LogicalNode): LogicalNode {
  return mapNode(node, (part) => rebuild(part, { expr: withoutPlace }))
}

export const withoutPlace = (expr: Expr): Expr =>
  mapExpr(expr, (part) => ({ ...part, at: undefined }))
