/** Rows that are in a result from one moment until another: which ones come in and go out as the
 *  clock goes on. A row is kept while it has yet to do either. */

import type { Batch } from '../batch/batch.ts'
import { Column } from '../batch/column.ts'
import { hashRows } from '../batch/row-hash.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import { TIMESTAMP } from '../batch/types.ts'
import { FreshRows } from './fresh-rows.ts'
import { grownBytes, grownDoubles, grownInts } from './grown.ts'
import { RowIndex } from './row-index.ts'
import { RowStore, type StateSection } from './row-store.ts'
import { TimeHeap } from './time-heap.ts'
import { timesOf } from './times.ts'

const ROWS_AT_ONCE = 8192

export class TimedRows {
  /** The rows, then their bounds (NULL: open). The count of a row is its weight in the result. */
  readonly store: RowStore
  readonly #width: number
  readonly #index: RowIndex | undefined
  readonly #heap = new TimeHeap()
  #froms = new Float64Array(0)
  #untils = new Float64Array(0)
  #isTouched = new Uint8Array(0)
  #touched = new Int32Array(0)
  #touchedCount = 0
  #nowUs = -Infinity

  /** `indexed`: rows can be retracted, so equal ones are kept as one. */
  constructor(schema: Schema, indexed: boolean) {
    this.#width = schema.fields.length
    const bounds = ['$from', '$until'].map((name) => ({ name, type: TIMESTAMP, nullable: true }))
    this.store = new RowStore(schemaOf([...schema.fields, ...bounds]), 1)
    this.#index = indexed ? new RowIndex() : undefined
  }

  /** Takes rows with their weights and bounds (-Infinity and Infinity: open). */
  add(batch: Batch, froms: Float64Array, untils: Float64Array, nowUs: number): void {
    const bounds = [froms, untils].map(timeColumn)
    const stored = batch.withColumns(this.store.schema, [...batch.columns, ...bounds])
    const index = this.#index
    if (index === undefined) {
      const first = this.store.append(stored, null, batch.rowCount, batch.weights)
      this.#start(first, froms, untils, null, batch.rowCount, nowUs)
      return
    }
    const hashes = hashRows(batch.columns, batch.rowCount)
    const fresh = new FreshRows(batch, hashes, batch.rowCount)
    const isDead = (slot: number) => this.store.weights[slot] === 0 && this.#isTouched[slot] === 0
    for (let row = 0; row < batch.rowCount; row++) {
      const weight = batch.weights === null ? 1 : batch.weights[row]
      const slot = index.find(hashes[row], batch, row, this.store.view, isDead)
      if (slot < 0) fresh.add(row, 0, weight)
      else {
        this.store.weights[slot] += weight
        this.store.touch(slot)
        this.#touch(slot)
      }
    }
    const count = fresh.finish()
    const first = this.store.append(stored, fresh.rows, count, fresh.weights)
    this.#start(first, froms, untils, fresh.rows, count, nowUs)
    for (let j = 0; j < count; j++) index.add(first + j, hashes[fresh.rows[j]])
  }

