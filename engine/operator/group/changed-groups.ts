/** The groups of a changelog: which of them an epoch touched, what they said last, and what that
 *  makes to say now. Shared by the unwindowed aggregate and by the windowed one that emits
 *  changes. */

import type { EpochClock } from '../../base/clock.ts'
import { Batch } from '../../batch/batch.ts'
import type { Column } from '../../batch/column.ts'
import { concat } from '../../batch/concat.ts'
import { decodeBatch, encodeBatch } from '../../batch/ipc.ts'
import { sameRow } from '../../batch/same-row.ts'
import type { Schema } from '../../batch/schema.ts'
import { GroupPages } from '../../state/group-pages.ts'
import { GroupTable } from '../../state/group-table.ts'
import { LastTouched } from '../../state/last-touched.ts'
import type { Output, Section, StateSize } from '../operator.ts'
import { type GroupProgram, KEYS_SEED } from './group-program.ts'

export interface ChangedGroupsOptions {
  /** Of the output: keys, aggregates, and what `more` adds. */
  readonly schema: Schema
  /** One group that is there from the start and never goes: GROUP BY without keys. */
  readonly global: boolean
  /** No group can lose a row. */
  readonly appendOnly: boolean
  /** Groups without news for so long are forgotten; of `global` only what it is made of: its row is
   *  taken back when the next one comes. */
  readonly ttl?: { readonly us: number; readonly clock: EpochClock } | undefined
  /** Groups that were said elsewhere, with their state. Only with `appendOnly`. */
  readonly said?: GroupTable | undefined
  /** Columns to put after those of the groups, e.g. window bounds. */
  readonly more?: (rowCount: number) => readonly Column[]
}

/** A group that has not been said, that has a row out, and that has lost all its rows. */
const NEW = 0
const SAID = 1
const DEAD = 2

/** Dead groups are swept when they are this many and more than the living. */
const DEAD_MAX = 1024
const TOLD_AT_ONCE = 8192

/** Of some groups. */
interface Beside {
  readonly said: Uint8Array
  readonly rowCounts: Float64Array
  readonly touched: Float64Array | undefined
}

export class ChangedGroups {
  readonly #program: GroupProgram
  readonly #options: ChangedGroupsOptions
  readonly table: GroupTable
  readonly #pages: GroupPages<Beside>
  /** Per group: NEW, SAID or DEAD. */
  #said = new Uint8Array(64)
  /** Per group: rows in it. Not kept for append-only input, where no group can lose a row. */
  #rowCounts = new Float64Array(64)
  /** Per group: touched in this epoch. */
  #dirty = new Uint8Array(64)
  #dirtyGroups = new Int32Array(64)
  #dirtyCount = 0
  #before: Batch[] = []
  #dead = 0
  readonly #touched: LastTouched | undefined

  constructor(program: GroupProgram, options: ChangedGroupsOptions) {
    this.#program = program
    this.#options = options
    this.table = options.said ?? new GroupTable(program.layout)
    this.#touched = options.ttl && new LastTouched(options.ttl.us)
    this.#pages = new GroupPages<Beside>(this.table, this)
    this.#makeRoom()
    if (options.said !== undefined) this.#said.fill(SAID, 0, this.table.count)
  }

