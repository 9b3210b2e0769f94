/** An aggregate of the measures: generated code that adds the rows of one match after the other and
 *  reads the value where an output row wants it. */

import type { EpochClock } from '../../base/clock.ts'
import type { Batch } from '../../batch/batch.ts'
import type { Column } from '../../batch/column.ts'
import type { Schema } from '../../batch/schema.ts'
import { LoopCode } from '../../expr/codegen.ts'
import { compile } from '../../expr/compile.ts'
import { OutputColumn } from '../../expr/output-column.ts'
import { GroupTable } from '../../state/group-table.ts'
import { AggregateSlots } from '../group/aggregate-slots.ts'
import type { AggregateCall } from '../nodes.ts'

/** Output row j has the rows `slots[…ends[j]]`, from `begins[j]` on; where that is -1, from where
 *  the match of output row j - 1 began. */
export interface MatchFrames {
  readonly slots: readonly number[]
  readonly begins: readonly number[]
  readonly ends: readonly number[]
}

type Slide = (
  batch: Batch,
  table: GroupTable,
  slots: readonly number[],
  begins: readonly number[],
  ends: readonly number[],
  n: number,
  clock: EpochClock,
) => Column

export class MatchAggregate {
  readonly #table: GroupTable
  readonly #slide: Slide

  constructor(call: AggregateCall, input: Schema) {
    const slots = new AggregateSlots({ calls: [call], first: 0, appendOnly: true })
    this.#table = new GroupTable({ arrays: slots.arrays })
    this.#table.insert(0)
    this.#slide = compileSlide(slots, call, input)
  }

  evaluate(view: Batch, { slots, begins, ends }: MatchFrames, clock: EpochClock): Column {
    return this.#slide(view, this.#table, slots, begins, ends, ends.length, clock)
  }
}

function compileSlide(slots: AggregateSlots, call: AggregateCall, input: Schema): Slide {
  const code = new LoopCode(input)
  const element = (index: number) => `a${index}[0]`
  const arrays = slots.arrays.map((_, i) => `a${i} = table.arrays[${i}]`)
  if (arrays.length > 0) code.line(`const ${arrays.join(', ')}`)
  const output = new OutputColumn(code, call.type, 'n')
  code.line('let end = 0')
  code.block('for (let j = 0; j < n; j++)', () => {
    code.line('if (begins[j] >= 0) { end = begins[j]; table.resetGroup(0) }')
    code.block('for (; end < ends[j]; end++)', () => {
      code.line('const i = slots[end]')
      slots.emitAdd(code, '1', element)
    })
    output.write(slots.emitValue(code, 0, element), 'j')
  })
  const body = `${code.columnSetup()}\n${code.text()}\nreturn ${output.finish('n')}`
  const params = ['batch', 'table', 'slots', 'begins', 'ends', 'n', 'clock']
  return compile<Slide>(code, params, body, 'measure')
}
