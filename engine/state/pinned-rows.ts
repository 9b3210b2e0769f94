/** Rows that are there, each with further values that belong to it: found by its first columns, and
 *  gone with the values that it came with. Equal rows are kept one by one. */

import type { Batch } from '../batch/batch.ts'
import { hashRows } from '../batch/row-hash.ts'
import type { Schema } from '../batch/schema.ts'
import { grownInts } from './grown.ts'
import { RowIndex } from './row-index.ts'
import { RowStore, type StateSection } from './row-store.ts'

/** What comes of a batch: stored rows, until `settle`, with weights of +1 and -1. */
export interface Picks {
  count: number
  slots: Int32Array
  weights: Int32Array
  /** The row of the batch that each is for. */
  rows: Int32Array
}

const ROWS_AT_ONCE = 8192

export class PinnedRows {
  readonly #rows: RowStore
  readonly #index = new RowIndex()
  readonly #isDead = (slot: number): boolean => this.#rows.weights[slot] === 0
  readonly #one = new Int32Array(1)

  constructor(schema: Schema) {
    this.#rows = new RowStore(schema)
  }

  get view(): Batch {
    return this.#rows.view
  }

  get live(): number {
    return this.#rows.live
  }

  get bytes(): number {
    return this.#rows.bytes + this.#index.bytes
  }

  /** Takes the rows of a batch. `wide`: the same rows with the values that they get if they are
   *  new. A row that goes before it comes is kept as a debt of -1. */
  apply(batch: Batch, wide: Batch, hashes: Int32Array): Picks {
    const picks: Picks = {
      count: 0,
      slots: new Int32Array(batch.rowCount),
      weights: new Int32Array(batch.rowCount),
      rows: new Int32Array(batch.rowCount),
    }
    for (let row = 0; row < batch.rowCount; row++) {
      const weight = batch.weights === null ? 1 : batch.weights[row]
      const step = Math.sign(weight)
      for (let n = 0; n !== weight; n += step) {
        pick(picks, this.#step(batch, wide, row, hashes[row], step), step, row)
      }
    }
    return picks
  }

  /** One row comes (+1) or goes (-1); returns its slot. Equal rows are all there or all owed. */
  #step(batch: Batch, wide: Batch, row: number, hash: number, step: number): number {
    const rows = this.#rows
    const found = this.#index.find(hash, batch, row, rows.view, this.#isDead)
    if (found >= 0 && rows.weights[found] === -step) {
      rows.kill(found)
      return found
    }
    this.#one[0] = row
    const slot = rows.append(wide, this.#one, 1, null)
    if (step < 0) {
      rows.weights[slot] = step
      rows.touch(slot)
    }
    this.#index.add(slot, hash)
    return slot
  }

  /** Ends the epoch. */
  settle(): void {
    if (!this.#rows.crowded) return
    const kept = this.#rows.sweep()
    this.#index.retain(kept, kept.length)
  }

  snapshot(): StateSection[] {
    return this.#rows.snapshot('')
  }

  /** `width`: how many columns a row is found by. */
  restore(sections: readonly StateSection[], width: number): void {
    this.#rows.restore('', sections)
    const { count, view, weights } = this.#rows
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      const batch = view.slice(from, Math.min(count, from + ROWS_AT_ONCE))
      const hashes = hashRows(batch.columns.slice(0, width), batch.rowCount)
      for (let row = 0; row < batch.rowCount; row++) {
        if (weights[from + row] !== 0) this.#index.add(from + row, hashes[row])
      }
    }
  }
}

function pick(picks: Picks, slot: number, weight: number, row: number): void {
  if (picks.count === picks.slots.length) {
    const capacity = Math.max(16, picks.count * 2)
    picks.slots = grownInts(picks.slots, capacity)
    picks.weights = grownInts(picks.weights, capacity)
    picks.rows = grownInts(picks.rows, capacity)
  }
  picks.slots[picks.count] = slot
  picks.weights[picks.count] = weight
  picks.rows[picks.count++] = row
}
