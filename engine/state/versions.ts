/** The versions of rows by key, in the order of time: what a temporal join looks into. A version is
 *  valid from its time on, or, when it came late, from the watermark that it was late for, until
 *  the next one. The end of a row is a version too. Per group a chain, the oldest first. */

import type { Batch } from '../batch/batch.ts'
import { Column } from '../batch/column.ts'
import { sameRow } from '../batch/same-row.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import { BOOLEAN, TIMESTAMP } from '../batch/types.ts'
import type { GroupTable } from './group-table.ts'
import { grownDoubles, grownInts } from './grown.ts'
import { RowStore, type StateSection } from './row-store.ts'
import { TimeHeap } from './time-heap.ts'
import { timesOf } from './times.ts'

export interface VersionsOptions {
  readonly schema: Schema
  readonly table: GroupTable
  /** Positions of the arrays in the table that hold the oldest and the latest slot of a group; -1
   *  there is none. */
  readonly first: number
  readonly last: number
  /** Which of versions with equal times counts: the last one to come, the first one, or the
   *  greatest in an order of rows. */
  readonly ties: 'last' | 'first' | ((batch: Batch, i: number, j: number) => number)
}

/** A version on its way in: row `row` of a batch. */
export interface Version {
  readonly row: number
  readonly group: number
  /** Its own time. */
  readonly timeUs: number
  /** From when on it is valid; not before its own time. */
  readonly fromUs: number
  /** It says that there is no row from then on. */
  readonly ends: boolean
}

const NONE = -1

export class Versions {
  readonly rows: RowStore
  readonly #options: VersionsOptions
  readonly #table: GroupTable
  groups = new Int32Array(0)
  #next = new Int32Array(0)
  #previous = new Int32Array(0)
  /** Per slot: when it is valid from, and its own time. */
  #froms = new Float64Array(0)
  #times = new Float64Array(0)
  readonly #heap = new TimeHeap()

  constructor(options: VersionsOptions) {
    this.#options = options
    this.#table = options.table
    const fields = [
      ...options.schema.fields,
      { name: '$from', type: TIMESTAMP, nullable: false },
      { name: '$time', type: TIMESTAMP, nullable: false },
      { name: '$ends', type: BOOLEAN, nullable: false },
    ]
    this.rows = new RowStore(schemaOf(fields))
  }

