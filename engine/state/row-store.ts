/** Rows in growing columns, each in a numbered slot with a weight and, where asked for, numbers of
 *  its owner's. Slots are given in the order of arrival and never reused: rows that died are swept
 *  out when they are more than the living, which renumbers the slots. So all that is built over the
 *  slots can be built again after a restart and is then the same as before.
 *
 *  A snapshot has a section of rows per chunk of slots, which does not change once the chunk is
 *  full, and beside it one of the weights and counts, where they say something. */

import { Batch, emptyBatch } from '../batch/batch.ts'
import { decodeBatch, encodeBatch } from '../batch/ipc.ts'
import type { Schema } from '../batch/schema.ts'
import { type ColumnStore, columnStore, type RowPick } from './column-store.ts'
import { grownCapacity, grownInts } from './grown.ts'

/** A piece of a snapshot; the operator contract's Section. */
export interface StateSection {
  readonly name: string
  readonly version: number
  readonly bytes: Uint8Array
  readonly owner?: object | undefined
  readonly live?: boolean | undefined
}

/** Slots of a chunk. A multiple of 8, so that a chunk's bitmaps begin on a byte. */
const CHUNK_ROWS = 1 << 15
const CHUNK_SHIFT = 15
/** See `grownCapacity`: beside the columns and the tables over the slots. */
const CAPACITY_FIRST = 96
/** Dead rows are swept when they are this many and more than the living. */
const DEAD_MAX = 1024
const ROWS_AT_ONCE = 8192

export class RowStore {
  readonly schema: Schema
  readonly #width: number
  #columns: ColumnStore[]
  /** Slots given, those of dead rows included. */
  count = 0
  /** Rows that are not dead. */
  live = 0
  capacity = 0
  /** Per slot; 0 is dead, unless the epoch is still changing it. */
  weights = new Int32Array(0)
  /** Per slot: `counts` numbers that the owner keeps with the row, 0 at first. */
  counts = new Int32Array(0)
  /** The rows by slot, as columns. */
  view: Batch
  /** Per chunk: when its rows, and its weights or counts, last changed; 0: they say nothing. */
  #rowVersions: number[] = []
  #weightVersions: number[] = []
  #version = 0

  /** `counts`: how many numbers are kept with each row. */
  constructor(schema: Schema, counts: 0 | 1 | 2 = 0) {
    this.schema = schema
    this.#width = counts
    this.#columns = schema.fields.map(({ type }) => columnStore(type))
    this.view = emptyBatch(schema)
  }

