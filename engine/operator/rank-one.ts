/** The first row of each partition over append-only input: deduplication, keep-first or keep-last
 *  by the order. State: one row a partition. */

import type { Batch } from '../batch/batch.ts'
import { grownBytes, grownInts } from '../state/grown.ts'
import type { RankNode } from './nodes.ts'
import type { OperatorContext, Output, Section, StateSize } from './operator.ts'
import { OrderedRows } from './ordered-rows.ts'
import { emitRanked, noneRanked, orderedBy, type RankState } from './rank-state.ts'

const NONE = -1

export class RankOne implements RankState {
  readonly #node: RankNode
  readonly #rows: OrderedRows
  readonly #partitions: Int32Array
  readonly #candidates: Int32Array
  /** Per partition: the slot of its first row, and of the one that was said; -1: none. */
  #best = new Int32Array(0)
  #said = new Int32Array(0)
  /** Per partition: touched in this epoch. */
  #dirty = new Uint8Array(0)
  #touched: number[] = []

  constructor(node: RankNode, context: OperatorContext) {
    this.#node = node
    this.#rows = new OrderedRows(orderedBy(node, context))
    this.#partitions = new Int32Array(context.batchRowsMax)
    this.#candidates = new Int32Array(context.batchRowsMax)
  }

  add(batch: Batch): void {
    const rows = this.#rows
    const extended = rows.extended(batch)
    const partitions = rows.partitionsOf(batch, this.#partitions)
    this.#makeRoom()
    const best = this.#best
    const candidates = this.#candidates
    let n = 0
    for (let row = 0; row < batch.rowCount; row++) {
      const slot = best[partitions[row]]
      if (slot === NONE || rows.compareRow(extended, row, slot) < 0) candidates[n++] = row
    }
    if (n === 0) return
    const first = rows.append(extended, candidates, n)
    for (let j = 0; j < n; j++) this.#take(first + j, partitions[candidates[j]])
  }

  #take(slot: number, partition: number): void {
    const { store } = this.#rows
    const before = this.#best[partition]
    if (before !== NONE && this.#rows.comparePeers(slot, before) >= 0) {
      store.kill(slot)
      return
    }
    if (before !== NONE) store.kill(before)
    this.#best[partition] = slot
    if (this.#dirty[partition] === 1) return
    this.#dirty[partition] = 1
    this.#touched.push(partition)
  }

  #makeRoom(): void {
    const { length } = this.#rows.partitions.hashes
    if (this.#best.length >= length) return
    this.#best = grownInts(this.#best, length, NONE)
    this.#said = grownInts(this.#said, length, NONE)
    this.#dirty = grownBytes(this.#dirty, length)
  }

  emit(out: Output): void {
    if (this.#touched.length === 0) return
    const [gone, come] = [noneRanked(), noneRanked()]
    for (const partition of this.#touched) {
      const [said, best] = [this.#said[partition], this.#best[partition]]
      this.#dirty[partition] = 0
      this.#said[partition] = best
      come.slots.push(best)
      come.ranks.push(1)
      if (said === NONE) continue
      gone.slots.push(said)
      gone.ranks.push(1)
    }
    this.#touched = []
    emitRanked(this.#rows, gone, come, this.#node, out)
    this.#rows.tidy((numberOf) => {
      const { count } = this.#rows.partitions
      for (let p = 0; p < count; p++) this.#said[p] = this.#best[p] = numberOf(this.#best[p])
    })
  }

  snapshot(): readonly Section[] {
    return this.#rows.snapshot()
  }

  restore(sections: readonly Section[]): void {
    this.#rows.restore(sections, (slot, partition) => {
      this.#makeRoom()
      this.#best[partition] = this.#said[partition] = slot
    })
  }

  stateSize(): StateSize {
    return { rows: this.#rows.store.live, bytes: this.#rows.bytes + this.#best.length * 9 }
  }
}
