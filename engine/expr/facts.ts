/** What is known of an expression without running it. */

import { functionOf } from './functions/index.ts'
import { childrenOf, type Expr } from './ir.ts'

/** Whether the expression can be NULL. */
export function isNullable(expr: Expr): boolean {
  switch (expr.kind) {
    case 'column':
      return expr.nullable
    case 'literal':
      return expr.value === null
    case 'cast':
      return expr.safe || isNullable(expr.arg)
    case 'case':
      return isNullable(expr.otherwise) || expr.branches.some((branch) => isNullable(branch.then))
    case 'call': {
      const entry = functionOf(expr.name)
      if (entry.nulls === 'lazy') return entry.nullable(expr.args.map(isNullable))
      if (entry.nullable === 'always') return true
      return entry.nullable !== 'never' && expr.args.some(isNullable)
    }
  }
}

/** Whether the same row always gives the same value: nothing in it reads the epoch's clock. */
export function isDeterministic(expr: Expr): boolean {
  if (expr.kind === 'call') {
    const entry = functionOf(expr.name)
    if (entry.nulls !== 'lazy' && entry.clock === true) return false
  }
  return childrenOf(expr).every(isDeterministic)
}