  /** Begins to follow n new rows. */
  #start(
    first: number,
    froms: Float64Array,
    untils: Float64Array,
    rows: Int32Array | null,
    n: number,
    nowUs: number,
  ): void {
    this.#makeRoom()
    for (let j = 0; j < n; j++) {
      const row = rows === null ? j : rows[j]
      const slot = first + j
      this.#froms[slot] = froms[row]
      this.#untils[slot] = untils[row]
      this.#touch(slot)
      if (froms[row] > nowUs) this.#heap.push(froms[row], slot)
      if (untils[row] > nowUs && untils[row] < Infinity) this.#heap.push(untils[row], slot)
    }
  }

  #touch(slot: number): void {
    if (this.#isTouched[slot] === 1) return
    this.#isTouched[slot] = 1
    this.#touched[this.#touchedCount++] = slot
  }

  #makeRoom(): void {
    const { capacity } = this.store
    if (this.#isTouched.length >= capacity) return
    this.#isTouched = grownBytes(this.#isTouched, capacity)
    this.#touched = grownInts(this.#touched, capacity)
    this.#froms = grownDoubles(this.#froms, capacity)
    this.#untils = grownDoubles(this.#untils, capacity)
  }

  /** Shows each row whose weight in the result changes at `nowUs`, and by how much. */
  advance(nowUs: number, see: (slot: number, change: number) => void): void {
    this.#nowUs = nowUs
    while (this.#heap.firstUs <= nowUs) {
      const slot = this.#heap.firstSlot
      this.#heap.pop()
      if (this.store.weights[slot] !== 0) this.#touch(slot)
    }
    const { counts, weights } = this.store
    for (let i = 0; i < this.#touchedCount; i++) {
      const slot = this.#touched[i]
      const isIn = this.#froms[slot] <= nowUs && nowUs < this.#untils[slot]
      const weight = isIn ? weights[slot] : 0
      const change = weight - counts[slot]
      if (change === 0) continue
      counts[slot] = weight
      this.store.touch(slot)
      see(slot, change)
    }
  }

  /** Ends the epoch: lets the rows go that have nothing ahead of them. */
  settle(): void {
    for (let i = 0; i < this.#touchedCount; i++) {
      const slot = this.#touched[i]
      this.#isTouched[slot] = 0
      const from = this.#froms[slot]
      const until = this.#untils[slot]
      const isOver = until <= this.#nowUs || until <= from
      const isInForEver = from <= this.#nowUs && until === Infinity
      if (isOver || isInForEver || this.store.weights[slot] === 0) this.store.kill(slot)
    }
    this.#touchedCount = 0
    if (!this.store.crowded) return
    const kept = this.store.sweep()
    this.#index?.retain(kept, kept.length)
    this.#follow()
  }

  /** The next moment at which a row comes in or goes out; Infinity if there is none. */
  get dueUs(): number {
    const { weights } = this.store
    while (this.#heap.size > 0 && weights[this.#heap.firstSlot] === 0) this.#heap.pop()
    return this.#heap.firstUs
  }

  /** Reads the bounds of all rows back from their columns. */
  #follow(): void {
    this.#makeRoom()
    this.#heap.clear()
    const { view, count, weights, counts } = this.store
    if (count === 0) return
    const froms = timesOf(view.columns[this.#width], 0, count)
    const untils = timesOf(view.columns[this.#width + 1], 0, count)
    for (let slot = 0; slot < count; slot++) {
      const from = Number.isNaN(froms[slot]) ? -Infinity : froms[slot]
      const until = Number.isNaN(untils[slot]) ? Infinity : untils[slot]
      this.#froms[slot] = from
      this.#untils[slot] = until
      if (weights[slot] === 0) continue
      if (counts[slot] === 0 && from > -Infinity) this.#heap.push(from, slot)
      if (until < Infinity) this.#heap.push(until, slot)
    }
  }

  restore(sections: readonly StateSection[]): void {
    this.store.restore('', sections)
    this.#follow()
    const { count, view, weights } = this.store
    if (this.#index === undefined) return
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      const rows = view.slice(from, Math.min(count, from + ROWS_AT_ONCE))
      const hashes = hashRows(rows.columns.slice(0, this.#width), rows.rowCount)
      for (let row = 0; row < rows.rowCount; row++) {
        if (weights[from + row] !== 0) this.#index.add(from + row, hashes[row])
      }
    }
  }

  get bytes(): number {
    const slots = this.#isTouched.length + this.#touched.byteLength + this.#froms.byteLength * 2
    return this.store.bytes + slots + this.#heap.bytes + (this.#index?.bytes ?? 0)
  }
}

function timeColumn(times: Float64Array): Column {
  const length = times.length
  const values = new BigInt64Array(length)
  const validity = new Uint8Array((length + 7) >> 3)
  for (let i = 0; i < length; i++) {
    if (!Number.isFinite(times[i])) continue
    values[i] = BigInt(times[i])
    validity[i >> 3] |= 1 << (i & 7)
  }
  return new Column({ type: TIMESTAMP, length, values, validity })
}
