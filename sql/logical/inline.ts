/** When expressions can be put into the place of the columns that they compute. */

import { isDeterministic } from '../../engine/expr/facts.ts'
import { childrenOf, type Expr } from '../../engine/expr/ir.ts'

/** Whether no work is done more often than before, and nothing that reads the clock is moved. */
export function canInline(outer: readonly Expr[], inner: readonly Expr[]): boolean {
  const uses = new Array<number>(inner.length).fill(0)
  const count = (expr: Expr): void => {
    if (expr.kind === 'column') uses[expr.index]++
    for (const child of childrenOf(expr)) count(child)
  }
  for (const expr of outer) count(expr)
  return inner.every((expr, i) => isTrivial(expr) || (uses[i] <= 1 && isDeterministic(expr)))
}

const isTrivial = (expr: Expr): boolean => expr.kind === 'column' || expr.kind === 'literal'
