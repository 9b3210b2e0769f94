/** Window functions that pick a value of another row: LAG, LEAD, FIRST_VALUE, LAST_VALUE,
 *  NTH_VALUE. A NULL is a value like any other. */

import { columnOf } from '../../batch/builder.ts'
import type { Column } from '../../batch/column.ts'
import { gather } from '../../batch/column.ts'
import { concatColumns } from '../../batch/concat.ts'
import type { Schema } from '../../batch/schema.ts'
import { compileProject } from '../../expr/compile-project.ts'
import type { OverCall } from '../nodes.ts'
import { constantOf, distanceOf } from './over-constants.ts'
import type { OverFunction } from './over-function.ts'
import type { Evaluation } from './over-stretch.ts'

/** No row: the default, or NULL. */
const NONE = -1

export function overShift(call: OverCall, input: Schema): OverFunction {
  const project = compileProject(valuesOf(call), input)
  const shift = call.name === 'LAG' ? -distanceOf(call) : distanceOf(call)
  return (evaluation, clock) => {
    const [value, otherwise] = project(evaluation.batch, clock)
    const rows = new Int32Array(evaluation.targets.length)
    let n = 0
    for (const { first, end, from, to } of evaluation.stretches) {
      for (let i = from; i < to; i++) {
        const row = i + shift
        rows[n++] = row >= first && row < end ? row : NONE
      }
    }
    return pick(value, rows, evaluation, otherwise)
  }
}

/** The value and, if there is one, the default. */
const valuesOf = ({ args: [value, , otherwise] }: OverCall) =>
  otherwise === undefined ? [value] : [value, otherwise]

export function overFrameValue(call: OverCall, input: Schema): OverFunction {
  const project = compileProject(call.args.slice(0, 1), input)
  const rowOf = rowOfFrame(call)
  return (evaluation, clock) => {
    const [value] = project(evaluation.batch, clock)
    const { starts, ends } = evaluation.framesOf(call.frame)
    const rows = starts.map((start, n) => (start === ends[n] ? NONE : rowOf(start, ends[n])))
    return pick(value, rows, evaluation)
  }
}

function rowOfFrame(call: OverCall): (start: number, end: number) => number {
  if (call.name === 'FIRST_VALUE') return (start) => start
  if (call.name === 'LAST_VALUE') return (_start, end) => end - 1
  const nth = constantOf(call, 1)
  return (start, end) => (start + nth <= end ? start + nth - 1 : NONE)
}

/** The values at `rows`; where there is no row, the default at the target itself, or NULL. */
function pick(
  value: Column,
  rows: Int32Array,
  { targets }: Evaluation,
  otherwise: Column = columnOf(value.type, [null]),
): Column {
  if (!rows.includes(NONE)) return gather(value, rows, rows.length)
  const isDefault = otherwise.length === value.length && otherwise.length > 0
  const both = concatColumns([value, otherwise])
  const picked = rows.map((row, n) => {
    if (row !== NONE) return row
    return value.length + (isDefault ? targets[n] : 0)
  })
  return gather(both, picked, picked.length)
}
