/** The partitions of window functions over event time: the rows that are kept, in order, and what
 *  is known of those before them. */

import { deserialize, serialize } from 'node:v8'
import { OrderedSlots } from '../../state/ordered-slots.ts'
import type { OrderedRows } from '../ordered/ordered-rows.ts'

export class OverPartitions {
  #lists: OrderedSlots[] = []
  /** Per partition: the first so many kept rows are said. */
  said: number[] = []
  /** Rows that are not kept any more. */
  before: number[] = []
  /** Different times of those, that of the first kept row not counted. */
  ranks: number[] = []

  list(partition: number): OrderedSlots {
    while (this.#lists.length <= partition) {
      const p = this.#lists.push(new OrderedSlots()) - 1
      this.said[p] ??= 0
      this.before[p] ??= 0
      this.ranks[p] ??= 0
    }
    return this.#lists[partition]
  }

  setList(partition: number, list: OrderedSlots): void {
    this.list(partition)
    this.#lists[partition] = list
  }

  forEach(visit: (list: OrderedSlots, partition: number) => void): void {
    this.#lists.forEach(visit)
  }

  /** Counts rows that are taken out at the front; `next` is the first row behind them, or -1. */
  pass(partition: number, slots: readonly number[], next: number, rows: OrderedRows): void {
    this.said[partition] -= slots.length
    this.before[partition] += slots.length
    for (let i = 0; i < slots.length; i++) {
      const following = i + 1 < slots.length ? slots[i + 1] : next
      // A row that has not come yet has a later time.
      if (following < 0 || rows.comparePeers(slots[i], following) !== 0) this.ranks[partition]++
    }
  }

  renumber(numberOf: (slot: number) => number): void {
    for (const list of this.#lists) list.renumber(numberOf)
  }

  countEmpty(): number {
    return this.#lists.reduce((sum, list) => sum + Number(list.length === 0), 0)
  }

  /** The partition begins anew; returns the slots of the rows that were kept of it. */
  reset(partition: number): readonly number[] {
    const list = this.list(partition)
    const slots = list.shift(list.length)
    this.said[partition] = this.before[partition] = this.ranks[partition] = 0
    return slots
  }

  /** Keeps these partitions, under the numbers of their positions in `kept`. */
  retain(kept: Int32Array): void {
    const taken = <T>(all: readonly T[]): T[] => Array.from(kept, (partition) => all[partition])
    this.#lists = taken(this.#lists)
    this.said = taken(this.said)
    this.before = taken(this.before)
    this.ranks = taken(this.ranks)
  }

  snapshot(): Uint8Array {
    return serialize({ before: this.before, ranks: this.ranks })
  }

  /** Takes back a snapshot; the lists are filled by their owner. */
  restore(bytes: Uint8Array): void {
    const { before, ranks } = deserialize(bytes) as { before: number[]; ranks: number[] }
    this.before = before
    this.ranks = ranks
    if (before.length > 0) this.list(before.length - 1)
  }

  get bytes(): number {
    return this.#lists.reduce((sum, list) => sum + list.bytes, this.#lists.length * 24)
  }
}
