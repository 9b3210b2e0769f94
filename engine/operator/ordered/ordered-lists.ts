/** The stored rows of each partition as lists in order, and how the net change of an epoch is
 *  brought into them. A retraction without its row waits in the store with weight -1 until the row
 *  comes. */

import type { Batch } from '../../batch/batch.ts'
import { hashRows } from '../../batch/row-hash.ts'
import { sameRow } from '../../batch/same-row.ts'
import { OrderedSlots } from '../../state/ordered-slots.ts'
import { allRows } from '../group/group-rows.ts'
import type { Section, StateSize } from '../operator.ts'
import { OrderedRows, type OrderedRowsOptions } from './ordered-rows.ts'

/** Sees a partition's list just before it changes. */
export type Touch = (partition: number, list: OrderedSlots) => void

const least = (a: number, b: number): number => Math.min(a, b)

const NO_HASHES = new Int32Array(0)

export class OrderedLists {
  readonly rows: OrderedRows
  #lists: OrderedSlots[] = []
  /** Partitions without rows. */
  #empty = 0
  /** The slots of retractions whose rows have not come yet. */
  #owed: number[] = []

  readonly #forgets: boolean

  /** `forgets`: rows may have been forgotten, so a retraction without its row means nothing. */
  constructor(options: OrderedRowsOptions, forgets = false) {
    this.rows = new OrderedRows(options)
    this.#forgets = forgets
  }

  /** Forgets the rows of a partition. */
  clear(partition: number): void {
    const list = this.list(partition)
    if (list.length === 0) return
    while (list.length > 0) this.rows.store.kill(list.pop())
    this.#empty++
  }

  /** Forgets the first rows of a partition; what was at their slots stays there until `tidy`. */
  shift(partition: number, count: number): void {
    const list = this.list(partition)
    for (const slot of list.shift(count)) this.rows.store.kill(slot)
    if (list.length === 0) this.#empty++
  }

  /** The list of a partition; an empty one if there was none. */
  list(partition: number): OrderedSlots {
    while (this.#lists.length <= partition) {
      this.#lists.push(new OrderedSlots())
      this.#empty++
    }
    return this.#lists[partition]
  }

  /** Puts a stored row into a list. */
  put(list: OrderedSlots, slot: number): void {
    if (list.length === 0) this.#empty--
    list.insert(slot, this.rows.order)
  }

  /** Brings a net change into the lists. */
  apply(batch: Batch, touch: Touch): void {
    const { rows } = this
    const extended = rows.extended(batch)
    const partitions = rows.partitionsOf(batch)
    const come = repeated(batch.weights, batch.rowCount)
    const touched = (row: number): OrderedSlots => {
      const list = this.list(partitions[row])
      touch(partitions[row], list)
      return list
    }
    const hashes = rows.isIndexed ? hashRows(extended.columns, batch.rowCount) : NO_HASHES
    const first = rows.append(extended, come, come.length)
    for (let j = 0; rows.isIndexed && j < come.length; j++) {
      rows.indexRow(first + j, hashes[come[j]])
    }
    for (let j = 0; j < come.length; j++) this.#add(touched(come[j]), first + j)
    if (batch.weights === null) return
    for (let row = 0; row < batch.rowCount; row++) {
      for (let n = batch.weights[row]; n < 0; n++) {
        this.#remove(touched(row), extended, row, hashes[row])
      }
    }
  }

  #add(list: OrderedSlots, slot: number): void {
    const { store } = this.rows
    const owed = this.#owed.findIndex((other) => sameRow(store.view, other, store.view, slot))
    if (owed < 0) {
      this.put(list, slot)
      return
    }
    store.kill(this.#owed[owed])
    store.kill(slot)
    this.#owed.splice(owed, 1)
  }

  #remove(list: OrderedSlots, batch: Batch, row: number, hash: number): void {
    const { store } = this.rows
    const slot = this.rows.find(hash, batch, row)
    if (slot < 0) {
      if (this.#forgets) return
      const owed = this.rows.append(batch, Int32Array.of(row), 1)
      store.weights[owed] = -1
      store.touch(owed)
      this.#owed.push(owed)
      return
    }
    list.remove(slot, this.rows.order)
    if (list.length === 0) this.#empty++
    store.kill(slot)
  }

  /** Sweeps what is dead if it is much. Between epochs. `onKept` gets the partitions that stay,
   *  under the numbers of their positions, if not all do. */
  tidy(onKept?: (kept: Int32Array) => void): void {
    this.rows.tidy((numberOf) => {
      for (const list of this.#lists) list.renumber(numberOf)
      this.#owed = this.#owed.map(numberOf)
    })
    const isEmpty = (partition: number) => (this.#lists[partition]?.length ?? 0) === 0
    const kept = this.rows.tidyPartitions(this.#empty, isEmpty)
    if (kept === undefined) return
    this.#lists = Array.from(kept, (partition) => this.#lists[partition])
    this.#empty = 0
    onKept?.(kept)
  }

  /** The partitions that have rows, in the order in which a restart numbers them. */
  living(): number[] {
    const first = this.#lists.map((list) => list.toArray().reduce(least, Infinity))
    return first
      .flatMap((slot, partition) => (slot === Infinity ? [] : [partition]))
      .sort((a, b) => first[a] - first[b])
  }

  snapshot(): Section[] {
    return this.rows.snapshot()
  }

  restore(sections: readonly Section[]): void {
    const slots: number[][] = []
    const { store, partitions } = this.rows
    this.rows.restore(sections, (slot, partition) => {
      if (store.weights[slot] < 0) this.#owed.push(slot)
      else (slots[partition] ??= []).push(slot)
    })
    for (let p = 0; p < partitions.count; p++) {
      this.#lists[p] = OrderedSlots.of(slots[p] ?? [], this.rows.order)
      if (slots[p] === undefined) this.#empty++
    }
  }

  stateSize(): StateSize {
    const { store, bytes } = this.rows
    return { rows: store.live, bytes: bytes + this.#lists.length * 150 + store.live * 8 }
  }
}

/** The rows with a weight above zero, each as often as that. */
function repeated(weights: Int32Array | null, rowCount: number): Int32Array {
  if (weights === null) return allRows(rowCount).subarray(0, rowCount)
  const rows: number[] = []
  for (let row = 0; row < rowCount; row++) for (let n = weights[row]; n > 0; n--) rows.push(row)
  return Int32Array.from(rows)
}
