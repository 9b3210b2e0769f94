/** The current row of each key, and what changed since the last look: the old rows that are gone
 *  and the new ones that came. Rows are found by their key columns; a key's rows follow each other
 *  in the store, where the earlier ones are dead. */

import { ALL_GONE, type Batch } from '../batch/batch.ts'
import { hashRows } from '../batch/row-hash.ts'
import { sameRow } from '../batch/same-row.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import { grownBytes, grownInts } from './grown.ts'
import { RowIndex } from './row-index.ts'
import { RowStore, type StateSection } from './row-store.ts'

/** Changed rows by slot, in order. The arrays are used again by the next look. */
export interface UpsertChanges {
  readonly slots: Int32Array
  readonly weights: Int32Array
  /** The row of the batch that made each change. */
  readonly causes: Int32Array
  readonly count: number
}

const NONE = -1
/** What became of a slot since the last look. */
const CURRENT = 0
/** Another row of its key took its place: the index forgets it. */
const REPLACED = 1
/** A tombstone removed it: the index keeps it until the look, because its key may come back. */
const REMOVED = 2

const ROWS_AT_ONCE = 8192

export class UpsertRows {
  readonly #tellsReplaced: boolean
  readonly #keys: readonly number[]
  readonly #keySchema: Schema
  readonly #rows: RowStore
  readonly #index = new RowIndex()
  #fates = new Uint8Array(0)
  /** Per slot given since the last look: the key's row at that look; -1: it had none. */
  #before = new Int32Array(0)
  /** Every change, in order: the slot, its weight, and its cause. */
  #slots = new Int32Array(64)
  #weights = new Int32Array(64)
  #causes = new Int32Array(64)
  #count = 0
  /** The first slot since the last look. */
  #fresh = 0

  /** `tellsReplaced`: a row whose place is taken is a change. */
  constructor(schema: Schema, keys: readonly number[], tellsReplaced = true) {
    this.#tellsReplaced = tellsReplaced
    this.#keys = keys
    this.#keySchema = schemaOf(keys.map((key) => schema.fields[key]))
    this.#rows = new RowStore(schema)
  }

  get live(): number {
    return this.#rows.live
  }

  /** The rows by slot; those of the last changes are there until `settle`. */
  get view(): Batch {
    return this.#rows.view
  }

  /** The current rows of all keys, in pieces. */
  all(): Generator<Batch> {
    return this.#rows.all()
  }

