/** The inner join of two append-only inputs: its output is append-only and comes with each batch.
 *
 *  State: the rows of both sides, per key; with an interval, those that can still meet a partner. A
 *  side whose partner input has ended keeps nothing.
 *  Delta of a batch dL: dL x R, then L grows by dL; likewise for the right side. A pair comes out
 *  when the later of its rows does. O(rows + pairs). */

import type { Batch } from '../../batch/batch.ts'
import type { Operator, OperatorContext, Output, Section } from '../operator.ts'
import { JoinPairs } from './join-pairs.ts'
import type { JoinPlan } from './join-plan.ts'
import { LEFT, type Side } from './join-single.ts'
import { JoinState } from './join-state.ts'
import { holdsRows, tellRows } from './join-tell.ts'

export class DirectJoin implements Operator {
  readonly #state: JoinState
  readonly #pairs: JoinPairs

  constructor(plan: JoinPlan, context: OperatorContext) {
    this.#state = new JoinState(plan, context)
    this.#pairs = new JoinPairs({
      left: context.inputs[0].schema,
      right: context.inputs[1].schema,
      condition: plan.condition,
      output: context.schema,
      batchRowsMax: context.batchRowsMax,
      clock: context.clock,
      plain: true,
      silent: false,
    })
  }

  batch(input: number, arrived: Batch, out: Output): void {
    const state = this.#state
    const side = input as Side
    state.forget()
    const batch = state.onTime(side, arrived)
    const keeps = state.watermarks[1 - side] !== Infinity
    const rows = state.allRows(batch)
    state.find(side, batch, rows, batch.rowCount, keeps)
    const other = state.sides[1 - side].rows.view
    this.#pairs.from(side === LEFT ? batch : other, side === LEFT ? other : batch)
    if (state.plan.node.interval === undefined) this.#probe(side, batch.rowCount, out)
    else this.#probeTimes(side, state.timesOf(side, batch), out)
    if (keeps) this.#keep(side, batch)
  }

  /** Lists the pairs of the batch's rows with the rows of the other side. */
  #probe(side: Side, n: number, out: Output): void {
    const { groups, sides } = this.#state
    const other = sides[1 - side]
    const { heads, next } = other
    const { weights } = other.rows
    const someDead = other.rows.live < other.rows.count
    const pairs = this.#pairs
    const [own, others] = side === LEFT ? [pairs.left, pairs.right] : [pairs.right, pairs.left]
    const full = own.length
    let count = 0
    for (let j = 0; j < n; j++) {
      const g = groups[j]
      if (g < 0) continue
      for (let slot = heads[g]; slot >= 0; slot = next[slot]) {
        // Let go, and not yet swept.
        if (someDead && weights[slot] === 0) continue
        own[count] = j
        others[count++] = slot
        if (count < full) continue
        pairs.count = count
        pairs.flush(out)
        count = 0
      }
    }
    pairs.count = count
    pairs.flush(out)
  }

  /** The same for rows that meet those of their interval alone. */
  #probeTimes(side: Side, times: Float64Array, out: Output): void {
    const state = this.#state
    const other = state.sides[1 - side]
    for (let j = 0; j < times.length; j++) {
      if (state.groups[j] < 0) continue
      const n = state.partnersOf(side, state.groups[j], times[j])
      for (let k = 0; k < n; k++) {
        const slot = other.found[k]
        if (side === LEFT) this.#pairs.add(j, slot, 1, out)
        else this.#pairs.add(slot, j, 1, out)
      }
    }
    this.#pairs.flush(out)
  }

  #keep(side: Side, batch: Batch): void {
    const state = this.#state
    const { groups } = state
    const rows = new Int32Array(batch.rowCount)
    let n = 0
    for (let j = 0; j < batch.rowCount; j++) {
      if (groups[j] < 0) continue
      groups[n] = groups[j]
      rows[n++] = j
    }
    state.insert(side, batch, rows, n)
  }

  watermark(input: number, watermarkUs: number): void {
    this.#state.watermarks[input] = watermarkUs
  }

  epoch(out: Output): void {
    const state = this.#state
    state.forget()
    state.sides.forEach((side, i) => {
      const limitUs = state.limitUs(i as Side)
      if (state.plan.node.interval !== undefined) side.expire(limitUs)
      else if (limitUs === Infinity && side.rows.count > 0) side.clear()
    })
    state.tidy()
    if (state.outputUs > -Infinity) out.watermark(state.outputUs)
  }

  holdsAll(): boolean {
    return holdsRows(this.#state)
  }

  tellAll(out: Pick<Output, 'emit'>): void {
    const { plan, context } = this.#state
    tellRows(this.#state, new DirectJoin(plan, context), out)
  }

  dueUs(): number {
    return this.#state.dueUs()
  }

  fanOut(input: number): number {
    return this.#state.fanOut(input)
  }

  snapshot(): Section[] {
    return this.#state.snapshot()
  }

  restore(sections: readonly Section[]): void {
    this.#state.restore(sections)
  }

  stateSize() {
    return this.#state.stateSize()
  }
}
