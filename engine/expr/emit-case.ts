/** Generated code for CASE: the first branch whose condition is TRUE assigns and leaves. What a
 *  branch computes runs only in it. */

import type { LoopCode } from './codegen.ts'
import { type Emitted, isTrue } from './emitted.ts'
import type { CaseExpr } from './ir.ts'

export function emitCase({ branches, otherwise, type }: CaseExpr, code: LoopCode): Emitted {
  const merge = code.merge(type)
  code.labelled('case', (exit) => {
    for (const { when, then } of branches) {
      code.block(`if (${isTrue(code.emit(when))})`, () => {
        merge.assign(code.emit(then))
        code.line(exit)
      })
    }
    merge.assign(code.emit(otherwise))
  })
  return merge.result(false)
}
