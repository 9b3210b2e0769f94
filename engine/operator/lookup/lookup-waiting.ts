/** The left rows of a lookup join that wait for an answer, by the request that they wait for.
 *  Requests are numbered from 0 on, in the order in which they were made. */

import { Batch } from '../../batch/batch.ts'
import { columnOf } from '../../batch/builder.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import { TIMESTAMP } from '../../batch/types.ts'
import { grownInts } from '../../state/grown.ts'
import { RowStore } from '../../state/row-store.ts'
import { timesOf } from '../../state/times.ts'
import type { Section } from '../operator.ts'

/** A request's number takes two counts of a row. */
const LOW = 2 ** 30

export class LookupWaiting {
  readonly rows: RowStore
  readonly #schema: Schema
  groups = new Int32Array(0)
  /** The slots that wait for each request, in the order of the requests. */
  readonly #slots = new Map<number, number[]>()
  /** The request that is open for a group's key. */
  readonly #open = new Map<number, number>()
  nextId = 0
  /** Slots below this are gone. */
  #oldest = 0

  constructor(schema: Schema) {
    this.#schema = schema
    this.rows = new RowStore(
      schemaOf([...schema.fields, { name: '$mark', type: TIMESTAMP, nullable: true }]),
      2,
    )
  }

  /** The waiting rows by slot. */
  get view(): Batch {
    const { view } = this.rows
    return view.withColumns(this.#schema, view.columns.slice(0, this.#schema.fields.length))
  }

  /** Lets rows of a batch wait, row `rows[j]` for an answer about group `groups[j]`: a request that
   *  is open for it, or a new one. `markUs`: the watermark that they came behind. */
  add(batch: Batch, rows: readonly number[], groups: readonly number[], markUs: number): void {
    const n = rows.length
    if (n === 0) return
    const picked = batch.keep(Int32Array.from(rows), n)
    const mark = Number.isFinite(markUs) ? markUs : null
    const marks = columnOf(TIMESTAMP, new Array<number | null>(n).fill(mark))
    const stored = new Batch(this.rows.schema, [...picked.columns, marks], n)
    const first = this.rows.append(stored, null, n, null)
    if (this.groups.length < this.rows.capacity) {
      this.groups = grownInts(this.groups, this.rows.capacity)
    }
    for (let j = 0; j < n; j++) {
      const id = this.#open.get(groups[j]) ?? this.nextId++
      this.#open.set(groups[j], id)
      this.groups[first + j] = groups[j]
      this.rows.counts[2 * (first + j)] = id % LOW
      this.rows.counts[2 * (first + j) + 1] = Math.floor(id / LOW)
      this.rows.touch(first + j)
      this.#list(id, first + j)
    }
  }

  #list(id: number, slot: number): void {
    const slots = this.#slots.get(id)
    if (slots === undefined) this.#slots.set(id, [slot])
    else slots.push(slot)
  }

  /** Rows that come from now on ask anew. */
  closeRequests(): void {
    this.#open.clear()
  }

  /** Takes the rows of a request out; they are there until the epoch ends. None if the request is
   *  not known. */
  take(id: number): readonly number[] {
    const slots = this.#slots.get(id) ?? []
    this.#slots.delete(id)
    if (slots.length > 0 && this.#open.get(this.groups[slots[0]]) === id) {
      this.#open.delete(this.groups[slots[0]])
    }
    for (const slot of slots) this.rows.kill(slot)
    return slots
  }

  /** The requests with a number above `after`, each with one of its rows. */
  pending(after: number): { readonly ids: number[]; readonly slots: Int32Array } {
    const ids: number[] = []
    const slots: number[] = []
    // In the order of their numbers: the first one is the oldest.
    const oldest = this.#slots.keys().next().value ?? this.nextId
    for (let id = Math.max(after + 1, oldest); id < this.nextId; id++) {
      const slot = this.#slots.get(id)?.[0]
      if (slot === undefined) continue
      ids.push(id)
      slots.push(slot)
    }
    return { ids, slots: Int32Array.from(slots) }
  }

  /** The watermark that the oldest waiting row came behind; Infinity: none waits. */
  get markUs(): number {
    const { weights, count, view } = this.rows
    while (this.#oldest < count && weights[this.#oldest] === 0) this.#oldest++
    if (this.#oldest === count) return Infinity
    const column = view.columns[view.columns.length - 1]
    const [markUs] = timesOf(column, this.#oldest, this.#oldest + 1)
    return Number.isNaN(markUs) ? -Infinity : markUs
  }

  /** Sweeps dead rows out if they are many. Between epochs. */
  tidy(): void {
    if (!this.rows.crowded) return
    const { groups } = this
    const kept = this.rows.sweep()
    this.groups = new Int32Array(this.rows.capacity)
    for (let slot = 0; slot < kept.length; slot++) this.groups[slot] = groups[kept[slot]]
    this.#oldest = 0
    this.#listAgain()
  }

  /** Groups have new numbers. */
  renumberGroups(numbers: Int32Array): void {
    const open = [...this.#open]
    this.#open.clear()
    for (const [group, id] of open) this.#open.set(numbers[group], id)
  }

  #listAgain(): void {
    const { count, weights, counts } = this.rows
    this.#slots.clear()
    for (let slot = 0; slot < count; slot++) {
      if (weights[slot] !== 0) this.#list(counts[2 * slot] + LOW * counts[2 * slot + 1], slot)
    }
  }

  snapshot(): Section[] {
    return this.rows.snapshot('waiting-')
  }

  /** Takes back a snapshot, on a fresh object. `shares`: later rows may wait for open requests. */
  restore(
    sections: readonly Section[],
    shares: boolean,
    find: (batch: Batch, rows: Int32Array, n: number, groups: Int32Array) => void,
  ): void {
    this.rows.restore('waiting-', sections)
    const { count, weights } = this.rows
    this.groups = new Int32Array(this.rows.capacity)
    const live = Int32Array.from(
      Array.from({ length: count }, (_, slot) => slot).filter((slot) => weights[slot] !== 0),
    )
    const groups = new Int32Array(live.length)
    find(this.view, live, live.length, groups)
    live.forEach((slot, j) => {
      this.groups[slot] = groups[j]
    })
    this.#listAgain()
    if (!shares) return
    for (const [id, [slot]] of this.#slots) this.#open.set(this.groups[slot], id)
  }

  get bytes(): number {
    return this.rows.bytes + this.groups.byteLength + this.#slots.size * 100
  }
}
