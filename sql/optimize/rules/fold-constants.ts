/** Evaluates what does not depend on a row, and drops filters that keep every row. An expression
 *  that fails stays: it must fail when it runs, or never if no row reaches it. */

import { isDeterministic } from '../../../engine/expr/facts.ts'
import { childrenOf, type Expr, mapExpr } from '../../../engine/expr/ir.ts'
import { literal } from '../../../engine/expr/literal.ts'
import { hasUserCall } from '../../../engine/expr/udf-guards.ts'
import { evaluate } from '../../bind/constant.ts'
import { makeValues } from '../../logical/make.ts'
import type { LogicalNode } from '../../logical/node.ts'
import { mapNode, rebuild } from '../../logical/visit.ts'
import type { Rule } from '../rule.ts'

export const foldConstants: Rule = {
  name: 'fold-constants',
  apply: (root) => mapNode(root, (node) => foldRow(dropTrue(rebuild(node, { expr: fold })))),
}

/** The expression with its constant parts evaluated. */
export const fold = (expr: Expr): Expr => mapExpr(expr, (part) => foldBool(foldOne(part)))

function foldOne(expr: Expr): Expr {
  if (expr.kind === 'column' || expr.kind === 'literal') return expr
  if (!childrenOf(expr).every((child) => child.kind === 'literal')) return expr
  // What a user made may take its time: not on the thread that plans.
  if (!isDeterministic(expr) || hasUserCall(expr)) return expr
  try {
    return literal(expr.type, evaluate(expr), expr.at)
  } catch {
    return expr
  }
}

const isBool = (expr: Expr, value: boolean): boolean =>
  expr.kind === 'literal' && expr.value === value

/** TRUE AND x is x, FALSE OR x is x. */
function foldBool(expr: Expr): Expr {
  if (expr.kind !== 'call' || (expr.name !== 'AND' && expr.name !== 'OR')) return expr
  const neutral = expr.name === 'AND'
  const args = expr.args.filter((arg) => !isBool(arg, neutral))
  if (args.length === expr.args.length) return expr
  if (args.length === 0) return literal(expr.type, neutral, expr.at)
  return args.length === 1 ? args[0] : { ...expr, args }
}

const dropTrue = (node: LogicalNode): LogicalNode =>
  node.kind === 'filter' && isBool(node.predicate, true) ? node.input : node

/** SELECT without FROM, if all of it is constant: the row itself. */
function foldRow(node: LogicalNode): LogicalNode {
  if (node.kind !== 'project' || node.input.kind !== 'values') return node
  const { exprs, input } = node
  if (input.rows.length !== 1 || input.schema.fields.length > 0) return node
  const row = exprs.flatMap((expr) => (expr.kind === 'literal' ? [expr.value] : []))
  return row.length === exprs.length ? makeValues(node.schema, [row]) : node
}