  #keysOf(batch: Batch): Batch {
    return batch.withColumns(
      this.#keySchema,
      this.#keys.map((key) => batch.columns[key]),
    )
  }

  /** Puts rows in the place of their keys', and removes those of tombstones (weight -1), or all
   *  (`ALL_GONE`). */
  add(batch: Batch): void {
    const { rowCount, weights } = batch
    const keys = this.#keysOf(batch)
    const hashes = hashRows(keys.columns, rowCount)
    const rows = new Int32Array(rowCount)
    let n = 0
    for (let row = 0; row < rowCount; row++) {
      if (weights === null || weights[row] > 0) rows[n++] = row
    }
    let slot = this.#rows.append(batch, n === rowCount ? null : rows, n, null)
    this.#makeRoom()
    const stored = this.#keysOf(this.view)
    const isReplaced = (old: number) => this.#fates[old] === REPLACED
    for (let row = 0; row < rowCount; row++) {
      if (weights !== null && weights[row] === ALL_GONE) {
        this.#removeAll(slot, row)
        continue
      }
      const old = this.#index.find(hashes[row], keys, row, stored, isReplaced)
      if (weights !== null && weights[row] < 0) this.#remove(old, row)
      else this.#put(slot++, old, hashes[row], row)
    }
  }

  #put(slot: number, old: number, hash: number, cause: number): void {
    this.#fates[slot] = CURRENT
    this.#before[slot] = this.#beforeOf(old)
    const stood = old !== NONE && this.#fates[old] === CURRENT
    if (stood && sameRow(this.view, slot, this.view, old)) {
      // Nothing changed: the old row stays.
      this.#fates[slot] = REPLACED
      this.#rows.kill(slot)
      return
    }
    if (stood) this.#leave(old, REPLACED, cause)
    else if (old !== NONE) this.#fates[old] = REPLACED
    this.#index.add(slot, hash)
    this.#note(slot, 1, cause)
  }

  #beforeOf(old: number): number {
    if (old === NONE) return NONE
    return old < this.#fresh ? old : this.#before[old]
  }

  #remove(old: number, cause: number): void {
    if (old !== NONE && this.#fates[old] === CURRENT) this.#leave(old, REMOVED, cause)
  }

  /** Those before the slot. */
  #removeAll(end: number, cause: number): void {
    for (let slot = 0; slot < end; slot++) {
      if (this.#rows.weights[slot] !== 0) this.#leave(slot, REMOVED, cause)
    }
  }

  #leave(slot: number, fate: number, cause: number): void {
    this.#fates[slot] = fate
    this.#rows.kill(slot)
    if (fate === REMOVED || this.#tellsReplaced) this.#note(slot, -1, cause)
  }

  #note(slot: number, weight: number, cause: number): void {
    const i = this.#count++
    if (i === this.#slots.length) {
      this.#slots = grownInts(this.#slots, i * 2)
      this.#weights = grownInts(this.#weights, i * 2)
      this.#causes = grownInts(this.#causes, i * 2)
    }
    this.#slots[i] = slot
    this.#weights[i] = weight
    this.#causes[i] = cause
  }

  #makeRoom(): void {
    const { capacity } = this.#rows
    if (this.#fates.length >= capacity) return
    this.#fates = grownBytes(this.#fates, capacity)
    this.#before = grownInts(this.#before, capacity)
  }

  /** What happened since the last `settle`: step by step, or else what it came to. */
  changes(steps: boolean): UpsertChanges {
    if (!steps) this.#dropPassing()
    return {
      slots: this.#slots,
      weights: this.#weights,
      causes: this.#causes,
      count: this.#count,
    }
  }

  /** Drops the changes of rows that came and went, and pairs of an old and a new row that are
   *  alike. */
  #dropPassing(): void {
    const fates = this.#fates
    const silent = new Set<number>()
    let count = 0
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slots[i]
      if (slot < this.#fresh || fates[slot] !== CURRENT) continue
      const before = this.#before[slot]
      if (before === NONE || !sameRow(this.view, slot, this.view, before)) continue
      silent.add(slot).add(before)
    }
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slots[i]
      if (slot >= this.#fresh && fates[slot] !== CURRENT) {
        fates[slot] = REPLACED
        continue
      }
      if (silent.has(slot)) continue
      this.#slots[count] = slot
      this.#weights[count] = this.#weights[i]
      this.#causes[count++] = this.#causes[i]
    }
    this.#count = count
  }

  /** The changes are told. */
  settle(): void {
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slots[i]
      if (this.#fates[slot] === REMOVED) this.#fates[slot] = REPLACED
    }
    this.#count = 0
    if (this.#rows.crowded) this.#sweep()
    this.#fresh = this.#rows.count
  }

  #sweep(): void {
    const kept = this.#rows.sweep()
    this.#index.retain(kept, kept.length)
    this.#fates = new Uint8Array(0)
    this.#before = new Int32Array(0)
    this.#makeRoom()
  }

  snapshot(): StateSection[] {
    return this.#rows.snapshot('')
  }

  /** On a fresh object. */
  restore(sections: readonly StateSection[]): void {
    this.#rows.restore('', sections)
    this.#makeRoom()
    const { count, weights, view } = this.#rows
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      const batch = this.#keysOf(view.slice(from, Math.min(count, from + ROWS_AT_ONCE)))
      const hashes = hashRows(batch.columns, batch.rowCount)
      for (let row = 0; row < batch.rowCount; row++) {
        if (weights[from + row] !== 0) this.#index.add(from + row, hashes[row])
      }
    }
    this.#fresh = count
  }

  get bytes(): number {
    return this.#rows.bytes + this.#index.bytes + this.#fates.length + this.#before.byteLength
  }
}
