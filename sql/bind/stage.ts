/** What the SELECT list, HAVING and ORDER BY are bound over: the rows of FROM and WHERE themselves,
 *  or groups of them (`grouping.ts`). */

import type { Expr } from '../../engine/expr/ir.ts'
import type { Expression } from '../ast.ts'
import { bindExpression, type ExpressionContext } from './bind-expression.ts'
import type { BindContext, Relation } from './context.ts'
import type { OverCalls } from './over-calls.ts'
import type { ScopeColumn } from './scope.ts'
import { columnExpr } from './scope.ts'
import { type Attached, Subqueries } from './subqueries.ts'

/** All expressions are bound first, because the groups' aggregates are collected from them;
 *  `finish` then gives the node and turns each bound expression into one over that node's
 *  columns. */
export interface Stage {
  /** `over`: collects window functions, where the clause allows them. */
  bind(expression: Expression, clause: string, over?: OverCalls): Expr
  /** A column of the scope, as `*` names it. */
  column(column: ScopeColumn, at: Expression['at']): Expr
  finish(): Attached
}

/** Every row by itself. */
export function rowStage({ node, scope }: Relation, { context }: { context: BindContext }): Stage {
  const subqueries = new Subqueries(context)
  return {
    bind(expression, clause, over) {
      const { outer } = context
      const around = subqueries.within({ scope, schema: node.schema, clause, outer })
      return bindExpression(expression, withOver(around, over))
    },
    column: ({ index }, at) => columnExpr(node.schema, index, at),
    finish: () => subqueries.attach(node, (expr) => expr),
  }
}

/** The context with OVER allowed, but not inside OVER. */
export function withOver(
  context: ExpressionContext,
  over: OverCalls | undefined,
): ExpressionContext {
  if (over === undefined) return context
  const bind = (part: Expression, clause: string) => bindExpression(part, { ...context, clause })
  return { ...context, over: (call) => over.bind(call, bind) }
}
