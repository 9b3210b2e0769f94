/** When two bound expressions are the same: they give the same value for every row. */

import { sameType } from '../../engine/batch/types.ts'
import type { Expr, Value } from '../../engine/expr/ir.ts'

/** Structurally equal, whatever their columns are called and wherever they stand. */
export function sameExpr(a: Expr, b: Expr): boolean {
  if (!sameType(a.type, b.type)) return false
  switch (a.kind) {
    case 'column':
      return b.kind === 'column' && a.index === b.index
    case 'literal':
      return b.kind === 'literal' && sameValue(a.value, b.value)
    case 'call':
      return b.kind === 'call' && a.name === b.name && sameExprs(a.args, b.args)
    case 'cast':
      return b.kind === 'cast' && a.safe === b.safe && sameExpr(a.arg, b.arg)
    case 'case':
      return (
        b.kind === 'case' &&
        sameExprs(
          a.branches.flatMap((branch) => [branch.when, branch.then]),
          b.branches.flatMap((branch) => [branch.when, branch.then]),
        ) &&
        sameExpr(a.otherwise, b.otherwise)
      )
  }
}

/** Pairwise the same. */
export const sameExprs = (a: readonly Expr[], b: readonly Expr[]): boolean =>
  a.length === b.length && a.every((expr, i) => sameExpr(expr, b[i]))

function sameValue(a: Value, b: Value): boolean {
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((part, i) => sameValue(part, b[i]))
  }
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.from(a).equals(b)
  return Object.is(a, b)
}
