/** Finds a stored row by its whole content: a hash table of row slots, chained, outside the
 *  JavaScript heap. Dead rows leave their chain when a search comes by. */

import type { Batch } from '../batch/batch.ts'
import { sameRow } from '../batch/same-row.ts'
import { grownCapacity, grownInts } from './grown.ts'
import { bySlot, ORDER_MIN } from './slot-order.ts'

const NONE = -1
/** Instead of the next slot: the slot is in no chain. */
const ABSENT = -2
/** See `grownCapacity`. */
const CAPACITY_FIRST = 112
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
        this.#next[slot] = ABSENT
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
      const capacity = grownCapacity(this.#next.length, slot + 1, CAPACITY_FIRST)
      this.#next = grownInts(this.#next, capacity, ABSENT)
      this.#hashes = grownInts(this.#hashes, capacity)
      // A power of two: below twice the capacity, above it.
      this.#rehash(1 << (32 - Math.clz32(capacity)), slot)
    }
    this.#hashes[slot] = hash
    link(this.#buckets, this.#next, slot, hash & (this.#buckets.length - 1))
  }

  #rehash(size: number, count: number): void {
    if (size <= this.#buckets.length) return
    const next = this.#next
    const buckets = new Int32Array(size).fill(NONE)
    const mask = size - 1
    const isIn = (slot: number) => next[slot] !== ABSENT
    if (count < ORDER_MIN) {
      for (let slot = 0; slot < count; slot++) {
        if (isIn(slot)) link(buckets, next, slot, this.#hashes[slot] & mask)
      }
    } else {
      const { numbers, hashes } = bySlot(this.#hashes, count, mask, isIn)
      for (let i = 0; i < numbers.length; i++) link(buckets, next, numbers[i], hashes[i] & mask)
    }
    this.#buckets = buckets
  }

  /** Keeps the slots `kept[0..n)`, which ascend, under the new numbers 0..n-1. */
  retain(kept: Int32Array, n: number): void {
    for (let slot = 0; slot < n; slot++) this.#hashes[slot] = this.#hashes[kept[slot]]
    this.#buckets.fill(NONE)
    this.#next.fill(ABSENT, n)
    const mask = this.#buckets.length - 1
    if (n < ORDER_MIN) {
      for (let slot = 0; slot < n; slot++) {
        link(this.#buckets, this.#next, slot, this.#hashes[slot] & mask)
      }
      return
    }
    const { numbers, hashes } = bySlot(this.#hashes, n, mask)
    for (let i = 0; i < n; i++) link(this.#buckets, this.#next, numbers[i], hashes[i] & mask)
  }

  get bytes(): number {
    return this.#buckets.byteLength + this.#next.byteLength * 2
  }
}

/** Puts a slot in front of a bucket's chain. */
function link(buckets: Int32Array, next: Int32Array, slot: number, bucket: number): void {
  next[slot] = buckets[bucket]
  buckets[bucket] = slot
}
