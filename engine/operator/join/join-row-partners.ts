/** Partners counted per row: with a condition, or an interval, every row has its own. The count is
 *  the sum of the partners' weights. */

import type { Arrangement } from '../../state/arrangement.ts'
import { grownBytes, grownInts } from '../../state/grown.ts'
import type { Output } from '../operator.ts'
import type { JoinPartners, Singles } from './join-partners.ts'
import { LEFT, RIGHT, type Side } from './join-single.ts'
import type { JoinState } from './join-state.ts'

/** A side's counts when the epoch began, of those that have changed since. */
class CountsBefore {
  #isKept = new Uint8Array(0)
  #counts = new Int32Array(0)

  keep(slot: number, { capacity, counts }: Arrangement['rows']): void {
    if (this.#isKept.length < capacity) {
      this.#isKept = grownBytes(this.#isKept, capacity)
      this.#counts = grownInts(this.#counts, capacity)
    }
    if (this.#isKept[slot] === 1) return
    this.#isKept[slot] = 1
    this.#counts[slot] = counts[slot]
  }

  /** The count when the epoch began; forgets it. */
  take(slot: number, now: number): number {
    if (this.#isKept[slot] !== 1) return now
    this.#isKept[slot] = 0
    return this.#counts[slot]
  }
}

export class RowPartners implements JoinPartners {
  readonly #state: JoinState
  readonly #singles: Singles
  readonly #before = [new CountsBefore(), new CountsBefore()] as const
  readonly dirty = false
  readonly #done: number[] = []

  constructor(state: JoinState, singles: Singles) {
    this.#state = state
    this.#singles = singles
  }

  /** The counts follow the pairs. */
  touch(): void {}

  counts = (left: number, right: number): void => {
    const { sides, plan } = this.#state
    if (plan.tracked[LEFT]) this.#count(LEFT, left, sides[RIGHT], right)
    if (plan.tracked[RIGHT]) this.#count(RIGHT, right, sides[LEFT], left)
  }

  /** A row that was not there before takes the partner as it is now, another one only what has
   *  changed of it. */
  #count(side: Side, slot: number, partners: Arrangement, partner: number): void {
    const own = this.#state.sides[side]
    const isNew = own.weightBefore(slot) === 0
    const change = isNew ? partners.rows.weights[partner] : partners.deltas[partner]
    if (change === 0) return
    this.#before[side].keep(slot, own.rows)
    own.stir(slot)
    own.rows.counts[slot] += change
    own.rows.touch(slot)
  }

  tell(out: Output): void {
    this.#tellSide(LEFT, out)
    this.#tellSide(RIGHT, out)
  }

  #tellSide(side: Side, out: Output): void {
    const singles = this.#singles[side]
    if (singles === undefined) return
    const own = this.#state.sides[side]
    const { view } = own.rows
    for (let i = 0; i < own.touchedCount; i++) {
      const slot = own.touched[i]
      const weight = this.#change(side, slot)
      if (weight !== 0) singles.add(view, slot, weight, out)
    }
    singles.flush(view, out)
  }

  /** By how much the row's own weight in the output changes. */
  #change(side: Side, slot: number): number {
    const { plan, sides } = this.#state
    const { rows, groups, deltas } = sides[side]
    const count = rows.counts[slot]
    const before = this.#before[side].take(slot, count)
    const isSemi = plan.node.join === 'semi'
    if (groups[slot] < 0) return isSemi ? 0 : deltas[slot]
    const has = count > 0
    if (has && !plan.pairs && plan.appendOnly) this.#done.push(slot)
    if (plan.final) return 0
    const now = has === isSemi ? rows.weights[slot] : 0
    const was = before > 0 === isSemi ? sides[side].weightBefore(slot) : 0
    return now - was
  }

  /** A left row of a semi or anti join that has found a partner is told for good when nothing is
   *  retracted. */
  settle(): void {
    const { rows } = this.#state.sides[LEFT]
    for (const slot of this.#done) if (rows.weights[slot] !== 0) rows.kill(slot)
    this.#done.length = 0
  }

  expire(side: Side, limitUs: number, out: Output): void {
    const own = this.#state.sides[side]
    const singles = this.#singles[side]
    if (!this.#state.plan.final || singles === undefined) {
      own.expire(limitUs)
      return
    }
    const { counts, view } = own.rows
    own.expire(limitUs, (slot) => {
      if (counts[slot] <= 0) singles.add(view, slot, 1, out)
    })
    singles.flush(view, out)
  }

  /** The counts are part of the rows. */
  restored(): void {}
}
