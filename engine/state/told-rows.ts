/** Rows that came, each with the rows that were told for it, so that these can be taken back as
 *  they were when it goes. Equal rows are kept one by one, under numbers that ascend. A row that
 *  goes before it comes is kept as a debt. */

import type { Batch } from '../batch/batch.ts'
import { hashRows } from '../batch/row-hash.ts'
import type { Schema } from '../batch/schema.ts'
import { grownCapacity, grownInts } from './grown.ts'
import { RowIndex } from './row-index.ts'
import { RowStore, type StateSection } from './row-store.ts'
import { numberAt } from './times.ts'

const NONE = -1
const ROWS_AT_ONCE = 8192

export class ToldRows {
  /** The last column is the row's number. */
  readonly #came: RowStore
  /** Likewise: the number of the row that it was told for. */
  readonly #told: RowStore
  readonly #index = new RowIndex()
  readonly #isDead = (slot: number): boolean => this.#came.weights[slot] === 0
  /** By slot of `came`: what was told first; by slot of `told`: what was told next. */
  #first = new Int32Array(0)
  #next = new Int32Array(0)

  /** Both schemas end with a BIGINT for the number. */
  constructor(came: Schema, told: Schema) {
    this.#came = new RowStore(came)
    this.#told = new RowStore(told)
  }

  /** The told rows by slot, until `settle`. */
  get told(): Batch {
    return this.#told.view
  }

  /** Row `row` of a batch comes; `numbered` has its number too. False: it was owed, so that it
   *  is no news. */
  come(batch: Batch, numbered: Batch, row: number, hash: number): boolean {
    const slot = this.#index.find(hash, batch, row, this.#came.view, this.#isDead)
    if (slot >= 0 && this.#came.weights[slot] < 0) {
      this.#came.kill(slot)
      return false
    }
    this.#append(numbered, row, hash)
    return true
  }

  /** A row goes; `see` gets the slots of what was told for it. Of equal rows the last one goes. */
  go(batch: Batch, numbered: Batch, row: number, hash: number, see: (told: number) => void): void {
    const slot = this.#index.find(hash, batch, row, this.#came.view, this.#isDead)
    if (slot < 0 || this.#came.weights[slot] < 0) {
      const owed = this.#append(numbered, row, hash)
      this.#came.weights[owed] = -1
      this.#came.touch(owed)
      return
    }
    for (let told = this.#first[slot]; told !== NONE; told = this.#next[told]) {
      see(told)
      this.#told.kill(told)
    }
    this.#came.kill(slot)
  }

  #append(numbered: Batch, row: number, hash: number): number {
    const slot = this.#came.append(numbered, Int32Array.of(row), 1, null)
    this.#index.add(slot, hash)
    this.#makeRoom()
    return slot
  }

  /** Keeps rows that are told; returns which of them are for a row that is still there. */
  tell(rows: Batch): Int32Array {
    const numbers = rows.columns[rows.columns.length - 1]
    const kept = new Int32Array(rows.rowCount)
    const slots = new Int32Array(rows.rowCount)
    let n = 0
    for (let row = 0; row < rows.rowCount; row++) {
      const slot = this.#slotOf(numberAt(numbers, row))
      if (slot === NONE) continue
      slots[n] = slot
      kept[n++] = row
    }
    const first = this.#told.append(rows, kept, n, null)
    this.#makeRoom()
    for (let j = 0; j < n; j++) this.#link(slots[j], first + j)
    return kept.subarray(0, n)
  }

  #link(slot: number, told: number): void {
    this.#next[told] = this.#first[slot]
    this.#first[slot] = told
  }

  /** The row of this number; -1 if it is gone. Numbers ascend with the slots. */
  #slotOf(number: number): number {
    const { view, count, weights } = this.#came
    const numbers = view.columns[view.columns.length - 1]
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >> 1
      if (numberAt(numbers, middle) < number) low = middle + 1
      else high = middle
    }
    return low < count && weights[low] > 0 && numberAt(numbers, low) === number ? low : NONE
  }

  #makeRoom(): void {
    const came = grownCapacity(this.#first.length, this.#came.count)
    if (came > this.#first.length) this.#first = grownInts(this.#first, came, NONE)
    const told = grownCapacity(this.#next.length, this.#told.count)
    if (told > this.#next.length) this.#next = grownInts(this.#next, told, NONE)
  }

  /** Ends the epoch: what is gone is swept out if it is much. */
  settle(): void {
    if (!this.#came.crowded && !this.#told.crowded) return
    const kept = this.#came.sweep()
    this.#index.retain(kept, kept.length)
    this.#told.sweep()
    this.#relink()
  }

  #relink(): void {
    this.#first = new Int32Array(0)
    this.#next = new Int32Array(0)
    this.#makeRoom()
    const { view, count, weights } = this.#told
    for (let told = 0; told < count; told++) {
      if (weights[told] === 0) continue
      this.#link(this.#slotOf(numberAt(view.columns[view.columns.length - 1], told)), told)
    }
  }

  snapshot(): StateSection[] {
    return [...this.#came.snapshot('came-'), ...this.#told.snapshot('told-')]
  }

  restore(sections: readonly StateSection[]): void {
    this.#came.restore('came-', sections)
    this.#told.restore('told-', sections)
    const { count, view, weights } = this.#came
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      const { columns, rowCount } = view.slice(from, Math.min(count, from + ROWS_AT_ONCE))
      const hashes = hashRows(columns.slice(0, -1), rowCount)
      for (let row = 0; row < rowCount; row++) {
        if (weights[from + row] !== 0) this.#index.add(from + row, hashes[row])
      }
    }
    this.#relink()
  }

  get live(): number {
    return this.#came.live + this.#told.live
  }

  get bytes(): number {
    const lists = this.#first.byteLength + this.#next.byteLength
    return this.#came.bytes + this.#told.bytes + this.#index.bytes + lists
  }
}
