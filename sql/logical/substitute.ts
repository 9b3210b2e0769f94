/** Expressions over one node's columns as expressions over another's. */

import { fail } from '../../engine/base/errors.ts'
import { EXPR_SIZE_MAX, sizeWith } from '../../engine/expr/expr-size.ts'
import { type Expr, mapExpr } from '../../engine/expr/ir.ts'

/** Replaces every column by the expression that `of` gives for its position, which keeps its place
 *  in the statement if it has one: an error at run time is where the work was written.
 *  LIMIT_EXCEEDED if that becomes too long. */
export function substitute(expr: Expr, of: (index: number) => Expr): Expr {
  if (sizeWith(expr, of) > EXPR_SIZE_MAX) {
    fail(
      'LIMIT_EXCEEDED',
      `The expression has more than ${EXPR_SIZE_MAX} parts, with the columns that it is made of`,
      { at: expr.at },
    )
  }
  return replaceColumns(expr, of)
}

/** Work that is done twice in more parts than this costs more than it can save. */
const SMALL = 500

/** The same, if the outcome is small; for rules that can do without. */
export function substituteSmall(expr: Expr, of: (index: number) => Expr): Expr | undefined {
  return sizeWith(expr, of) > SMALL ? undefined : replaceColumns(expr, of)
}

function replaceColumns(expr: Expr, of: (index: number) => Expr): Expr {
  return mapExpr(expr, (part) => {
    if (part.kind !== 'column') return part
    const value = of(part.index)
    return value.at === undefined ? { ...value, at: part.at } : value
  })
}

/** Moves columns: position i becomes `to(i)`; names and types stay. */
export const moveColumns = (expr: Expr, to: (index: number) => number): Expr =>
  mapExpr(expr, (part) => (part.kind === 'column' ? { ...part, index: to(part.index) } : part))

/** A copy of one expression with its direct parts replaced; the expression itself stays. */
export function mapParts(expr: Expr, change: (part: Expr) => Expr): Expr {
  switch (expr.kind) {
    case 'column':
    case 'literal':
      return expr
    case 'call':
      return { ...expr, args: expr.args.map(change) }
    case 'cast':
      return { ...expr, arg: change(expr.arg) }
    case 'case':
      return {
        ...expr,
        branches: expr.branches.map((branch) => ({
          when: change(branch.when),
          then: change(branch.then),
        })),
        otherwise: change(expr.otherwise),
      }
  }
}
