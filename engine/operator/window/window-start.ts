/** Generated code that finds each row's slice of the time line. */

import type { EpochClock } from '../../base/clock.ts'
import type { Batch } from '../../batch/batch.ts'
import type { Schema } from '../../batch/schema.ts'
import { LoopCode } from '../../expr/codegen.ts'
import { compile } from '../../expr/compile.ts'

/** Fills `starts[i]` with the start of row i's slice, in microseconds; NaN for a NULL time. */
export type SliceStarts = (batch: Batch, starts: Float64Array, clock: EpochClock) => void

export function compileSliceStarts(
  { sliceUs, offsetUs }: { sliceUs: number; offsetUs: number },
  timeColumn: number,
  schema: Schema,
): SliceStarts {
  const code = new LoopCode(schema)
  const { name, type, nullable } = schema.fields[timeColumn]
  code.line('const n = batch.rowCount')
  code.block('for (let i = 0; i < n; i++)', () => {
    const time = code.emit({ kind: 'column', index: timeColumn, name, type, nullable })
    const value = `Number(${code.asValue(time, type)})`
    const start = `Math.floor((${value} - ${offsetUs}) / ${sliceUs}) * ${sliceUs} + ${offsetUs}`
    const { isNull } = time
    code.line(`starts[i] = ${isNull === 'false' ? start : `${isNull} ? NaN : ${start}`}`)
  })
  return compile<SliceStarts>(code, ['batch', 'starts', 'clock'], undefined, 'sliceStarts')
}
