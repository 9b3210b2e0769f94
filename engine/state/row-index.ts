/** Finds a stored row by its whole content: a hash table of row slots, chained, outside the
 *  JavaScript heap. Dead rows leave their chain when a search comes by. */

import type { Batch } from '../batch/batch.ts'
import { sameRow } from '../batch/same-row.ts'
import { grownCapacity, grownInts } from './grown.ts'

const NONE = -1
const BUCKETS_MIN = 128

export class RowIndex {
  /** The slot that a bucket's chain begins with. */
  #buckets = new Int32Array(BUCKETS_MIN).fill(NONE)
  #next = new Int32Array(0)
  #hashes = new Int32Array(0)

  /** The slot of a row like row `row` of `batch`, whose hash (row-hash.ts) is given; -1 if there is
   *  none. `isDead` says which slots to forget. */
  find(
    hash: number,
    batch: Batch,
    row: number,
    stored: Batch,
    isDead: (slot: number) => boolean,
  ): number {
    const bucket = hash & (this.#buckets.length - 1)
    let previous = NONE
    let slot = this.#buckets[bucket]
    while (slot !== NONE) {
      const following = this.#next[slot]
      if (isDead(slot)) {
        if (previous === NONE) this.#buckets[bucket] = following
        else this.#next[previous] = following
      } else {
        if (this.#hashes[slot] === hash && sameRow(batch, row, stored, slot)) return slot
        previous = slot
      }
      slot = following
    }
    return NONE
  }

  /** Adds a slot that is above all others. */
  add(slot: number, hash: number): void {
    if (slot >= this.#next.length) {
      const capacity = grownCapacity(this.#next.length, slot + 1)
      this.#next = grownInts(this.#next, capacity)
      this.#hashes = grownInts(this.#hashes, capacity)
      this.#rehash(capacity * 2, slot)
    }
    const bucket = hash & (this.#buckets.length - 1)
    this.#hashes[slot] = hash
    this.#next[slot] = this.#buckets[bucket]
    this.#buckets[bucket] = slot
  }

  #rehash(size: number, count: number): void {
    if (size <= this.#buckets.length) return
    const linked = this.#buckets
    const buckets = new Int32Array(size).fill(NONE)
    const order = new Uint8Array(count)
    for (const first of linked) {
      for (let slot = first; slot !== NONE; slot = this.#next[slot]) order[slot] = 1
    }
    for (let slot = 0; slot < count; slot++) {
      if (order[slot] === 0) continue
      const bucket = this.#hashes[slot] & (size - 1)
      this.#next[slot] = buckets[bucket]
      buckets[bucket] = slot
    }
    this.#buckets = buckets
  }

  /** Keeps the slots `kept[0..n)`, which ascend, under the new numbers 0..n-1. */
  retain(kept: Int32Array, n: number): void {
    for (let slot = 0; slot < n; slot++) this.#hashes[slot] = this.#hashes[kept[slot]]
    this.#buckets.fill(NONE)
    const mask = this.#buckets.length - 1
    for (let slot = 0; slot < n; slot++) {
      const bucket = this.#hashes[slot] & mask
      this.#next[slot] = this.#buckets[bucket]
      this.#buckets[bucket] = slot
    }
  }

  get bytes(): number {
    return this.#buckets.byteLength + this.#next.byteLength * 2
  }
}
