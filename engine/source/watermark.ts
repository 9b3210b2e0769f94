/** The watermark of one split: the highest value that the table's WATERMARK expression took so far,
 *  less the lateness that the table allows. It follows the split's rows in order and nothing else,
 *  so it does not depend on how the rows were cut into batches (law 1). */

import type { EpochClock } from '../base/clock.ts'
import type { Batch } from '../batch/batch.ts'
import type { Schema } from '../batch/schema.ts'
import { LoopCode } from '../expr/codegen.ts'
import { compile } from '../expr/compile.ts'
import type { WatermarkSpec } from './table.ts'

/** Follows `batch` from `running`; returns the watermark after it. `marks` gets, per row, the
 *  watermark before the row; the second result says whether any row was behind it, or behind
 *  `floor`, the watermark of the table. */
export type FollowWatermark = (
  batch: Batch,
  running: number,
  marks: Float64Array,
  clock: EpochClock,
  floor: number,
) => { running: number; behind: boolean }

/** Generates the loop for a table's watermark. Rows whose event time or whose expression is NULL
 *  move nothing and are never behind; nor do rows that are taken back. */
export function compileWatermark(spec: WatermarkSpec, schema: Schema): FollowWatermark {
  const code = new LoopCode(schema)
  const field = schema.fields[spec.column]
  const time = code.emit({
    kind: 'column',
    index: spec.column,
    name: field.name,
    type: field.type,
    nullable: field.nullable,
  })
  if (time.form !== 'scalar') throw new Error('a time attribute is a scalar')
  code.line('marks[i] = running')
  code.block('if (weights !== null && weights[i] < 0)', () => {
    code.line('behind = true')
    code.line('continue')
  })
  code.block(
    `if (!(${time.isNull}) && (Number(${time.value}) < running || Number(${time.value}) < floor))`,
    () => code.line('behind = true'),
  )
  const mark = code.emit(spec.expr)
  if (mark.form !== 'scalar') throw new Error('a watermark is a scalar')
  const latenessUs = (spec.latenessMs ?? 0) * 1000
  const value = latenessUs === 0 ? `Number(${mark.value})` : `Number(${mark.value}) - ${latenessUs}`
  code.block(`if (!(${mark.isNull}) && ${value} > running)`, () => code.line(`running = ${value}`))
  const source = `
    let behind = false
    const n = batch.rowCount
    const weights = batch.weights
    ${code.columnSetup()}
    for (let i = 0; i < n; i++) {
      ${code.text()}
    }
    return { running, behind }`
  return compile<FollowWatermark>(code, ['batch', 'running', 'marks', 'clock', 'floor'], source)
}