  /** Appends n rows of weight `weights[row]` (null: 1); returns the slot of the first. */
  append(batch: Batch, rows: RowPick, n: number, weights: Int32Array | null): number {
    const first = this.count
    if (n === 0) return first
    this.#makeRoom(first + n)
    this.#columns.forEach((column, c) => {
      column.append(batch.columns[c], rows, n)
    })
    this.#see(first + n)
    this.live += n
    if (weights === null) this.weights.fill(1, first, first + n)
    else {
      for (let j = 0; j < n; j++) {
        const weight = weights[rows === null ? j : rows[j]]
        this.weights[first + j] = weight
        if (weight === 0) this.live--
      }
      this.#touchWeights(first, first + n)
    }
    this.#touchRows(first, first + n)
    return first
  }

  /** The rows that are not dead with their weights, in pieces and in order. */
  *all(): Generator<Batch> {
    for (let from = 0; from < this.count; from += ROWS_AT_ONCE) {
      const to = Math.min(this.count, from + ROWS_AT_ONCE)
      const slots = new Int32Array(to - from)
      let n = 0
      for (let slot = from; slot < to; slot++) if (this.weights[slot] !== 0) slots[n++] = slot
      if (n === 0) continue
      const rows = this.view.keep(slots, n)
      const weights = Int32Array.from(slots.subarray(0, n), (slot) => this.weights[slot])
      const plain = weights.every((weight) => weight === 1)
      yield new Batch(this.schema, rows.columns, n, plain ? null : weights)
    }
  }

  #makeRoom(needed: number): void {
    if (needed <= this.capacity) return
    this.capacity = grownCapacity(this.capacity, needed, CAPACITY_FIRST)
    this.weights = grownInts(this.weights, this.capacity)
    this.counts = grownInts(this.counts, this.capacity * this.#width)
  }

  #see(count: number): void {
    this.count = count
    const columns = this.#columns.map((column) => column.column)
    this.view = new Batch(this.schema, columns, count)
  }

  #touchRows(from: number, to: number): void {
    const version = ++this.#version
    for (let c = from >> CHUNK_SHIFT; c <= (to - 1) >> CHUNK_SHIFT; c++) {
      this.#rowVersions[c] = version
      this.#weightVersions[c] ??= 0
    }
  }

  #touchWeights(from: number, to: number): void {
    const version = ++this.#version
    for (let c = from >> CHUNK_SHIFT; c <= (to - 1) >> CHUNK_SHIFT; c++) {
      this.#weightVersions[c] = version
    }
  }

  /** To be called for a slot whose weight or count the owner has changed. */
  touch(slot: number): void {
    this.#weightVersions[slot >> CHUNK_SHIFT] = ++this.#version
  }

  /** The row is not needed any more. Its slot stays until the next sweep. */
  kill(slot: number): void {
    this.weights[slot] = 0
    this.live--
    this.touch(slot)
  }

  /** Forgets everything. */
  clear(): void {
    this.#columns = this.schema.fields.map(({ type }) => columnStore(type))
    this.live = 0
    this.capacity = 0
    this.weights = new Int32Array(0)
    this.counts = new Int32Array(0)
    this.#see(0)
    this.#rowVersions = []
    this.#weightVersions = []
  }

  /** Whether a sweep is worth its while. */
  get crowded(): boolean {
    const dead = this.count - this.live
    return dead > DEAD_MAX && dead > this.live
  }

  /** Moves the living rows together, in order; returns their old slots, ascending. Shared memory
   *  stays as it was: the rows get new. */
  sweep(): Int32Array {
    const { weights, counts } = this
    const kept = new Int32Array(this.live)
    let n = 0
    for (let slot = 0; slot < this.count; slot++) if (weights[slot] !== 0) kept[n++] = slot
    this.#columns = this.#columns.map((column) => {
      const fresh = columnStore(column.column.type)
      fresh.append(column.column, kept, n)
      return fresh
    })
    this.capacity = grownCapacity(0, n, CAPACITY_FIRST)
    this.weights = new Int32Array(this.capacity)
    this.counts = new Int32Array(this.capacity * this.#width)
    const width = this.#width
    for (let slot = 0; slot < n; slot++) {
      this.weights[slot] = weights[kept[slot]]
      for (let i = 0; i < width; i++) this.counts[slot * width + i] = counts[kept[slot] * width + i]
    }
    this.#see(n)
    this.#rowVersions = []
    this.#weightVersions = []
    if (n > 0) {
      this.#touchRows(0, n)
      this.#touchWeights(0, n)
    }
    return kept
  }

  /** The sections of the state, named `prefix` + kind + chunk. The bytes of rows are made when they
   *  are read: the rows do not change until then, and most are in an earlier checkpoint. */
  snapshot(prefix: string): StateSection[] {
    const { view, count } = this
    const sections: StateSection[] = []
    for (let c = 0; c << CHUNK_SHIFT < count; c++) {
      const from = c << CHUNK_SHIFT
      const to = Math.min(count, from + CHUNK_ROWS)
      sections.push({
        name: `${prefix}rows-${c}`,
        version: this.#rowVersions[c],
        owner: this,
        get bytes() {
          return encodeBatch(view.slice(from, to))
        },
      })
      if (this.#weightVersions[c] === 0) continue
      const width = this.#width
      const both = new Int32Array((to - from) * (1 + width))
      both.set(this.weights.subarray(from, to))
      both.set(this.counts.subarray(from * width, to * width), to - from)
      sections.push({
        name: `${prefix}weights-${c}`,
        version: this.#weightVersions[c],
        bytes: new Uint8Array(both.buffer),
      })
    }
    return sections
  }

  /** Takes back a snapshot, on a fresh store. */
  restore(prefix: string, sections: readonly StateSection[]): void {
    const byName = new Map(sections.map((section) => [section.name, section]))
    for (let c = 0; ; c++) {
      const rows = byName.get(`${prefix}rows-${c}`)
      if (rows === undefined) break
      const batch = decodeBatch(rows.bytes.slice(), this.schema)
      const first = this.append(batch, null, batch.rowCount, null)
      const weights = byName.get(`${prefix}weights-${c}`)
      if (weights !== undefined) this.#restoreWeights(first, batch.rowCount, weights)
      this.#rowVersions[c] = rows.version
      this.#weightVersions[c] = weights?.version ?? 0
      this.#version = Math.max(this.#version, rows.version, weights?.version ?? 0)
    }
  }

  #restoreWeights(first: number, n: number, { bytes }: StateSection): void {
    const both = new Int32Array(new Uint8Array(bytes).buffer)
    this.weights.set(both.subarray(0, n), first)
    this.counts.set(both.subarray(n), first * this.#width)
    for (let slot = first; slot < first + n; slot++) if (this.weights[slot] === 0) this.live--
  }

  get bytes(): number {
    const columns = this.#columns.reduce((sum, column) => sum + column.bytes, 0)
    return columns + this.weights.byteLength + this.counts.byteLength
  }
}
