/** How large expressions are, and how large they may become: an expression in the place of a column
 *  that is used twice doubles, and so does the next one. */

import { childrenOf, type Expr } from './ir.ts'

/** Parts of one expression. Written by hand they are far fewer. */
export const EXPR_SIZE_MAX = 20_000

const sizes = new WeakMap<Expr, number>()

/** The number of its parts; shared ones count wherever they stand, literals (long lists of them are
 *  harmless) not at all. */
export function sizeOf(expr: Expr): number {
  if (expr.kind === 'literal') return 0
  const known = sizes.get(expr)
  if (known !== undefined) return known
  const size = childrenOf(expr).reduce((sum, child) => sum + sizeOf(child), 1)
  sizes.set(expr, size)
  return size
}

/** The size with `of(index)` in the place of each column. */
export function sizeWith(expr: Expr, of: (index: number) => Expr): number {
  if (expr.kind === 'literal') return 0
  if (expr.kind === 'column') return sizeOf(of(expr.index))
  return childrenOf(expr).reduce((sum, child) => sum + sizeWith(child, of), 1)
}
