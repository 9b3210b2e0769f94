/** Aggregates over frames: generated code that slides along each stretch, adding the rows that
 *  enter the frame and taking out those that leave it. Neither end of a frame ever moves back. */

import type { EpochClock } from '../../base/clock.ts'
import type { Batch } from '../../batch/batch.ts'
import type { Column } from '../../batch/column.ts'
import type { Schema } from '../../batch/schema.ts'
import { LoopCode } from '../../expr/codegen.ts'
import { compile } from '../../expr/compile.ts'
import { OutputColumn } from '../../expr/output-column.ts'
import { GroupTable } from '../../state/group-table.ts'
import { AggregateSlots } from '../group/aggregate-slots.ts'
import type { OverCall } from '../nodes.ts'
import type { Section } from '../operator.ts'
import type { Evaluation, Stretch } from './over-stretch.ts'

/** For output j: `groups[j]` has the accumulators, `begins[j]` is where its stretch begins to add,
 *  or -1 if it goes on with the stretch of output j - 1. Fills `added[j]`: the end of what is
 *  in. */
type Slide = (
  batch: Batch,
  table: GroupTable,
  n: number,
  starts: Int32Array,
  ends: Int32Array,
  groups: Int32Array,
  begins: Int32Array,
  added: Int32Array,
  clock: EpochClock,
) => Column

export class OverAggregate {
  readonly #call: OverCall
  /** Accumulators stay from one evaluation to the next, one group per partition: for frames that
   *  begin with the partition. */
  readonly #carries: boolean
  readonly #table: GroupTable
  readonly #slide: Slide
  /** With carried accumulators, per partition: how many of its rows are in. */
  readonly #added: number

  constructor(call: OverCall, input: Schema, carries: boolean) {
    this.#call = call
    this.#carries = carries
    const shrinks = call.frame.from !== -Infinity
    const slots = new AggregateSlots({ calls: [call], first: 0, appendOnly: !shrinks })
    this.#added = slots.arrays.length
    const arrays = [...slots.arrays, { kind: 'f64' as const, initial: 0 }]
    this.#table = new GroupTable({ arrays })
    this.#slide = compileSlide(slots, call, input, shrinks, !carries)
  }

  readonly evaluate = (evaluation: Evaluation, clock: EpochClock): Column => {
    const { batch, stretches } = evaluation
    const { starts, ends } = evaluation.framesOf(this.#call.frame)
    const n = starts.length
    const groups = new Int32Array(n)
    const begins = new Int32Array(n).fill(-1)
    let j = 0
    for (const stretch of stretches) {
      const { from, to, partition } = stretch
      if (from === to) continue
      begins[j] = this.#carries ? this.#next(stretch) : starts[j]
      groups.fill(this.#carries ? partition : 0, j, j + to - from)
      j += to - from
    }
    this.#reserve(this.#carries ? Math.max(...stretches.map((s) => s.partition)) : 0)
    const added = new Int32Array(n)
    const column = this.#slide(batch, this.#table, n, starts, ends, groups, begins, added, clock)
    if (this.#carries) this.#note(stretches, added)
    return column
  }

  #reserve(group: number): void {
    while (this.#table.count <= group) this.#table.insert(this.#table.count)
  }

  /** The first row of the partition that is not in its accumulators yet, in the stretch. */
  #next({ partition, before, first }: Stretch): number {
    this.#reserve(partition)
    return first + (this.#table.arrays[this.#added][partition] as number) - before
  }

  #note(stretches: readonly Stretch[], added: Int32Array): void {
    let j = 0
    for (const { partition, before, first, from, to } of stretches) {
      if (from === to) continue
      j += to - from
      this.#table.arrays[this.#added][partition] = before + added[j - 1] - first
    }
  }

  /** How many rows of the partition are in its carried accumulators. */
  addedOf(partition: number): number {
    return partition < this.#table.count
      ? (this.#table.arrays[this.#added][partition] as number)
      : 0
  }

  /** The partition begins anew. */
  reset(partition: number): void {
    if (partition < this.#table.count) this.#table.resetSlots(partition, 0)
  }

  /** Keeps these partitions, under the numbers of their positions. */
  retain(keeps: (partition: number) => boolean): void {
    this.#table.retain(keeps)
  }

  snapshot(name: string, version: number): Section {
    return { name, version, bytes: this.#table.snapshot() }
  }

  restore({ bytes }: Section): void {
    this.#table.restore(bytes)
  }

  get bytes(): number {
    return this.#table.bytes
  }
}

function compileSlide(
  slots: AggregateSlots,
  call: OverCall,
  input: Schema,
  shrinks: boolean,
  isFresh: boolean,
): Slide {
  const code = new LoopCode(input)
  const element = (index: number) => `a${index}[g]`
  const arrays = slots.arrays.map((_, i) => `a${i} = table.arrays[${i}]`)
  code.line(`const ${[...arrays, 'heap = table.heap'].join(', ')}`)
  const output = new OutputColumn(code, call.type, 'n')
  code.line('let end = 0, start = 0')
  code.block('for (let j = 0; j < n; j++)', () => {
    code.line('const g = groups[j]')
    code.line(
      `if (begins[j] >= 0) { end = start = begins[j]${isFresh ? '; table.resetGroup(g)' : ''} }`,
    )
    code.block('for (; end < ends[j]; end++)', () => {
      code.line('const i = end')
      slots.emitAdd(code, '1', element)
    })
    if (shrinks) {
      code.block('for (; start < starts[j]; start++)', () => {
        code.line('const i = start')
        slots.emitAdd(code, '-1', element)
      })
    }
    code.line('added[j] = end')
    output.write(slots.emitValue(code, 0, element), 'j')
  })
  const body = `${code.columnSetup()}\n${code.text()}\nreturn ${output.finish('n')}`
  const params = ['batch', 'table', 'n', 'starts', 'ends', 'groups', 'begins', 'added', 'clock']
  return compile<Slide>(code, params, body, 'slide')
}
