/** What the SELECT list, HAVING and ORDER BY are bound over: the rows of FROM and WHERE themselves,
 *  or groups of them (`grouping.ts`). */

import type { Expr } from '../../engine/expr/ir.ts'
import type { Expression } from '../ast.ts'
import type { LogicalNode } from '../logical/node.ts'
import { bindExpression } from './bind-expression.ts'
import type { Relation } from './context.ts'
import type { ScopeColumn } from './scope.ts'
import { columnExpr } from './scope.ts'

/** All expressions are bound first, because the groups' aggregates are collected from them;
 *  `finish` then gives the node and turns each bound expression into one over that node's
 *  columns. */
export interface Stage {
  bind(expression: Expression, clause: string): Expr
  /** A column of the scope, as `*` names it. */
  column(column: ScopeColumn, at: Expression['at']): Expr
  finish(): { readonly node: LogicalNode; readonly rebase: (expr: Expr) => Expr }
}

/** Every row by itself. */
export function rowStage({ node, scope }: Relation): Stage {
  return {
    bind: (expression, clause) =>
      bindExpression(expression, { scope, schema: node.schema, clause }),
    column: ({ index }, at) => columnExpr(node.schema, index, at),
    finish: () => ({ node, rebase: (expr) => expr }),
  }
}
