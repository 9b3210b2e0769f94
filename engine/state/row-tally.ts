/** Distinct rows with two sums of weights each, one per input. A row whose sums are 0 is let go. */

import type { EpochClock } from '../base/clock.ts'
import type { Batch } from '../batch/batch.ts'
import { hashRows } from '../batch/row-hash.ts'
import type { Schema } from '../batch/schema.ts'
import { FreshRows } from './fresh-rows.ts'
import { grownBytes, grownInts } from './grown.ts'
import { LastTouched } from './last-touched.ts'
import { RowIndex } from './row-index.ts'
import { RowStore, type StateSection } from './row-store.ts'

/** The sums of one row, now and when the epoch began. */
export type SeeChange = (
  slot: number,
  first: number,
  second: number,
  firstBefore: number,
  secondBefore: number,
) => void

/** Rows without news for so long are forgotten. */
export interface RowTtl {
  readonly us: number
  readonly clock: EpochClock
}

const ROWS_AT_ONCE = 8192

export class RowTally {
  /** The two counts of a row are its sums; its weight is 1 while it is known. */
  readonly rows: RowStore
  readonly #index = new RowIndex()
  /** As the counts of `rows`, when the epoch began; of the touched rows alone. */
  #before = new Int32Array(0)
  #isTouched = new Uint8Array(0)
  #touched = new Int32Array(0)
  #touchedCount = 0
  readonly #ttl: RowTtl | undefined
  readonly #lastTouched: LastTouched | undefined

  constructor(schema: Schema, ttl?: RowTtl) {
    this.rows = new RowStore(schema, 2)
    this.#ttl = ttl
    this.#lastTouched = ttl && new LastTouched(ttl.us)
  }

  /** Adds a batch's weights to the sums of input 0 or 1. */
  add(input: number, batch: Batch): void {
    const { rowCount, weights } = batch
    const hashes = hashRows(batch.columns, rowCount)
    const fresh = new FreshRows(batch, hashes, rowCount)
    const isDead = (slot: number) => this.rows.weights[slot] === 0
    for (let row = 0; row < rowCount; row++) {
      const weight = weights === null ? 1 : weights[row]
      const slot = this.#index.find(hashes[row], batch, row, this.rows.view, isDead)
      if (slot < 0 || this.#isExpired(slot)) fresh.add(row, 0, weight)
      else this.#add(slot, input, weight)
    }
    const count = fresh.finish()
    const first = this.rows.append(batch, fresh.rows, count, null)
    this.#makeRoom()
    for (let j = 0; j < count; j++) {
      const row = fresh.rows[j]
      this.#index.add(first + j, hashes[row])
      this.#add(first + j, input, fresh.weights[row])
    }
  }

  /** Whether a row comes again after its time; then it is let go, and begins anew. */
  #isExpired(slot: number): boolean {
    if (this.#lastTouched === undefined || this.#isTouched[slot] === 1) return false
    if (!this.#lastTouched.isExpired(slot, this.#ttl!.clock.nowUs)) return false
    this.rows.kill(slot)
    return true
  }

  #add(slot: number, input: number, weight: number): void {
    const { counts } = this.rows
    this.#lastTouched?.touch(slot, this.#ttl?.clock.nowUs ?? 0)
    if (this.#isTouched[slot] === 0) {
      this.#isTouched[slot] = 1
      this.#touched[this.#touchedCount++] = slot
      this.#before[slot * 2] = counts[slot * 2]
      this.#before[slot * 2 + 1] = counts[slot * 2 + 1]
    }
    counts[slot * 2 + input] += weight
    this.rows.touch(slot)
  }

  #makeRoom(): void {
    const { capacity } = this.rows
    this.#lastTouched?.makeRoom(capacity)
    if (this.#isTouched.length >= capacity) return
    this.#isTouched = grownBytes(this.#isTouched, capacity)
    this.#touched = grownInts(this.#touched, capacity)
    this.#before = grownInts(this.#before, capacity * 2)
  }

  /** Shows each row that this epoch has touched. */
  changes(see: SeeChange): void {
    const { counts } = this.rows
    for (let i = 0; i < this.#touchedCount; i++) {
      const slot = this.#touched[i]
      const [a, b] = [slot * 2, slot * 2 + 1]
      if (this.#ttl !== undefined) {
        // What is forgotten cannot be taken back.
        counts[a] = Math.max(0, counts[a])
        counts[b] = Math.max(0, counts[b])
      }
      see(slot, counts[a], counts[b], this.#before[a], this.#before[b])
    }
  }

  /** Shows each row with its sums. */
  all(see: (slot: number, first: number, second: number) => void): void {
    const { counts, weights, count } = this.rows
    for (let slot = 0; slot < count; slot++) {
      if (weights[slot] !== 0) see(slot, counts[slot * 2], counts[slot * 2 + 1])
    }
  }

  /** Ends the epoch: rows without sums go. */
  settle(): void {
    const { counts } = this.rows
    for (let i = 0; i < this.#touchedCount; i++) {
      const slot = this.#touched[i]
      this.#isTouched[slot] = 0
      if (counts[slot * 2] === 0 && counts[slot * 2 + 1] === 0) this.rows.kill(slot)
    }
    this.#touchedCount = 0
    this.#forgetExpired()
    if (!this.rows.crowded) return
    const kept = this.rows.sweep()
    this.#index.retain(kept, kept.length)
    this.#lastTouched?.pick(kept)
  }

  #forgetExpired(): void {
    const { count, weights } = this.rows
    const keeps = this.#lastTouched?.sweep(count, this.#ttl!.clock.nowUs)
    if (keeps === undefined) return
    for (let slot = 0; slot < count; slot++) {
      if (weights[slot] !== 0 && !keeps(slot)) this.rows.kill(slot)
    }
  }

  /** The epoch clock at which rows whose time is over should go. */
  get dueUs(): number {
    return this.#lastTouched?.dueUs(this.rows.live) ?? Infinity
  }

  snapshot(): StateSection[] {
    if (this.#lastTouched === undefined) return this.rows.snapshot('')
    const slots = Array.from({ length: this.rows.count }, (_, slot) => slot)
    const bytes = this.#lastTouched.snapshot(slots)
    const version = this.#ttl!.clock.epoch
    return [...this.rows.snapshot(''), { name: 'touched', version, bytes }]
  }

  restore(sections: readonly StateSection[]): void {
    this.rows.restore('', sections)
    this.#makeRoom()
    const touched = sections.find(({ name }) => name === 'touched')
    if (touched !== undefined) this.#lastTouched?.restore(touched.bytes)
    const { count, view, weights } = this.rows
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      const batch = view.slice(from, Math.min(count, from + ROWS_AT_ONCE))
      const hashes = hashRows(batch.columns, batch.rowCount)
      for (let row = 0; row < batch.rowCount; row++) {
        if (weights[from + row] !== 0) this.#index.add(from + row, hashes[row])
      }
    }
  }

  get bytes(): number {
    const slots = this.#isTouched.length + this.#touched.byteLength + this.#before.byteLength
    return this.rows.bytes + this.#index.bytes + slots
  }
}
