/** A column that grows at its end, outside the JavaScript heap: what stored rows are kept in.
 *  Values once appended never change, so emitted batches and snapshots may share the memory. */

import { fail } from '../base/errors.ts'
import { copyBytes } from '../batch/bytes.ts'
import { allocate, Column, type Values } from '../batch/column.ts'
import { type DataType, partsOf, storageOf } from '../batch/types.ts'
import { grownBytes, grownCapacity, grownInts } from './grown.ts'

/** Rows to take from a source: `rows[0..n)`, or all of [0, n) when null. */
export type RowPick = Int32Array | null

export interface ColumnStore {
  /** The stored values, `count` of them; a view that later appends do not change. */
  readonly column: Column
  readonly count: number
  /** Bytes of memory taken, used or not. */
  readonly bytes: number
  /** Appends n values of a column of the same type. LIMIT_EXCEEDED when text passes 2 GiB. */
  append(source: Column, rows: RowPick, n: number): void
}

/** An empty store for values of `type`; every type can be stored. */
export function columnStore(type: DataType): ColumnStore {
  switch (storageOf(type)) {
    case 'bytes':
      return new BytesStore(type)
    case 'list':
      return new ListStore(type)
    case 'struct':
      return new StructStore(type)
    default:
      return new FixedStore(type)
  }
}

/** See `grownCapacity`. */
const CAPACITY_FIRST = 80
const HEAP_BYTES_MAX = 2 ** 31 - 1

abstract class GrowingStore implements ColumnStore {
  readonly type: DataType
  count = 0
  protected capacity = 0
  protected validity: Uint8Array | null = null
  #column: Column | undefined

  constructor(type: DataType) {
    this.type = type
  }

  append(source: Column, rows: RowPick, n: number): void {
    const needed = this.count + n
    if (needed > this.capacity) {
      this.capacity = grownCapacity(this.capacity, needed, CAPACITY_FIRST)
      this.grow(this.capacity)
      if (this.validity !== null) this.validity = grownBytes(this.validity, this.#bitBytes, 255)
    }
    this.write(source, rows, n)
    if (source.validity !== null) this.#writeNulls(source.validity, rows, n)
    this.count = needed
    this.#column = undefined
  }

  get column(): Column {
    this.#column ??= this.make()
    return this.#column
  }

  get bytes(): number {
    return (this.validity?.byteLength ?? 0) + this.valueBytes()
  }

  protected abstract grow(capacity: number): void
  protected abstract write(source: Column, rows: RowPick, n: number): void
  protected abstract make(): Column
  protected abstract valueBytes(): number

  get #bitBytes(): number {
    return (this.capacity + 7) >> 3
  }

  /** Bits behind the end are 1 at all times: only NULLs are written. */
  #writeNulls(bits: Uint8Array, rows: RowPick, n: number): void {
    this.validity ??= new Uint8Array(this.#bitBytes).fill(255)
    const { validity, count } = this
    for (let j = 0; j < n; j++) {
      const row = rows === null ? j : rows[j]
      if (((bits[row >> 3] >> (row & 7)) & 1) === 0) {
        validity[(count + j) >> 3] &= ~(1 << ((count + j) & 7))
      }
    }
  }
}

/** 32-bit words of a value, or one element where it is narrower. */
function wordsOf(values: Values): Int32Array | Uint8Array | Uint16Array {
  const { buffer, byteOffset, byteLength } = values
  switch (values.BYTES_PER_ELEMENT) {
    case 1:
      return new Uint8Array(buffer, byteOffset, byteLength)
    case 2:
      return new Uint16Array(buffer, byteOffset, byteLength >> 1)
    default:
      return new Int32Array(buffer, byteOffset, byteLength >> 2)
  }
}

function copyWords(
  source: Int32Array,
  rows: Int32Array,
  n: number,
  target: Int32Array,
  at: number,
  width: number,
): void {
  if (width === 2) {
    for (let j = 0, to = at * 2; j < n; j++, to += 2) {
      const from = rows[j] * 2
      target[to] = source[from]
      target[to + 1] = source[from + 1]
    }
    return
  }
  for (let j = 0, to = at * width; j < n; j++) {
    const from = rows[j] * width
    for (let word = 0; word < width; word++) target[to++] = source[from + word]
  }
}

class FixedStore extends GrowingStore {
  #values: Values
  #words: Int32Array | Uint8Array | Uint16Array
  /** Words a value. */
  readonly #width: number

  constructor(type: DataType) {
    super(type)
    this.#values = allocate(type, 0)
    this.#words = wordsOf(this.#values)
    const bytes = allocate(type, 1).byteLength
    this.#width = Math.max(1, bytes >> 2)
  }

