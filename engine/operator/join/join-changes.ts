/** Every join but the inner one of append-only inputs: its output comes once per epoch.
 *
 *  State: the rows of both sides, per key; of a side that is only asked whether there is a partner,
 *  the keys. Rows that can have partners or lack them know how many they have: per row when there
 *  is a condition or an interval, else per group.
 *  Delta: the changes of an epoch are summed per row first, so that what comes and goes within it
 *  is nothing. Then, with old and new weights l, l' and r, r', a pair changes by l'r' - lr: for all
 *  changed left rows with their group's right rows, and for the changed right rows with the left
 *  rows that did not change. A row without a partner changes by the new weight, if it has none now,
 *  less the old one, if it had none. So every output row is told once and none is transient.
 *  O(changes + pairs), and the whole group's rows when its having a partner changes. */

import type { Batch } from '../../batch/batch.ts'
import type { Arrangement } from '../../state/arrangement.ts'
import type { Operator, OperatorContext, Output, Section } from '../operator.ts'
import { GroupPartners } from './join-group-partners.ts'
import { JoinPairs } from './join-pairs.ts'
import { type JoinPartners, singlesOf } from './join-partners.ts'
import type { JoinPlan } from './join-plan.ts'
import { RowPartners } from './join-row-partners.ts'
import { LEFT, RIGHT, type Side } from './join-single.ts'
import { JoinState } from './join-state.ts'
import { holdsRows, tellRows } from './join-tell.ts'

export class ChangeJoin implements Operator {
  readonly #plan: JoinPlan
  readonly #state: JoinState
  readonly #pairs: JoinPairs
  readonly #partners: JoinPartners

  constructor(plan: JoinPlan, context: OperatorContext) {
    this.#plan = plan
    this.#state = new JoinState(plan, context)
    const singles = singlesOf(this.#state)
    this.#partners = plan.counted
      ? new RowPartners(this.#state, singles)
      : new GroupPartners(this.#state, singles)
    const { counts } = this.#partners
    this.#pairs = new JoinPairs({
      left: context.inputs[0].schema,
      right: context.inputs[1].schema,
      condition: plan.condition,
      output: context.schema,
      batchRowsMax: context.batchRowsMax,
      clock: context.clock,
      plain: plan.final,
      silent: !plan.pairs,
      onMatch: counts && ((at) => counts(this.#pairs.left[at], this.#pairs.right[at])),
    })
  }

  batch(input: number, arrived: Batch): void {
    const state = this.#state
    const side = input as Side
    state.forget()
    const batch = state.onTime(side, arrived)
    const rows = state.allRows(batch)
    state.find(side, batch, rows, batch.rowCount)
    this.#partners.touch(side, batch)
    state.insert(side, batch, rows, batch.rowCount)
  }

  watermark(input: number, watermarkUs: number): void {
    this.#state.watermarks[input] = watermarkUs
  }

  epoch(out: Output): void {
    const state = this.#state
    const [left, right] = state.sides
    state.forget()
    left.dropDebts()
    right.dropDebts()
    if (left.touchedCount + right.touchedCount > 0 || this.#partners.dirty) {
      if (this.#plan.pairs || this.#plan.counted) this.#listPairs(left, right, out)
      this.#partners.tell(out)
      left.settle()
      right.settle()
      this.#partners.settle()
    }
    this.#letGo(LEFT, out)
    this.#letGo(RIGHT, out)
    state.tidy()
    if (state.outputUs > -Infinity) out.watermark(state.outputUs)
  }

  #listPairs(left: Arrangement, right: Arrangement, out: Output): void {
    this.#pairs.from(left.rows.view, right.rows.view)
    this.#changedLeft(left, right, out)
    this.#changedRight(left, right, out)
    this.#pairs.flush(out)
  }

  #changedLeft(left: Arrangement, right: Arrangement, out: Output): void {
    for (let i = 0; i < left.touchedCount; i++) {
      const l = left.touched[i]
      if (left.deltas[l] === 0 || left.groups[l] < 0) continue
      const now = left.rows.weights[l]
      const before = left.weightBefore(l)
      const n = this.#state.partnersOf(LEFT, left.groups[l], left.times[l])
      for (let k = 0; k < n; k++) {
        const r = right.found[k]
        const weight = now * right.rows.weights[r] - before * right.weightBefore(r)
        this.#pairs.add(l, r, weight, out)
      }
    }
  }

  #changedRight(left: Arrangement, right: Arrangement, out: Output): void {
    for (let i = 0; i < right.touchedCount; i++) {
      const r = right.touched[i]
      const delta = right.deltas[r]
      if (delta === 0 || right.groups[r] < 0) continue
      const n = this.#state.partnersOf(RIGHT, right.groups[r], right.times[r])
      for (let k = 0; k < n; k++) {
        const l = left.found[k]
        if (left.deltas[l] === 0) this.#pairs.add(l, r, left.rows.weights[l] * delta, out)
      }
    }
  }

  /** Lets the rows of a side go whose partners have all come. Where a row without a partner comes
   *  out at the end, that is now. */
  #letGo(side: Side, out: Output): void {
    const state = this.#state
    const limitUs = state.limitUs(side)
    const rows = state.sides[side]
    if (this.#plan.node.interval !== undefined) {
      this.#partners.expire(side, limitUs, out)
      return
    }
    // The other side's rows may need to know how many there are of these.
    const counted = state.grouped && this.#plan.tracked[1 - side]
    const isKey = side === RIGHT && state.keysOnly
    if (limitUs === Infinity && !counted && !isKey && rows.rows.count > 0) rows.clear()
  }

  holdsAll(): boolean {
    return holdsRows(this.#state)
  }

  tellAll(out: Pick<Output, 'emit'>): void {
    const { plan, context } = this.#state
    tellRows(this.#state, new ChangeJoin(plan, context), out)
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
    this.#partners.restored()
  }

  stateSize() {
    return this.#state.stateSize()
  }
}
