/** One side of a join: a multiset of rows, arranged by key. The keys are groups of a `GroupTable`
 *  that both sides share; each group's rows are a chain of slots, the latest first. Equal rows are
 *  one slot with the sum of their weights. Rows may have a time by which they are let go.
 *
 *  Within an epoch `deltas` says by how much each weight has changed, and `touched` lists the
 *  slots; `settle` ends that and lets rows go whose weight is 0. Dead rows leave their chain when
 *  somebody walks along it, and the store when they are more than the living. */

import type { Batch } from '../batch/batch.ts'
import { hashRows } from '../batch/row-hash.ts'
import type { Schema } from '../batch/schema.ts'
import { ArrivalTimes } from './arrival-times.ts'
import { FreshRows } from './fresh-rows.ts'
import type { GroupTable } from './group-table.ts'
import { grownBytes, grownDoubles, grownInts } from './grown.ts'
import { RowChains } from './row-chains.ts'
import { RowIndex } from './row-index.ts'
import { RowStore, type StateSection } from './row-store.ts'
import { TimeHeap } from './time-heap.ts'
import { timesOf } from './times.ts'

export interface ArrangementOptions {
  readonly schema: Schema
  readonly table: GroupTable
  /** The position of the array in the table that holds the first slot of each group's chain; -1
   *  there is none. */
  readonly heads: number
  /** Rows can be retracted, so equal ones must be found. */
  readonly indexed: boolean
  /** Changes are noted: needed by whoever looks at `deltas`. */
  readonly tracked: boolean
  /** Matches are counted per row. */
  readonly counted: boolean
  /** Rows are forgotten so long after they came; a retraction of one that is not there means
   *  nothing then. */
  readonly ttlUs?: number | undefined
  /** A TIMESTAMP column without which no row comes, to let rows go by. */
  readonly timeColumn?: number | undefined
}

const NONE = -1

export class Arrangement {
  readonly rows: RowStore
  readonly table: GroupTable
  readonly #options: ArrangementOptions
  readonly #chains: RowChains
  /** Per slot: its group; -1: its key has no group, it is in no chain. */
  groups = new Int32Array(0)
  /** Per slot: the change of its weight in this epoch. */
  deltas = new Int32Array(0)
  /** The slots that this epoch has touched, each once. */
  touched = new Int32Array(0)
  touchedCount = 0
  #isTouched = new Uint8Array(0)
  readonly #index: RowIndex | undefined
  readonly heap: TimeHeap | undefined
  readonly arrivals: ArrivalTimes | undefined
  /** Per slot, with a time column: the row's time. */
  times = new Float64Array(0)
  /** Slots below this are forgotten. */
  #forgotten = 0
  /** What `members` found. */
  found = new Int32Array(64)

  constructor(options: ArrangementOptions) {
    this.#options = options
    this.table = options.table
    this.rows = new RowStore(options.schema, options.counted ? 1 : 0)
    this.#index = options.indexed ? new RowIndex() : undefined
    this.arrivals = options.ttlUs ? new ArrivalTimes(options.ttlUs) : undefined
    this.heap = options.timeColumn === undefined ? undefined : new TimeHeap()
    this.#chains = new RowChains(this.heap !== undefined)
  }

  /** Per slot: the next one in its group's chain. */
  get next(): Int32Array {
    return this.#chains.next
  }

  /** No group has more rows than this. */
  get longest(): number {
    return this.#chains.longest
  }

