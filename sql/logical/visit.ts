/** Walking and rebuilding logical plans. A new kind of node adds its case to both switches. */

import { type Expr, mapExpr } from '../../engine/expr/ir.ts'
import type { AggregateCall } from '../../engine/operator/nodes.ts'
import { changeCall, changeKey } from './change-call.ts'
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
import { fieldsOf, type LogicalNode } from './node.ts'
import { type Rebuild, rebuildWide } from './rebuild-wide.ts'

/** The nodes that this one reads. */
export function inputsOf(node: LogicalNode): readonly LogicalNode[] {
  if (node.kind === 'scan' || node.kind === 'values') return []
  return 'left' in node ? [node.left, node.right] : [node.input]
}

const keep = <T>(part: T): T => part

/** The node with its inputs and expressions replaced; names and nullability of its columns stay,
 *  traits are worked out again. */
export function rebuild(node: LogicalNode, { input, expr }: Partial<Rebuild>): LogicalNode {
  const onInput = input ?? keep
  const onExpr = expr ?? keep
  const onCall = (call: AggregateCall) => changeCall(call, onExpr)
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
        keys: node.keys.map((key) => changeKey(key, onExpr)),
        limit: node.limit,
        offset: node.offset,
      })
    default:
      return rebuildWide(node, { input: onInput, expr: onExpr })
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
