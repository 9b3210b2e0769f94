/** Puts expressions in the place of names, before anything is bound. */

import type { Expression, Name } from '../ast.ts'

/** The expression with every bare name replaced for which `of` gives something. Subqueries stay as
 *  they are. */
export function replaceNames(
  expression: Expression,
  of: (name: Name) => Expression | undefined,
): Expression {
  const replace = (part: Expression) => replaceNames(part, of)
  const maybe = (part: Expression | undefined) => part && replace(part)
  switch (expression.kind) {
    case 'name':
      return expression.path.length === 1 ? (of(expression.path[0]) ?? expression) : expression
    case 'call':
      return {
        ...expression,
        args: expression.args.map(replace),
        filter: maybe(expression.filter),
        orderBy: expression.orderBy.map((item) => ({ ...item, value: replace(item.value) })),
        over: expression.over && {
          ...expression.over,
          partitionBy: expression.over.partitionBy.map(replace),
          orderBy: expression.over.orderBy.map((item) => ({ ...item, value: replace(item.value) })),
        },
      }
    case 'cast':
      return { ...expression, arg: replace(expression.arg) }
    case 'case':
      return {
        ...expression,
        operand: maybe(expression.operand),
        branches: expression.branches.map(({ when, then }) => ({
          when: replace(when),
          then: replace(then),
        })),
        otherwise: maybe(expression.otherwise),
      }
    case 'in':
      return {
        ...expression,
        arg: replace(expression.arg),
        list: expression.list.map(replace),
      }
    case 'in-query':
      return { ...expression, arg: replace(expression.arg) }
    default:
      return expression
  }
}