  get heads(): Int32Array {
    return this.table.arrays[this.#options.heads] as Int32Array
  }

  /** Adds the rows `rows[0..n)` of a batch, row j to group `groups[j]`, with their weights. */
  insert(batch: Batch, rows: Int32Array, n: number, groups: Int32Array): void {
    if (this.#index !== undefined) this.#merge(batch, rows, n, groups)
    else this.#append(batch, rows, n, groups, batch.weights)
  }

  #append(
    batch: Batch,
    rows: Int32Array,
    n: number,
    groups: Int32Array,
    weights: Int32Array | null,
  ): void {
    if (n === 0) return
    const all = n === batch.rowCount
    const first = this.rows.append(batch, all ? null : rows, n, weights)
    this.#makeRoom()
    for (let j = 0; j < n; j++) this.groups[first + j] = groups[j]
    if (this.heap !== undefined) this.#time(first, first + n)
    const { heads } = this
    for (let j = 0; j < n; j++) {
      if (groups[j] >= 0) this.#chains.link(heads, groups[j], first + j, this.times)
    }
    if (this.#options.tracked) this.#track(first, n)
  }

  #track(first: number, n: number): void {
    const { weights } = this.rows
    for (let slot = first; slot < first + n; slot++) {
      this.deltas[slot] = weights[slot]
      this.#isTouched[slot] = 1
      this.touched[this.touchedCount++] = slot
    }
  }

  #time(from: number, to: number): void {
    const { view, weights } = this.rows
    const times = timesOf(view.columns[this.#options.timeColumn!], from, to)
    this.times.set(times, from)
    for (let slot = from; slot < to; slot++) {
      if (weights[slot] !== 0 && this.groups[slot] >= 0) this.heap!.push(times[slot - from], slot)
    }
  }

  #makeRoom(): void {
    const { capacity } = this.rows
    if (this.groups.length >= capacity) return
    this.#chains.makeRoom(capacity)
    this.groups = grownInts(this.groups, capacity)
    if (this.#options.tracked) {
      this.deltas = grownInts(this.deltas, capacity)
      this.touched = grownInts(this.touched, capacity)
      this.#isTouched = grownBytes(this.#isTouched, capacity)
    }
    if (this.heap !== undefined) this.times = grownDoubles(this.times, capacity)
  }

  /** Adds weights to rows that are there, and appends the others: each once, also when the batch
   *  has it twice. */
  #merge(batch: Batch, rows: Int32Array, n: number, groups: Int32Array): void {
    const hashes = hashRows(batch.columns, batch.rowCount)
    const { weights } = batch
    const isDead = (slot: number) => this.#isGone(slot)
    const fresh = new FreshRows(batch, hashes, n)
    for (let j = 0; j < n; j++) {
      const row = rows[j]
      const weight = weights === null ? 1 : weights[row]
      const slot = this.#index!.find(hashes[row], batch, row, this.rows.view, isDead)
      if (slot === NONE) fresh.add(row, groups[j], weight)
      else this.#add(slot, weight)
    }
    const count = fresh.finish()
    const first = this.rows.count
    this.#append(batch, fresh.rows, count, fresh.groups, fresh.weights)
    for (let j = 0; j < count; j++) this.#index!.add(first + j, hashes[fresh.rows[j]])
  }

