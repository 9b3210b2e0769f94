/** One partition of MATCH_RECOGNIZE: its rows in order, where the next attempt begins, and the
 *  attempt that waits. Rows are kept from the ones that a match can still read. */

import { OrderedSlots, type SlotOrder } from '../../state/ordered-slots.ts'
import type { MatchRows } from './match-path.ts'
import type { MatchSearch } from './match-search.ts'

/** What of a partition is in a snapshot beside its rows. */
export interface PartitionNumbers {
  /** Position, among the kept rows, of the first row that no attempt was begun at; or of the one
   *  whose attempt waits. */
  next: number
  /** How many matches there were. */
  matches: number
  /** Rows before this position are in a match. */
  covered: number
}

export class MatchPartition implements MatchRows, PartitionNumbers {
  /** Rows that the watermark has not passed. */
  readonly #coming = new OrderedSlots()
  slots: number[] = []
  times: number[] = []
  next = 0
  matches = 0
  covered = 0
  ended = false
  closedUs = -Infinity
  /** The `waitsSinceUs` that its owner has taken note of. */
  notedUs = Infinity
  /** The attempt at the row `next`, if it waits. */
  search: MatchSearch | undefined

  /** Whether nothing is kept. */
  get isEmpty(): boolean {
    return this.slots.length === 0 && this.#coming.length === 0
  }

  /** Whether an attempt waits. */
  get waits(): boolean {
    return this.next < this.slots.length
  }

  /** When the attempt that waits begins; Infinity if none does. */
  get waitsSinceUs(): number {
    return this.waits ? this.times[this.next] : Infinity
  }

  add(slot: number, order: SlotOrder): void {
    this.#coming.insert(slot, order)
  }

  /** Takes over the rows below the watermark. */
  close(closedUs: number, timeOf: (slot: number) => number): void {
    this.closedUs = closedUs
    this.ended = closedUs === Infinity
    const coming = this.#coming
    if (coming.length === 0) return
    const count = coming.firstWhere((slot) => timeOf(slot) >= closedUs)
    for (const slot of coming.shift(count)) {
      this.slots.push(slot)
      this.times.push(timeOf(slot))
    }
  }

  /** Lets go of rows that are more than `behind` before the next attempt; calls `gone` for each. */
  trim(behind: number, gone: (slot: number) => void): void {
    const count = this.next - behind
    if (count <= 0) return
    for (let i = 0; i < count; i++) gone(this.slots[i])
    this.slots.splice(0, count)
    this.times.splice(0, count)
    this.next -= count
    this.covered = Math.max(0, this.covered - count)
    if (this.search !== undefined) this.search.path.start -= count
  }

  renumber(numberOf: (slot: number) => number): void {
    this.#coming.renumber(numberOf)
    this.slots = this.slots.map(numberOf)
  }

  forEachComing(visit: (slot: number) => void): void {
    for (const slot of this.#coming) visit(slot)
  }

  get bytes(): number {
    const kept = this.slots.length * 16 + this.#coming.bytes
    return 160 + kept + (this.search?.bytes ?? 0)
  }
}
