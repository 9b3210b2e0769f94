/** The entry behind every call of a JavaScript function that a user made. It has no name that SQL
 *  could write: the binder makes its calls. */

import { emitColumn } from '../emit-column.ts'
import type { LazyFunction } from '../function.ts'
import { USER_CALL } from '../ir.ts'
import { calledFunction } from '../udf.ts'
import { callOnce, prepareCall } from '../udf-run.ts'

export const userFunction: LazyFunction = {
  name: USER_CALL,
  family: 'conditional',
  doc: 'A function made by CREATE FUNCTION.',
  syntax: [],
  examples: [],
  resolve: () => undefined,
  nulls: 'lazy',
  nullable: () => true,
  lazy(call) {
    const prepared = prepareCall(call)
    return (thunks) =>
      callOnce(
        prepared,
        thunks.slice(1).map((thunk) => thunk()),
      )
  },
  emitLazy(call, code) {
    const { name } = calledFunction(call)
    const index = code.userColumn(call)
    return emitColumn({ kind: 'column', index, name, type: call.type, nullable: true }, code)
  },
}
