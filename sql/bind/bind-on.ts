/** The condition of a join. */

import type { Expr } from '../../engine/expr/ir.ts'
import { literal } from '../../engine/expr/literal.ts'
import type { Expression } from '../ast.ts'
import { asBoolean, bindExpression } from './bind-expression.ts'
import type { BindContext, Relation } from './context.ts'

/** The condition over the joined columns; a bare NULL is FALSE. */
export function bindOn(on: Expression, { node, scope }: Relation, context: BindContext): Expr {
  const around = { scope, schema: node.schema, clause: 'ON', outer: context.outer }
  const condition = asBoolean(bindExpression(on, around), 'ON')
  return condition.kind === 'literal' && condition.value === null
    ? literal(condition.type, false, condition.at)
    : condition
}

export const isTrue = (expr: Expr): boolean => expr.kind === 'literal' && expr.value === true