  /** Between `find` and `add`: notes the groups of `groups[0..n)` and, for those touched for the
   *  first time in the epoch, what they had said. Row j of `rows` is in group j of `groups`. */
  touch(groups: Int32Array, rows: Int32Array, n: number, weights: Int32Array | null): void {
    this.#makeRoom()
    this.#pages.begin()
    const from = this.#dirtyCount
    const dirty = this.#dirty
    const pages = this.#pages
    for (let j = 0; j < n; j++) {
      const g = groups[j]
      pages.touch(g)
      if (dirty[g] === 0) {
        dirty[g] = 1
        this.#dirtyGroups[this.#dirtyCount++] = g
      }
    }
    // Without keys there is nothing by which the next row would take the place of the last one.
    if (this.#options.global) this.#keepBefore(from)
    if (this.#touched !== undefined) this.#renew(this.#touched, from)
    if (!this.#options.appendOnly) {
      const counts = this.#rowCounts
      for (let j = 0; j < n; j++) counts[groups[j]] += weights === null ? 1 : weights[rows[j]]
    }
    if (!this.#options.global) this.#keepBefore(from)
  }

  /** Groups touched again after their time begin anew. */
  #renew(touched: LastTouched, from: number): void {
    const { nowUs } = this.#options.ttl!.clock
    for (let d = from; d < this.#dirtyCount; d++) {
      const g = this.#dirtyGroups[d]
      if (touched.isExpired(g, nowUs)) this.#forget(g)
      touched.touch(g, nowUs)
    }
  }

  #forget(group: number): void {
    if (this.#said[group] === DEAD) this.#dead--
    if (!this.#options.global) this.#said[group] = NEW
    this.#reset(group)
  }

  #reset(group: number): void {
    this.#rowCounts[group] = 0
    this.table.resetSlots(group, this.#program.firstSlot)
  }

  /** Whether something is waiting to be said. */
  get dirty(): boolean {
    return this.#dirtyCount > 0
  }

  #keepBefore(from: number): void {
    const said = this.#dirtyGroups
      .subarray(from, this.#dirtyCount)
      .filter((g) => this.#said[g] === SAID)
    if (said.length > 0) this.#before.push(this.#rows(said, said.length))
  }

  #makeRoom(): void {
    const { length } = this.table.hashes
    this.#pages.makeRoom(length)
    this.#touched?.makeRoom(length)
    if (this.#said.length >= length) return
    const grown = <A extends Uint8Array | Float64Array | Int32Array>(old: A, fresh: A): A => {
      fresh.set(old)
      return fresh
    }
    this.#said = grown(this.#said, new Uint8Array(length))
    this.#dirty = grown(this.#dirty, new Uint8Array(length))
    this.#rowCounts = grown(this.#rowCounts, new Float64Array(length))
    this.#dirtyGroups = grown(this.#dirtyGroups, new Int32Array(length))
  }

  #rows(groups: Int32Array, count: number): Batch {
    const { schema, more } = this.#options
    const columns = [...this.#program.read(this.table, groups, count), ...(more?.(count) ?? [])]
    return new Batch(schema, columns, count)
  }

  /** The group of no keys is there from the start: its row over no input comes first of all. */
  #ensureGlobalGroup(): void {
    if (!this.#options.global || this.table.count > 0) return
    const group = this.table.insert(KEYS_SEED)
    this.#dirty[group] = 1
    this.#dirtyGroups[this.#dirtyCount++] = group
  }

  /** Ends the epoch: says what changed. */
  emit(out: Output): void {
    this.#ensureGlobalGroup()
    if (this.#dirtyCount > 0) this.#emitChanges(out)
    if (this.#touched !== undefined) this.#sweepExpired(this.#touched)
  }

  #emitChanges(out: Output): void {
    this.#pages.begin()
    if (this.#options.global && this.#touched !== undefined) this.#forgetDebts()
    const changes = this.#changes()
    this.#settle()
    if (changes !== null) out.emit(changes)
    if (this.#dead <= DEAD_MAX || this.#dead <= this.table.count / 2) return
    this.#sweep((g) => this.#isLive(g))
  }

  /** Retractions of rows that are forgotten count for nothing. */
  #forgetDebts(): void {
    if (this.#options.appendOnly || this.#rowCounts[0] > 0) return
    this.#reset(0)
  }

  #sweepExpired(touched: LastTouched): void {
    if (this.#options.global) return
    const keep = touched.sweep(this.table.count, this.#options.ttl!.clock.nowUs)
    if (keep !== undefined) this.#sweep(keep)
  }

  /** The epoch clock at which expired groups should be swept. */
  dueUs(): number {
    if (this.#options.global) return Infinity
    return this.#touched?.dueUs(this.table.count) ?? Infinity
  }

  #isLive(group: number): boolean {
    return this.#options.appendOnly || this.#options.global || this.#rowCounts[group] > 0
  }

  /** What was said and what is to be said both come in the order of the touched groups: one walk
   *  over those leaves out the rows that stayed the same. */
  #changes(): Batch | null {
    const touched = this.#dirtyGroups.subarray(0, this.#dirtyCount)
    const live = touched.filter((g) => this.#isLive(g))
    const before = this.#before.length === 0 ? null : concat(this.#before)
    const after = live.length === 0 ? null : this.#rows(live, live.length)
    const gone: number[] = []
    const come: number[] = []
    let [b, a] = [0, 0]
    for (const g of touched) {
      const was = this.#said[g] === SAID
      const is = this.#isLive(g)
      if (!(was && is && sameRow(before!, b, after!, a))) {
        if (was) gone.push(b)
        if (is) come.push(a)
      }
      if (was) b++
      if (is) a++
    }
    return joined(kept(before, gone), kept(after, come), this.#options.schema)
  }

  #settle(): void {
    for (let d = 0; d < this.#dirtyCount; d++) {
      const g = this.#dirtyGroups[d]
      this.#pages.touch(g)
      this.#dirty[g] = 0
      const live = this.#isLive(g)
      this.#dead += Number(!live) - Number(this.#said[g] === DEAD)
      this.#said[g] = live ? SAID : DEAD
      // A retraction whose row is forgotten takes nothing from rows to come.
      if (!live && this.#touched !== undefined) this.#reset(g)
    }
    this.#dirtyCount = 0
    this.#before = []
  }

  /** Keeps these groups only. Between epochs: none is dirty. */
  #sweep(isKept: (group: number) => boolean): void {
    this.#pages.moved()
    const { count } = this.table
    const keep = Array.from({ length: count }, (_, g) => isKept(g))
    const rowCounts = this.#rowCounts.filter((_, g) => keep[g] === true)
    const said = this.#said.filter((_, g) => keep[g] === true)
    this.table.retain((g) => keep[g])
    this.table.compactHeap(this.#program.texts)
    this.#touched?.pick([...keep.keys()].filter((g) => keep[g]))
    this.#rowCounts.fill(0)
    this.#rowCounts.set(rowCounts)
    this.#said.fill(NEW)
    this.#said.set(said)
    this.#countDead()
  }

  #countDead(): void {
    this.#dead = 0
    for (let g = 0; g < this.table.count; g++) if (this.#said[g] === DEAD) this.#dead++
  }

  /** Whether nothing waits to be said. */
  get settled(): boolean {
    return this.#dirtyCount === 0
  }

  /** Says again what is said of all groups. */
  tellAll(out: Pick<Output, 'emit'>): void {
    const groups = Int32Array.from({ length: this.table.count }, (_, g) => g)
    const told = groups.filter((g) => this.#said[g] === SAID)
    for (let from = 0; from < told.length; from += TOLD_AT_ONCE) {
      const part = told.subarray(from, from + TOLD_AT_ONCE)
      out.emit(this.#rows(part, part.length))
    }
  }

  snapshot(): Section[] {
    return [...this.#pages.snapshot(), ...this.#unsaid()]
  }

  /** What is kept beside the groups [from, to). */
  page(from: number, to: number): Beside {
    return {
      said: this.#said.slice(from, to),
      rowCounts: this.#rowCounts.slice(from, to),
      touched: this.#touched?.page(from, to),
    }
  }

  restorePage(from: number, { said, rowCounts, touched }: Beside): void {
    this.#makeRoom()
    this.#said.set(said, from)
    this.#rowCounts.set(rowCounts, from)
    if (touched !== undefined) this.#touched?.restorePage(from, touched)
  }

  /** What waits to be said, when that is not done in every epoch. */
  #unsaid(): Section[] {
    if (this.#dirtyCount === 0) return []
    const groups = this.#dirtyGroups.slice(0, this.#dirtyCount)
    const dirty = {
      name: 'dirty',
      version: this.#pages.version,
      bytes: new Uint8Array(groups.buffer),
    }
    if (this.#before.length === 0) return [dirty]
    const before = encodeBatch(concat(this.#before))
    return [dirty, { name: 'before', version: this.#pages.version, bytes: before }]
  }

  #restoreUnsaid(dirty: Section | undefined, before: Section | undefined): void {
    if (dirty === undefined) return
    const groups = new Int32Array(dirty.bytes.slice().buffer)
    this.#dirtyGroups.set(groups)
    this.#dirtyCount = groups.length
    for (const g of groups) this.#dirty[g] = 1
    if (before !== undefined)
      this.#before = [decodeBatch(before.bytes.slice(), this.#options.schema)]
  }

  restore(sections: readonly Section[]): void {
    const find = (name: string) => sections.find((section) => section.name === name)
    if (!this.#pages.restore(sections)) return
    this.#makeRoom()
    this.#countDead()
    this.#restoreUnsaid(find('dirty'), find('before'))
  }

  stateSize(): StateSize {
    const own = this.#said.length * 14 + (this.#touched?.bytes ?? 0)
    return { rows: this.table.count, bytes: this.table.bytes + own }
  }
}

const kept = (batch: Batch | null, rows: readonly number[]): Batch | null =>
  batch === null || rows.length === 0 ? null : batch.keep(Int32Array.from(rows), rows.length)

/** The retractions, then the insertions, as one batch; null if there are none. */
function joined(gone: Batch | null, come: Batch | null, schema: Schema): Batch | null {
  if (gone === null) return come
  const rows = concat(come === null ? [gone] : [gone, come])
  const weights = new Int32Array(rows.rowCount).fill(1).fill(-1, 0, gone.rowCount)
  return new Batch(schema, rows.columns, rows.rowCount, weights)
}
