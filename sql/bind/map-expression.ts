/** Rewrites a syntax tree of an expression top-down. */

import type { Expression } from '../ast.ts'

/** The expression with every part replaced for which `change` gives something; inside of that
 *  nothing else is looked at. Subqueries stay as they are. */
export function mapExpression(
  expression: Expression,
  change: (part: Expression) => Expression | undefined,
): Expression {
  const changed = change(expression)
  if (changed !== undefined) return changed
  const map = (part: Expression) => mapExpression(part, change)
  const maybe = (part: Expression | undefined) => part && map(part)
  switch (expression.kind) {
    case 'call':
      return {
        ...expression,
        args: expression.args.map(map),
        filter: maybe(expression.filter),
        orderBy: expression.orderBy.map((item) => ({ ...item, value: map(item.value) })),
      }
    case 'cast':
      return { ...expression, arg: map(expression.arg) }
    case 'case':
      return {
        ...expression,
        operand: maybe(expression.operand),
        branches: expression.branches.map(({ when, then }) => ({
          when: map(when),
          then: map(then),
        })),
        otherwise: maybe(expression.otherwise),
      }
    case 'in':
      return { ...expression, arg: map(expression.arg), list: expression.list.map(map) }
    case 'in-query':
      return { ...expression, arg: map(expression.arg) }
    default:
      return expression
  }
}