  /** Dead, and nothing that this epoch still has to look at. */
  #isGone(slot: number): boolean {
    return this.rows.weights[slot] === 0 && this.#isTouched[slot] === 0
  }

  #add(slot: number, weight: number): void {
    this.rows.weights[slot] += weight
    this.deltas[slot] += weight
    this.rows.touch(slot)
    this.stir(slot)
  }

  /** Lists a slot among the touched ones. */
  stir(slot: number): void {
    if (this.#isTouched[slot] === 1) return
    this.#isTouched[slot] = 1
    this.touched[this.touchedCount++] = slot
  }

  /** Adds weights by group: the rows of a group are all alike, and it has at most one slot. */
  insertByGroup(batch: Batch, rows: Int32Array, n: number, groups: Int32Array): void {
    const { heads } = this
    const first = this.rows.count
    const freshRows = new Int32Array(n)
    const freshGroups = new Int32Array(n)
    const sums = new Int32Array(batch.rowCount)
    let count = 0
    for (let j = 0; j < n; j++) {
      const g = groups[j]
      const weight = batch.weights === null ? 1 : batch.weights[rows[j]]
      const slot = heads[g]
      if (slot === NONE) {
        heads[g] = first + count
        freshRows[count] = rows[j]
        freshGroups[count++] = g
        sums[rows[j]] = weight
      } else if (slot >= first) sums[freshRows[slot - first]] += weight
      else this.#addWeight(slot, weight)
    }
    this.rows.append(batch, freshRows, count, sums)
    this.#makeRoom()
    this.groups.set(freshGroups.subarray(0, count), first)
    this.next.fill(NONE, first, first + count)
  }

  #addWeight(slot: number, weight: number): void {
    const before = this.rows.weights[slot]
    this.rows.weights[slot] = before + weight
    this.rows.live += Number(before + weight !== 0) - Number(before !== 0)
    this.rows.touch(slot)
  }

  /** Fills `found` with the slots of a group, the latest first, and returns how many there are:
   *  those that have a weight now or had one when the epoch began, and with a time column are
   *  within [fromUs, toUs]. */
  members(group: number, fromUs = -Infinity, toUs = Infinity): number {
    const { heads, next } = this
    const { weights } = this.rows
    const isTouched = this.#isTouched
    const tracked = this.#options.tracked
    if (this.heap !== undefined) return this.#membersWithin(group, fromUs, toUs)
    let count = 0
    let previous = NONE
    let slot = heads[group]
    while (slot !== NONE) {
      const following = next[slot]
      if (weights[slot] !== 0 || (tracked && isTouched[slot] === 1)) {
        if (count === this.found.length) this.found = grownInts(this.found, count * 2)
        this.found[count++] = slot
        previous = slot
      } else if (previous === NONE) heads[group] = following
      else next[previous] = following
      slot = following
    }
    return count
  }

  #membersWithin(group: number, fromUs: number, toUs: number): number {
    const chains = this.#chains
    const { times } = this
    const { weights } = this.rows
    let count = 0
    let slot = chains.seek(this.heads[group], fromUs, toUs, times)
    for (; slot !== NONE; slot = chains.seek(chains.next[slot], fromUs, toUs, times)) {
      if (times[slot] < fromUs || (weights[slot] === 0 && this.#isTouched[slot] !== 1)) continue
      if (count === this.found.length) this.found = grownInts(this.found, count * 2)
      this.found[count++] = slot
    }
    return count
  }

  /** The weight of a slot when the epoch began. */
  weightBefore(slot: number): number {
    return this.rows.weights[slot] - this.deltas[slot]
  }

  /** The epoch's changes are told: rows without weight or without a group go. */
  settle(): void {
    const { weights } = this.rows
    for (let i = 0; i < this.touchedCount; i++) {
      const slot = this.touched[i]
      this.#isTouched[slot] = 0
      const changed = this.deltas[slot] !== 0 || weights[slot] === 0
      this.deltas[slot] = 0
      if (changed && (weights[slot] === 0 || this.groups[slot] < 0)) this.rows.kill(slot)
    }
    this.touchedCount = 0
  }

  /** Kills the rows whose time is below `limitUs`; `visit` sees each one before. */
  expire(limitUs: number, visit?: (slot: number) => void): void {
    const heap = this.heap!
    const { weights } = this.rows
    while (heap.firstUs < limitUs) {
      const slot = heap.firstSlot
      const timeUs = heap.firstUs
      heap.pop()
      if (weights[slot] === 0 || this.times[slot] !== timeUs) continue
      visit?.(slot)
      this.rows.kill(slot)
    }
  }

  /** Where rows are forgotten: what the epoch took back of rows that are not there is nothing. When
   *  all of the epoch is here. */
  dropDebts(): void {
    if (this.arrivals === undefined) return
    const { weights } = this.rows
    for (let i = 0; i < this.touchedCount; i++) {
      const slot = this.touched[i]
      // A row without a group is never kept.
      if (weights[slot] >= 0 || this.groups[slot] < 0) continue
      this.deltas[slot] -= weights[slot]
      weights[slot] = 0
      this.rows.touch(slot)
    }
  }

  /** Forgets the rows whose time is over, silently. Before the epoch's own rows come. */
  forget(nowUs: number): void {
    const { rows, arrivals } = this
    if (arrivals === undefined) return
    const end = arrivals.expired(nowUs)
    for (let slot = this.#forgotten; slot < end; slot++) {
      if (rows.weights[slot] !== 0) rows.kill(slot)
    }
    this.#forgotten = Math.max(this.#forgotten, end)
  }

  /** Forgets all rows. Not within an epoch. */
  clear(): void {
    this.rows.clear()
    this.heads.fill(NONE, 0, this.table.count)
    this.#chains.restart()
    this.heap?.clear()
    this.arrivals?.clear()
    this.#forgotten = 0
    this.#index?.retain(this.found, 0)
  }

  /** Sweeps dead rows out if they are many. Not within an epoch. */
  tidy(): void {
    if (!this.rows.crowded) return
    const kept = this.rows.sweep()
    const groups = this.groups
    this.#chains.clear()
    this.groups = new Int32Array(0)
    this.deltas = new Int32Array(0)
    this.touched = new Int32Array(0)
    this.#isTouched = new Uint8Array(0)
    this.times = new Float64Array(0)
    this.#makeRoom()
    for (let slot = 0; slot < kept.length; slot++) this.groups[slot] = groups[kept[slot]]
    this.#index?.retain(kept, kept.length)
    this.arrivals?.renumber(kept)
    this.#forgotten = 0
    this.#timeAgain()
    this.relink()
  }

  #timeAgain(): void {
    if (this.heap === undefined) return
    this.heap.clear()
    if (this.rows.count > 0) this.#time(0, this.rows.count)
  }

  /** Builds all chains anew from `groups`. */
  relink(): void {
    const { heads, groups } = this
    const { weights } = this.rows
    heads.fill(NONE, 0, this.table.count)
    this.#chains.restart()
    for (let slot = 0; slot < this.rows.count; slot++) {
      const g = groups[slot]
      if (g >= 0 && weights[slot] !== 0) this.#chains.link(heads, g, slot, this.times)
    }
  }

  restore(
    prefix: string,
    sections: readonly StateSection[],
    find: (batch: Batch, rows: Int32Array, n: number, groups: Int32Array) => void,
  ): void {
    this.rows.restore(prefix, sections)
    this.#makeRoom()
    const { count, view, weights } = this.rows
    const rows = new Int32Array(Math.min(count, RESTORE_ROWS))
    const groups = new Int32Array(rows.length)
    for (let from = 0; from < count; from += RESTORE_ROWS) {
      const to = Math.min(count, from + RESTORE_ROWS)
      const batch = view.slice(from, to)
      let n = 0
      for (let slot = from; slot < to; slot++) if (weights[slot] !== 0) rows[n++] = slot - from
      find(batch, rows, n, groups)
      for (let j = 0; j < n; j++) this.groups[from + rows[j]] = groups[j]
      if (this.#index === undefined) continue
      const hashes = hashRows(batch.columns, batch.rowCount)
      for (let j = 0; j < n; j++) this.#index.add(from + rows[j], hashes[rows[j]])
    }
    this.#timeAgain()
    this.relink()
  }

  get bytes(): number {
    const own = this.groups.byteLength + this.deltas.byteLength * 2 + this.times.byteLength
    const slots = own + this.#chains.bytes
    const lists = (this.heap?.bytes ?? 0) + (this.arrivals?.bytes ?? 0)
    return this.rows.bytes + slots + (this.#index?.bytes ?? 0) + lists
  }
}

/** Rows whose keys are looked up at once. A multiple of 8. */
const RESTORE_ROWS = 8192
