/** Generated code for CASE: branches are nested, so what a branch computes runs only in it. */

import type { LoopCode } from './codegen.ts'
import { type Emitted, isTrue } from './emitted.ts'
import type { CaseExpr, Expr } from './ir.ts'

export function emitCase({ branches, otherwise, type }: CaseExpr, code: LoopCode): Emitted {
  const merge = code.merge(type)
  const assign = (expr: Expr) => merge.assign(code.emit(expr))
  let nullable = false
  const isNull = (expr: Expr) => {
    if (expr.kind === 'literal' && expr.value === null) nullable = true
  }
  const from = (index: number): void => {
    if (index === branches.length) {
      assign(otherwise)
      return
    }
    const { when, then } = branches[index]
    isNull(then)
    code.branch(
      isTrue(code.emit(when)),
      () => assign(then),
      () => from(index + 1),
    )
  }
  from(0)
  isNull(otherwise)
  return merge.result(nullable)
}
