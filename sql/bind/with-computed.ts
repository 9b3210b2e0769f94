/** A node with further columns that are computed from its own. */

import type { Field } from '../../engine/batch/schema.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import { type Expr, printExpr } from '../../engine/expr/ir.ts'
import { makeProject } from '../logical/make.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { columnExpr } from './scope.ts'

/** The node's columns, then one per expression. */
export function withComputed(node: LogicalNode, computed: readonly Expr[]): LogicalNode {
  if (computed.length === 0) return node
  const own = fieldsOf(node)
  return makeProject(
    node,
    [...own.map((_, i) => columnExpr(node.schema, i)), ...computed],
    [...own, ...computed.map(computedField)],
  )
}

/** The column of an expression. */
export const computedField = (expr: Expr): Field => ({
  name: printExpr(expr),
  type: expr.type,
  nullable: isNullable(expr),
})
