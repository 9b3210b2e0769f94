/** Generated code that finds each row's window. */

import type { EpochClock } from '../base/clock.ts'
import type { Batch } from '../batch/batch.ts'
import type { Schema } from '../batch/schema.ts'
import { LoopCode } from '../expr/codegen.ts'
import { compile } from '../expr/compile.ts'
import type { WindowSpec } from './nodes.ts'

/** Fills `starts[i]` with the start of row i's window, in microseconds; NaN where the event time is
 *  NULL. */
export type WindowStarts = (batch: Batch, starts: Float64Array, clock: EpochClock) => void

export function compileWindowStarts(
  { sizeUs, offsetUs }: WindowSpec,
  timeColumn: number,
  schema: Schema,
): WindowStarts {
  const code = new LoopCode(schema)
  const { name, type, nullable } = schema.fields[timeColumn]
  code.line('const n = batch.rowCount')
  code.block('for (let i = 0; i < n; i++)', () => {
    const time = code.emit({ kind: 'column', index: timeColumn, name, type, nullable })
    const value = `Number(${code.asValue(time, type)})`
    const start = `Math.floor((${value} - ${offsetUs}) / ${sizeUs}) * ${sizeUs} + ${offsetUs}`
    code.line(time.isNull === 'false' ? `starts[i] = ${start}` : `starts[i] = ${time.isNull} ? NaN : ${start}`)
  })
  return compile<WindowStarts>(code, ['batch', 'starts', 'clock'], undefined, 'windowStarts')
}
