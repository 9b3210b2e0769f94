/** Partners known per group: without a condition all rows of a group have the same ones, so the sum
 *  of the other side's weights says it all. A group is walked only when that sum leaves or reaches
 *  0. Also NOT IN, where the groups of NULL and the number of all rows play a part. */

import type { Batch } from '../../batch/batch.ts'
import type { Arrangement } from '../../state/arrangement.ts'
import { grownCapacity, grownInts } from '../../state/grown.ts'
import type { Output } from '../operator.ts'
import type { JoinPartners, Singles } from './join-partners.ts'
import { RIGHT, type Side } from './join-single.ts'
import type { JoinState } from './join-state.ts'

/** NOT IN: what is on the right side as a whole. */
interface Totals {
  rows: number
  nulls: number
}

export class GroupPartners implements JoinPartners {
  readonly #state: JoinState
  readonly #singles: Singles
  readonly counts = undefined
  #touched = new Int32Array(64)
  #touchedCount = 0
  readonly #totals: Totals = { rows: 0, nulls: 0 }
  #totalsBefore: Totals = { rows: 0, nulls: 0 }
  /** Left rows that nothing can change any more, while the epoch lasts. */
  readonly #done: number[] = []

  constructor(state: JoinState, singles: Singles) {
    this.#state = state
    this.#singles = singles
  }

  get dirty(): boolean {
    return this.#touchedCount > 0
  }

