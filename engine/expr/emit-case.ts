/** Generated code for CASE: branches are nested, so what a branch computes runs only in it. */

import type { LoopCode } from './codegen.ts'
import { type Emitted, isTrue } from './emitted.ts'
import type { CaseExpr, Expr } from './ir.ts'

export function emitCase({ branches, otherwise, type }: CaseExpr, code: LoopCode): Emitted {
  const merge = code.merge(type)
  const assign = (expr: Expr) => merge.assign(code.emit(expr))
  const from = (index: number): void => {
    if (index === branches.length) {
      assign(otherwise)
      return
    }
    const { when, then } = branches[index]
    code.branch(
      isTrue(code.emit(when)),
      () => assign(then),
      () => from(index + 1),
    )
  }
  from(0)
  return merge.result(false)
}
