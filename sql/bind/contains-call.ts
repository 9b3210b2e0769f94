/** Looks for calls and subqueries in a syntax tree, before anything is bound. */

import { findAggregate } from '../../engine/operator/aggregate/index.ts'
import { isJsonAggregate } from '../../engine/operator/aggregate/json-aggregates.ts'
import type { Expression } from '../ast.ts'
import { isWindowFunction } from './window-call.ts'

/** Whether `test` holds for a part of the expression; what is inside of subqueries is left out. */
function contains(expression: Expression, test: (part: Expression) => boolean): boolean {
  const within = (part: Expression | undefined): boolean =>
    part !== undefined && contains(part, test)
  if (test(expression)) return true
  switch (expression.kind) {
    case 'call':
      return (
        expression.args.some(within) ||
        within(expression.filter) ||
        expression.orderBy.some((item) => within(item.value)) ||
        (expression.over?.partitionBy.some(within) ?? false) ||
        (expression.over?.orderBy.some((item) => within(item.value)) ?? false)
      )
    case 'cast':
      return within(expression.arg)
    case 'case':
      return (
        within(expression.operand) ||
        expression.branches.some((b) => within(b.when) || within(b.then)) ||
        within(expression.otherwise)
      )
    case 'in':
      return within(expression.arg) || expression.list.some(within)
    case 'in-query':
      return within(expression.arg)
    case 'name':
    case 'literal':
    case 'star':
    case 'exists':
    case 'subquery':
      return false
  }
}

/** Whether the expression only makes sense over groups: it has an aggregate or a window bound. */
export const needsGroups = (expression: Expression): boolean =>
  contains(expression, (part) => {
    if (part.kind !== 'call' || part.over !== undefined) return false
    const name = part.name.text.toUpperCase()
    return findAggregate(name) !== undefined || isJsonAggregate(name) || isWindowFunction(name)
  })

const SUBQUERIES: ReadonlySet<Expression['kind']> = new Set(['subquery', 'in-query', 'exists'])

/** Whether a subquery stands in the expression. */
export const hasSubquery = (expression: Expression): boolean =>
  contains(expression, ({ kind }) => SUBQUERIES.has(kind))
