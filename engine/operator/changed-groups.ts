/** The groups of a changelog: which of them an epoch touched, what they said last, and what that
 *  makes to say now. Shared by the unwindowed aggregate and by the windowed one that emits
 *  changes. */

import { Batch } from '../batch/batch.ts'
import type { Column } from '../batch/column.ts'
import { concat } from '../batch/concat.ts'
import { decodeBatch, encodeBatch } from '../batch/ipc.ts'
import { sameRow } from '../batch/same-row.ts'
import type { Schema } from '../batch/schema.ts'
import { GroupTable } from '../state/group-table.ts'
import { type GroupProgram, KEYS_SEED } from './group-program.ts'
import type { Output, Section, StateSize } from './operator.ts'

export interface ChangedGroupsOptions {
  /** Of the output: keys, aggregates, and what `more` adds. */
  readonly schema: Schema
  /** One group that is there from the start and never goes: GROUP BY without keys. */
  readonly global: boolean
  /** No group can lose a row. */
  readonly appendOnly: boolean
  /** Columns to put after those of the groups, e.g. window bounds. */
  readonly more?: (rowCount: number) => readonly Column[]
}

const NEW = 0
const SAID = 1

/** Dead groups are swept when they are this many and more than the living. */
const DEAD_MAX = 1024

export class ChangedGroups {
  readonly #program: GroupProgram
  readonly #options: ChangedGroupsOptions
  readonly table: GroupTable
  /** Per group: whether a row of it is out. */
  #said = new Uint8Array(64)
  /** Per group: rows in it. Not kept for append-only input, where no group can lose a row. */
  #rowCounts = new Float64Array(64)
  /** Per group: touched in this epoch. */
  #dirty = new Uint8Array(64)
  #dirtyGroups = new Int32Array(64)
  #dirtyCount = 0
  #before: Batch[] = []
  #dead = 0
  #version = 0

  constructor(program: GroupProgram, options: ChangedGroupsOptions) {
    this.#program = program
    this.#options = options
    this.table = new GroupTable(program.layout)
  }

  /** Between `find` and `add`: notes the groups of `groups[0..n)` and, for those touched for the
   *  first time in the epoch, what they had said. Row j of `rows` is in group j of `groups`. */
  touch(groups: Int32Array, rows: Int32Array, n: number, weights: Int32Array | null): void {
    this.#makeRoom()
    this.#version++
    const from = this.#dirtyCount
    const dirty = this.#dirty
    for (let j = 0; j < n; j++) {
      const g = groups[j]
      if (dirty[g] === 0) {
        dirty[g] = 1
        this.#dirtyGroups[this.#dirtyCount++] = g
      }
    }
    if (!this.#options.appendOnly) {
      const counts = this.#rowCounts
      for (let j = 0; j < n; j++) counts[groups[j]] += weights === null ? 1 : weights[rows[j]]
    }
    this.#keepBefore(from)
  }

  /** Whether something is waiting to be said. */
  get dirty(): boolean {
    return this.#dirtyCount > 0
  }

  #keepBefore(from: number): void {
    const said = this.#dirtyGroups.subarray(from, this.#dirtyCount).filter((g) => this.#said[g])
    if (said.length > 0) this.#before.push(this.#rows(said, said.length))
  }

  #makeRoom(): void {
    const { length } = this.table.hashes
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
    if (this.#dirtyCount === 0) return
    this.#version++
    const changes = this.#changes()
    this.#settle()
    if (changes !== null) out.emit(changes)
    if (this.#dead > DEAD_MAX && this.#dead > this.table.count / 2) this.#sweep()
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
      this.#dirty[g] = 0
      const live = this.#isLive(g)
      if (!live && this.#said[g] === SAID) this.#dead++
      this.#said[g] = live ? SAID : NEW
    }
    this.#dirtyCount = 0
    this.#before = []
  }

  /** Forgets the groups that have no rows. */
  #sweep(): void {
    const live = (g: number) => this.#isLive(g)
    const keep = Array.from({ length: this.table.count }, (_, g) => live(g))
    const rowCounts = this.#rowCounts.filter((_, g) => keep[g] === true)
    this.table.retain((g) => keep[g])
    this.table.compactHeap(this.#program.texts)
    this.#rowCounts.fill(0)
    this.#rowCounts.set(rowCounts)
    this.#said.fill(0)
    this.#said.fill(SAID, 0, this.table.count)
    this.#dead = 0
  }

  snapshot(): Section[] {
    const { count } = this.table
    const rowCounts = this.#rowCounts.slice(0, count)
    return [
      { name: 'groups', version: this.#version, bytes: this.table.snapshot() },
      { name: 'said', version: this.#version, bytes: this.#said.slice(0, count) },
      { name: 'rows', version: this.#version, bytes: new Uint8Array(rowCounts.buffer) },
      ...this.#unsaid(),
    ]
  }

  /** What waits to be said, when that is not done in every epoch. */
  #unsaid(): Section[] {
    if (this.#dirtyCount === 0) return []
    const groups = this.#dirtyGroups.slice(0, this.#dirtyCount)
    const dirty = { name: 'dirty', version: this.#version, bytes: new Uint8Array(groups.buffer) }
    if (this.#before.length === 0) return [dirty]
    const before = encodeBatch(concat(this.#before))
    return [dirty, { name: 'before', version: this.#version, bytes: before }]
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
    const groups = find('groups')
    if (groups === undefined) return
    this.#version = groups.version
    this.table.restore(groups.bytes)
    this.#makeRoom()
    this.#said.set(find('said')!.bytes)
    this.#rowCounts.set(new Float64Array(find('rows')!.bytes.slice().buffer))
    this.#restoreUnsaid(find('dirty'), find('before'))
  }

  stateSize(): StateSize {
    return { rows: this.table.count, bytes: this.table.bytes + this.#said.length * 14 }
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