  protected grow(capacity: number): void {
    const values = allocate(this.type, capacity)
    const words = wordsOf(values)
    words.set(this.#words.subarray(0, this.count * this.#width))
    this.#values = values
    this.#words = words
  }

  protected write(source: Column, rows: RowPick, n: number): void {
    const words = wordsOf(source.values)
    const width = this.#width
    const at = this.count
    if (rows === null) this.#words.set(words.subarray(0, n * width), at * width)
    else copyWords(words as Int32Array, rows, n, this.#words as Int32Array, at, width)
  }

  protected make(): Column {
    const { type, count, validity } = this
    return new Column({ type, length: count, values: this.#values, validity })
  }

  protected valueBytes(): number {
    return this.#values.byteLength
  }
}

/** Where each row's bytes or elements lie. */
abstract class RangeStore extends GrowingStore {
  protected starts = new Int32Array(0)
  protected ends = new Int32Array(0)

  protected grow(capacity: number): void {
    this.starts = grownInts(this.starts, capacity)
    this.ends = grownInts(this.ends, capacity)
  }

  /** The sum of the rows' lengths, and the part of the source that they span. */
  protected spanOf(source: Column, rows: RowPick, n: number) {
    let [used, from, to] = [0, Infinity, 0]
    for (let j = 0; j < n; j++) {
      const row = rows === null ? j : rows[j]
      const [start, end] = [source.starts[row], source.ends[row]]
      if (start === end) continue
      used += end - start
      if (start < from) from = start
      if (end > to) to = end
    }
    return { used, from: used === 0 ? 0 : from, to }
  }

  protected rangeBytes(): number {
    return this.starts.byteLength * 2
  }
}

class BytesStore extends RangeStore {
  #heap = new Uint8Array(0)
  #size = 0

  protected write(source: Column, rows: RowPick, n: number): void {
    const { used, from, to } = this.spanOf(source, rows, n)
    const heap = source.values as Uint8Array
    const { starts, ends, count } = this
    if (rows === null && to - from === used) {
      // One run of bytes, as a record batch from the log has it: copied at once.
      this.#reserve(used)
      this.#heap.set(heap.subarray(from, to), this.#size)
      const shift = this.#size - from
      for (let j = 0; j < n; j++) {
        const empty = source.starts[j] === source.ends[j]
        starts[count + j] = empty ? 0 : source.starts[j] + shift
        ends[count + j] = empty ? 0 : source.ends[j] + shift
      }
      this.#size += used
      return
    }
    this.#reserve(used)
    let at = this.#size
    // Values that lie side by side are copied together.
    let [runFrom, runTo, runAt] = [0, 0, at]
    for (let j = 0; j < n; j++) {
      const row = rows === null ? j : rows[j]
      const start = source.starts[row]
      if (start !== runTo) {
        copyBytes(heap, runFrom, this.#heap, runAt, runTo - runFrom)
        runFrom = start
        runAt = at
      }
      runTo = source.ends[row]
      starts[count + j] = at
      at += runTo - start
      ends[count + j] = at
    }
    copyBytes(heap, runFrom, this.#heap, runAt, runTo - runFrom)
    this.#size = at
  }

  #reserve(more: number): void {
    const needed = this.#size + more
    if (needed <= this.#heap.length) return
    if (needed > HEAP_BYTES_MAX) {
      fail('LIMIT_EXCEEDED', 'The text of one column in the state of a query is over 2 GiB', {
        hint: 'Bound the state: an interval, a window, or table.exec.state.ttl.',
      })
    }
    const room = Math.min(grownCapacity(this.#heap.length, needed), HEAP_BYTES_MAX)
    // Emitted batches still point into the old heap, which stays as it is.
    this.#heap = grownBytes(this.#heap.subarray(0, this.#size), room)
  }

  protected make(): Column {
    const { type, count, starts, ends, validity } = this
    return new Column({ type, length: count, values: this.#heap, starts, ends, validity })
  }

  protected valueBytes(): number {
    return this.rangeBytes() + this.#heap.byteLength
  }
}

class ListStore extends RangeStore {
  readonly #children: readonly ColumnStore[]

  constructor(type: DataType) {
    super(type)
    this.#children = partsOf(type).map(columnStore)
  }

  protected write(source: Column, rows: RowPick, n: number): void {
    const { used } = this.spanOf(source, rows, n)
    const elements = new Int32Array(used)
    const { starts, ends, count } = this
    const base = this.#children[0].count
    let at = 0
    for (let j = 0; j < n; j++) {
      const row = rows === null ? j : rows[j]
      starts[count + j] = base + at
      for (let from = source.starts[row]; from < source.ends[row]; from++) elements[at++] = from
      ends[count + j] = base + at
    }
    this.#children.forEach((child, c) => {
      child.append(source.children[c], elements, used)
    })
  }

  protected make(): Column {
    const { type, count, starts, ends, validity } = this
    const children = this.#children.map((child) => child.column)
    return new Column({ type, length: count, starts, ends, validity, children })
  }

  protected valueBytes(): number {
    return this.#children.reduce((sum, child) => sum + child.bytes, this.rangeBytes())
  }
}

class StructStore extends GrowingStore {
  readonly #children: readonly ColumnStore[]

  constructor(type: DataType) {
    super(type)
    this.#children = partsOf(type).map(columnStore)
  }

  protected grow(): void {}

  protected write(source: Column, rows: RowPick, n: number): void {
    this.#children.forEach((child, c) => {
      child.append(source.children[c], rows, n)
    })
  }

  protected make(): Column {
    const { type, count, validity } = this
    const children = this.#children.map((child) => child.column)
    return new Column({ type, length: count, validity, children })
  }

  protected valueBytes(): number {
    return this.#children.reduce((sum, child) => sum + child.bytes, 0)
  }
}