  #array(index: number): Int32Array {
    return this.#state.table.arrays[index] as Int32Array
  }

  touch(side: Side, batch: Batch): void {
    const { plan, grouped, groups, places } = this.#state
    if (!grouped || !plan.tracked[1 - side]) return
    const sums = this.#array(places.weights[side])
    const befores = places.before.map((place) => this.#array(place))
    const both = places.weights.map((place) => this.#array(place))
    const marks = this.#array(places.mark)
    for (let j = 0; j < batch.rowCount; j++) {
      const g = groups[j]
      if (g < 0) continue
      if (marks[g] === 0) {
        marks[g] = 1
        befores[0][g] = both[0][g]
        befores[1][g] = both[1][g]
        this.#list(g)
      }
      sums[g] += batch.weights === null ? 1 : batch.weights[j]
    }
    if (plan.nullAware && side === RIGHT) this.#total(batch)
  }

  #list(group: number): void {
    if (this.#touchedCount === this.#touched.length) {
      this.#touched = grownInts(this.#touched, grownCapacity(0, this.#touchedCount + 1))
    }
    this.#touched[this.#touchedCount++] = group
  }

  #total({ rowCount, weights }: Batch): void {
    const { groups, table } = this.#state
    for (let j = 0; j < rowCount; j++) {
      const weight = weights === null ? 1 : weights[j]
      this.#totals.rows += weight
      if (table.nulls[groups[j]] !== 0) this.#totals.nulls += weight
    }
  }

  tell(out: Output): void {
    this.#tellSide(0, out)
    this.#tellSide(1, out)
  }

  #tellSide(side: Side, out: Output): void {
    const singles = this.#singles[side]
    if (singles === undefined) return
    const rows = this.#state.sides[side]
    const { view } = rows.rows
    const add = (slot: number, weight: number) => {
      if (weight !== 0) singles.add(view, slot, weight, out)
    }
    if (this.#overturned) this.#tellAll(rows, add)
    else {
      this.#tellGroups(side, rows, add)
      this.#tellRows(side, rows, add)
    }
    singles.flush(view, out)
  }

  /** The groups whose having a partner has changed, row by row. */
  #tellGroups(side: Side, rows: Arrangement, add: (slot: number, weight: number) => void): void {
    for (let i = 0; i < this.#touchedCount; i++) {
      const g = this.#touched[i]
      const now = this.#shown(side, g)
      const was = this.#shownBefore(side, g)
      if (now === was) continue
      const n = rows.members(g)
      for (let k = 0; k < n; k++) {
        const slot = rows.found[k]
        add(slot, (now ? rows.rows.weights[slot] : 0) - (was ? rows.weightBefore(slot) : 0))
        this.#noteDone(slot, now)
      }
    }
  }

  /** The changed rows of the other groups. */
  #tellRows(side: Side, rows: Arrangement, add: (slot: number, weight: number) => void): void {
    const alone = this.#state.plan.node.join !== 'semi'
    for (let i = 0; i < rows.touchedCount; i++) {
      const slot = rows.touched[i]
      const g = rows.groups[slot]
      if (g < 0) {
        if (alone) add(slot, rows.deltas[slot])
        continue
      }
      const now = this.#shown(side, g)
      if (now !== this.#shownBefore(side, g)) continue
      if (now) add(slot, rows.deltas[slot])
      this.#noteDone(slot, now)
    }
  }

  /** All left rows: NOT IN, after the right side got its first row or lost its last one, or the
   *  same with its NULLs. */
  #tellAll(rows: Arrangement, add: (slot: number, weight: number) => void): void {
    const { weights, count } = rows.rows
    for (let slot = 0; slot < count; slot++) {
      const before = rows.weightBefore(slot)
      if (weights[slot] === 0 && before === 0) continue
      const g = rows.groups[slot]
      const now = this.#shown(0, g)
      add(slot, (now ? weights[slot] : 0) - (this.#shownBefore(0, g) ? before : 0))
      this.#noteDone(slot, now)
    }
  }

  get #overturned(): boolean {
    const { rows, nulls } = this.#totals
    const before = this.#totalsBefore
    return rows > 0 !== before.rows > 0 || nulls > 0 !== before.nulls > 0
  }

  /** Whether the rows of a side's group are in the output, by what the other side has now. */
  #shown(side: Side, group: number): boolean {
    const sum = this.#array(this.#state.places.weights[1 - side])[group]
    return this.#shownBy(sum, group, this.#totals)
  }

  #shownBefore(side: Side, group: number): boolean {
    const { places } = this.#state
    if (this.#array(places.mark)[group] === 0) {
      const sum = this.#array(places.weights[1 - side])[group]
      return this.#shownBy(sum, group, this.#totalsBefore)
    }
    return this.#shownBy(this.#array(places.before[1 - side])[group], group, this.#totalsBefore)
  }

  #shownBy(sum: number, group: number, totals: Totals): boolean {
    const { plan, table } = this.#state
    if (plan.node.join === 'semi') return sum > 0
    if (!plan.nullAware) return sum <= 0
    if (totals.rows <= 0) return true
    return totals.nulls <= 0 && table.nulls[group] === 0 && sum <= 0
  }

  /** A left row of a semi or anti join that has found a partner is told for good when nothing is
   *  retracted. */
  #noteDone(slot: number, shown: boolean): void {
    const { plan } = this.#state
    if (plan.pairs || !plan.appendOnly) return
    if (shown === (plan.node.join === 'semi')) this.#done.push(slot)
  }

  settle(): void {
    const marks = this.#state.grouped ? this.#array(this.#state.places.mark) : this.#touched
    for (let i = 0; i < this.#touchedCount; i++) marks[this.#touched[i]] = 0
    this.#touchedCount = 0
    this.#totalsBefore = { ...this.#totals }
    const { rows } = this.#state.sides[0]
    for (const slot of this.#done) if (rows.weights[slot] !== 0) rows.kill(slot)
    this.#done.length = 0
  }

  expire(side: Side, limitUs: number): void {
    this.#state.sides[side].expire(limitUs)
  }

  /** After the state was restored: counts what is on the right side. */
  restored(): void {
    const { plan, sides, table } = this.#state
    if (!plan.nullAware) return
    const { rows, groups } = sides[RIGHT]
    for (let slot = 0; slot < rows.count; slot++) {
      const weight = rows.weights[slot]
      this.#totals.rows += weight
      if (weight !== 0 && table.nulls[groups[slot]] !== 0) this.#totals.nulls += weight
    }
    this.#totalsBefore = { ...this.#totals }
  }
}
