/** A predicate as a generated function that selects rows. */

import { assert } from '../base/assert.ts'
import type { EpochClock } from '../base/clock.ts'
import type { Batch } from '../batch/batch.ts'
import type { Schema } from '../batch/schema.ts'
import { LoopCode } from './codegen.ts'
import { compile, type Generated } from './compile.ts'
import type { Expr } from './ir.ts'

export type Filter = (batch: Batch, rows: Int32Array, clock: EpochClock) => number

/** Fills `rows` with the positions of the rows where the predicate is TRUE, in order, and returns
 *  how many there are. `rows` has room for all rows of the batch. Raises what the predicate
 *  raises; then `rows` is half filled. */
export function compileFilter(predicate: Expr, schema: Schema): Generated<Filter> {
  assert(predicate.type.kind === 'boolean', 'a predicate is BOOLEAN')
  const code = new LoopCode(schema)
  code.line('const rowCount = batch.rowCount')
  code.line('let count = 0')
  code.block('for (let i = 0; i < rowCount; i++)', () => {
    code.whenTrue(predicate, () => code.line('rows[count++] = i'))
  })
  code.line('return count')
  return compile<Filter>(code, ['batch', 'rows', 'clock'], undefined, 'filter')
}
