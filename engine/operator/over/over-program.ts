/** The window functions of a node, ready to run: from stretches of stored rows to output rows. */

import type { EpochClock } from '../../base/clock.ts'
import { Batch } from '../../batch/batch.ts'
import { gather } from '../../batch/column.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import type { OverCall, OverNode } from '../nodes.ts'
import type { Section } from '../operator.ts'
import type { OrderedRows } from '../ordered/ordered-rows.ts'
import { OverAggregate } from './over-aggregate.ts'
import { OverFirst } from './over-first.ts'
import { type OverFunction, overKindOf } from './over-function.ts'
import { RangeDistance } from './over-range.ts'
import { overRank } from './over-ranks.ts'
import { Evaluation, type Stretch } from './over-stretch.ts'
import { overFrameValue, overShift } from './over-values.ts'

/** What a call keeps per partition between evaluations. */
export type Carried = OverAggregate | OverFirst

export interface OverProgramOptions {
  readonly node: OverNode
  readonly input: Schema
  readonly rows: OrderedRows
  readonly clock: EpochClock
  /** Partitions are evaluated once, from their first row to their last: frames that begin with the
   *  partition need not keep its rows. */
  readonly carries: boolean
}

export class OverProgram {
  readonly distance: RangeDistance
  /** By call; undefined where nothing is carried. */
  readonly carried: readonly (Carried | undefined)[]
  readonly #schema: Schema
  readonly #rows: OrderedRows
  readonly #clock: EpochClock
  readonly #functions: readonly OverFunction[]

  constructor({ node, input, rows, clock, carries }: OverProgramOptions) {
    this.#schema = schemaOf(node.fields)
    this.#rows = rows
    this.#clock = clock
    this.distance = new RangeDistance(rows, node.orderBy)
    const made = node.calls.map((call) => functionOf(call, input, carries))
    this.#functions = made.map(({ run }) => run)
    this.carried = made.map(({ carried }) => carried)
  }

  /** The output rows of all targets. `slots` are the stretches' rows, one after the other. */
  evaluate(slots: Int32Array, stretches: readonly Stretch[]): Batch {
    this.distance.refresh()
    const evaluation = new Evaluation(this.#rows, this.distance, slots, stretches)
    const { batch, targets } = evaluation
    const results = this.#functions.map((run) => run(evaluation, this.#clock))
    const own = batch.columns.map((column) => gather(column, targets, targets.length))
    return new Batch(this.#schema, [...own, ...results], targets.length)
  }

  /** The carried state, a section per call. */
  snapshot(version: number): Section[] {
    return this.carried.flatMap((state, i) =>
      state === undefined ? [] : [state.snapshot(`call-${i}`, version)],
    )
  }

  restore(sections: readonly Section[]): void {
    this.carried.forEach((state, i) => {
      const section = sections.find(({ name }) => name === `call-${i}`)
      if (section !== undefined) state?.restore(section)
    })
  }

  get bytes(): number {
    return this.carried.reduce((sum, state) => sum + (state?.bytes ?? 0), 0)
  }
}

function functionOf(
  call: OverCall,
  input: Schema,
  carries: boolean,
): { run: OverFunction; carried: Carried | undefined } {
  const fromStart = carries && call.frame.from === -Infinity
  switch (overKindOf(call.name)) {
    case 'rank':
      return { run: overRank(call), carried: undefined }
    case 'shift':
      return { run: overShift(call, input), carried: undefined }
    case 'frame': {
      const isFirst = fromStart && call.name === 'FIRST_VALUE'
      if (!isFirst || (call.frame.unit === 'range' && call.frame.to < 0)) {
        return { run: overFrameValue(call, input), carried: undefined }
      }
      const first = new OverFirst(call, input)
      return { run: first.evaluate, carried: first }
    }
    case 'aggregate': {
      const aggregate = new OverAggregate(call, input, fromStart)
      return { run: aggregate.evaluate, carried: fromStart ? aggregate : undefined }
    }
  }
}
