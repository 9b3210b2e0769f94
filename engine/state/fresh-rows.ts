/** The rows of a batch that a store does not have yet, each once with the sum of its weights. */

import type { Batch } from '../batch/batch.ts'
import { sameRow } from '../batch/same-row.ts'

export class FreshRows {
  readonly #batch: Batch
  readonly #hashes: Int32Array
  /** Open addressing: place in `rows` + 1. */
  readonly #table: Int32Array
  #count = 0
  /** Where each row stands in the batch, and its group. */
  readonly rows: Int32Array
  readonly groups: Int32Array
  /** By position in the batch: the sums. */
  readonly weights: Int32Array

  /** At most n rows will be added. `hashes` are those of all rows of the batch. */
  constructor(batch: Batch, hashes: Int32Array, n: number) {
    this.#batch = batch
    this.#hashes = hashes
    this.#table = new Int32Array(1 << (32 - Math.clz32(n * 2)))
    this.rows = new Int32Array(n)
    this.groups = new Int32Array(n)
    this.weights = new Int32Array(batch.rowCount)
  }

  add(row: number, group: number, weight: number): void {
    const mask = this.#table.length - 1
    const hash = this.#hashes[row]
    let slot = hash & mask
    for (;;) {
      const place = this.#table[slot] - 1
      if (place < 0) break
      const other = this.rows[place]
      if (this.#hashes[other] === hash && sameRow(this.#batch, other, this.#batch, row)) {
        this.weights[other] += weight
        return
      }
      slot = (slot + 1) & mask
    }
    this.rows[this.#count] = row
    this.groups[this.#count] = group
    this.weights[row] = weight
    this.#table[slot] = ++this.#count
  }

  /** Leaves out the rows that came and went; returns how many stay in `rows` and `groups`. */
  finish(): number {
    let count = 0
    for (let place = 0; place < this.#count; place++) {
      if (this.weights[this.rows[place]] === 0) continue
      this.rows[count] = this.rows[place]
      this.groups[count++] = this.groups[place]
    }
    return count
  }
}