  #firsts(): Int32Array {
    return this.#table.arrays[this.#options.first] as Int32Array
  }

  #lasts(): Int32Array {
    return this.#table.arrays[this.#options.last] as Int32Array
  }

  /** Adds versions, in this order. Returns the rows of those that came too late: outlived before
   *  they came. */
  insert(batch: Batch, versions: readonly Version[]): number[] {
    if (versions.length === 0) return []
    const n = versions.length
    const times = (of: (version: Version) => number) =>
      new Column({
        type: TIMESTAMP,
        length: n,
        values: BigInt64Array.from(versions, (version) => BigInt(of(version))),
      })
    const ends = new Column({
      type: BOOLEAN,
      length: n,
      values: Uint8Array.from(versions, (version) => Number(version.ends)),
    })
    const picked = batch.keep(
      Int32Array.from(versions, (version) => version.row),
      n,
    )
    const columns = [...picked.columns, times((v) => v.fromUs), times((v) => v.timeUs), ends]
    const stored = picked.withoutWeights().withColumns(this.rows.schema, columns)
    const first = this.rows.append(stored, null, n, null)
    this.#makeRoom()
    const outlived: number[] = []
    versions.forEach((version, i) => {
      const slot = first + i
      this.groups[slot] = version.group
      this.#froms[slot] = version.fromUs
      this.#times[slot] = version.timeUs
      if (!this.#link(slot) && version.fromUs > version.timeUs) outlived.push(version.row)
    })
    return outlived
  }

  #makeRoom(): void {
    const { capacity } = this.rows
    if (this.groups.length >= capacity) return
    this.groups = grownInts(this.groups, capacity)
    this.#next = grownInts(this.#next, capacity)
    this.#previous = grownInts(this.#previous, capacity)
    this.#froms = grownDoubles(this.#froms, capacity)
    this.#times = grownDoubles(this.#times, capacity)
  }

  /** Puts a slot into its chain, unless a version that is newer by its own time is valid already;
   *  takes out those that are valid later but older. */
  #link(slot: number): boolean {
    const fromUs = this.#froms[slot]
    let before = this.#lasts()[this.groups[slot]]
    while (before !== NONE && this.#froms[before] > fromUs) before = this.#previous[before]
    if (before !== NONE && this.#outlives(before, slot)) {
      this.rows.kill(slot)
      return false
    }
    const after = before === NONE ? this.#firsts()[this.groups[slot]] : this.#next[before]
    this.#join(before, slot)
    this.#join(slot, after)
    for (let next = after; next !== NONE && this.#times[next] < this.#times[slot]; ) {
      const following = this.#next[next]
      this.#remove(next)
      next = following
    }
    this.#heap.push(fromUs, slot)
    return true
  }

  #outlives(before: number, slot: number): boolean {
    const gap = this.#times[before] - this.#times[slot]
    if (gap !== 0) return gap > 0
    const { ties } = this.#options
    if (ties === 'last' || this.#ends(before)) return false
    return ties === 'first' || ties(this.rows.view, before, slot) >= 0
  }

  /** Makes b follow a; either may be none, the end of the chain. */
  #join(a: number, b: number): void {
    const group = this.groups[a === NONE ? b : a]
    if (a === NONE) this.#firsts()[group] = b
    else this.#next[a] = b
    if (b === NONE) this.#lasts()[group] = a
    else this.#previous[b] = a
  }

  #remove(slot: number): void {
    const [a, b] = [this.#previous[slot], this.#next[slot]]
    if (a === NONE && b === NONE) {
      this.#firsts()[this.groups[slot]] = NONE
      this.#lasts()[this.groups[slot]] = NONE
    } else this.#join(a, b)
    this.rows.kill(slot)
  }

  /** Whether row `row` of `batch` is the group's latest version. */
  isLatest(group: number, batch: Batch, row: number): boolean {
    const last = this.#lasts()[group]
    if (last === NONE || this.#ends(last)) return false
    // The batch has fewer columns: only those are compared.
    return sameRow(batch, row, this.rows.view, last)
  }

  #ends(slot: number): boolean {
    const { columns } = this.rows.view
    return columns[columns.length - 1].values[slot] === 1
  }

  /** The slot of the version that is valid at `timeUs`; -1: none. Nobody may ask this group for an
   *  earlier time afterwards: older versions are forgotten. */
  at(group: number, timeUs: number): number {
    let slot = this.#firsts()[group]
    if (slot === NONE || this.#froms[slot] > timeUs) return NONE
    for (let next = this.#next[slot]; next !== NONE && this.#froms[next] <= timeUs; ) {
      this.#remove(slot)
      slot = next
      next = this.#next[slot]
    }
    return this.#ends(slot) ? NONE : slot
  }

  /** Forgets what nobody needs who asks for `timeUs` and later times. */
  forget(timeUs: number): void {
    if (timeUs === Infinity) {
      this.#forgetAll()
      return
    }
    const { weights } = this.rows
    while (this.#heap.firstUs <= timeUs) {
      const slot = this.#heap.firstSlot
      const fromUs = this.#heap.firstUs
      this.#heap.pop()
      if (weights[slot] === 0 || this.#froms[slot] !== fromUs) continue
      while (this.#previous[slot] !== NONE) this.#remove(this.#previous[slot])
      if (this.#ends(slot)) this.#remove(slot)
    }
  }

  #forgetAll(): void {
    this.rows.clear()
    this.groups = new Int32Array(0)
    this.#next = new Int32Array(0)
    this.#previous = new Int32Array(0)
    this.#froms = new Float64Array(0)
    this.#times = new Float64Array(0)
    this.#heap.clear()
    this.#firsts().fill(NONE, 0, this.#table.count)
    this.#lasts().fill(NONE, 0, this.#table.count)
  }

  /** Sweeps dead versions out if they are many. */
  tidy(): void {
    if (!this.rows.crowded) return
    const kept = this.rows.sweep()
    const { groups } = this
    this.groups = new Int32Array(0)
    this.#next = new Int32Array(0)
    this.#previous = new Int32Array(0)
    this.#froms = new Float64Array(0)
    this.#times = new Float64Array(0)
    this.#makeRoom()
    for (let slot = 0; slot < kept.length; slot++) this.groups[slot] = groups[kept[slot]]
    this.#linkAgain()
  }

  /** Builds the chains anew: in the order of arrival they become what they were. */
  #linkAgain(): void {
    const { view, count, weights } = this.rows
    const place = this.#options.schema.fields.length
    this.#firsts().fill(NONE, 0, this.#table.count)
    this.#lasts().fill(NONE, 0, this.#table.count)
    this.#heap.clear()
    if (count === 0) return
    this.#froms.set(timesOf(view.columns[place], 0, count))
    this.#times.set(timesOf(view.columns[place + 1], 0, count))
    for (let slot = 0; slot < count; slot++) if (weights[slot] !== 0) this.#link(slot)
  }

  restore(
    prefix: string,
    sections: readonly StateSection[],
    find: (batch: Batch, rows: Int32Array, n: number, groups: Int32Array) => void,
  ): void {
    this.rows.restore(prefix, sections)
    this.#makeRoom()
    const { count, view } = this.rows
    find(
      view,
      Int32Array.from({ length: count }, (_, slot) => slot),
      count,
      this.groups,
    )
    this.#linkAgain()
  }

  get bytes(): number {
    const slots = this.groups.byteLength * 3 + this.#froms.byteLength * 2
    return this.rows.bytes + slots + this.#heap.bytes
  }
}
