/** Looks for calls in a syntax tree, before anything is bound. */

import { findAggregate } from '../../engine/operator/aggregate/index.ts'
import type { Expression } from '../ast.ts'
import { isWindowFunction } from './window-call.ts'

type Call = Extract<Expression, { kind: 'call' }>

/** Whether `test` holds for a call in the expression, subqueries left out. */
function containsCall(expression: Expression, test: (call: Call) => boolean): boolean {
  const within = (part: Expression | undefined): boolean =>
    part !== undefined && containsCall(part, test)
  switch (expression.kind) {
    case 'call':
      return (
        test(expression) ||
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
  containsCall(expression, (call) => {
    const name = call.name.text.toUpperCase()
    return call.over === undefined && (findAggregate(name) !== undefined || isWindowFunction(name))
  })
