/** DuckDB's chunks into batches. Strings are selected as bytes (`encode`), so that no JavaScript
 *  string is made on the way. */

import { Batch } from '../batch/batch.ts'
import { allocate, allValid, Column, type Values } from '../batch/column.ts'
import type { Schema } from '../batch/schema.ts'
import { type DataType, storageOf } from '../batch/types.ts'
import {
  DuckDBBlobVector,
  type DuckDBDataChunk,
  type DuckDBDecimalValue,
  type DuckDBVector,
  type StreamedRows,
} from './duckdb.ts'
import { columnOfDuckdbValues } from './duckdb-value.ts'

/** The memory of a fixed-width vector and its NULLs; private in the library's types. */
interface FixedVector {
  readonly items: Values
  readonly validity: { readonly data: BigUint64Array | null }
}

/** How a query must select the column so that `readBatches` finds the layout it expects. */
export function selectExpression(column: string, type: DataType): string {
  const text = type.kind === 'varchar' || type.kind === 'json'
  return text ? `encode(${column})` : column
}

/** All rows of `result` in batches of `rowsMax` (the last one smaller). The result's columns are
 *  those of `schema`, each selected by `selectExpression`. */
export async function* readBatches(
  result: Pick<StreamedRows, 'fetchChunk'>,
  schema: Schema,
  rowsMax: number,
): AsyncGenerator<Batch> {
  let open = new OpenBatch(schema, rowsMax)
  for (;;) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) break
    if (open.rowCount + chunk.rowCount > rowsMax && open.rowCount > 0) {
      yield open.finish()
      open = new OpenBatch(schema, rowsMax)
    }
    open.add(chunk)
  }
  if (open.rowCount > 0) yield open.finish()
}

/** A batch that grows by chunks. */
class OpenBatch {
  readonly #schema: Schema
  readonly #columns: OpenColumn[]
  rowCount = 0

  constructor(schema: Schema, capacity: number) {
    this.#schema = schema
    // A chunk is taken whole, so there must be room for one even in a small batch.
    const rows = Math.max(capacity, 2048)
    this.#columns = schema.fields.map(({ type }) => openColumn(type, rows))
  }

  add(chunk: DuckDBDataChunk): void {
    const count = chunk.rowCount
    this.#columns.forEach((column, i) => {
      column.add(chunk.getColumnVector(i), count)
    })
    this.rowCount += count
  }

  finish(): Batch {
    const columns = this.#columns.map((column) => column.finish())
    return new Batch(this.#schema, columns, this.rowCount)
  }
}

interface OpenColumn {
  add(vector: DuckDBVector, count: number): void
  finish(): Column
}

function openColumn(type: DataType, capacity: number): OpenColumn {
  switch (storageOf(type)) {
    case 'bytes':
      return new BytesColumn(type, capacity)
    case 'list':
    case 'struct':
      return new ValueColumn(type)
    default:
      return new FixedColumn(type, capacity)
  }
}

/** The validity bitmap of a growing column; none until the first NULL. */
class Validity {
  readonly #capacity: number
  #bits: Uint8Array | null = null

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  clear(row: number): void {
    this.#bits ??= allValid(this.#capacity)
    this.#bits[row >> 3] &= ~(1 << (row & 7))
  }

  finish(length: number): Uint8Array | null {
    return this.#bits?.subarray(0, (length + 7) >> 3) ?? null
  }
}

class FixedColumn implements OpenColumn {
  readonly #type: DataType
  readonly #values: Values
  readonly #validity: Validity
  #length = 0

  constructor(type: DataType, capacity: number) {
    this.#type = type
    this.#values = allocate(type, capacity)
    this.#validity = new Validity(capacity)
  }

  add(vector: DuckDBVector, count: number): void {
    if (this.#type.kind === 'boolean' || this.#type.kind === 'decimal') {
      this.#addValues(vector, count)
    } else {
      const { items, validity } = vector as unknown as FixedVector
      ;(this.#values as Float64Array).set(items as Float64Array, this.#length)
      if (validity.data !== null) this.#addNulls(validity.data, count)
    }
    this.#length += count
  }

  /** What the memory of a NULL holds is DuckDB's affair, in both systems nobody looks at it. */
  #addNulls(words: BigUint64Array, count: number): void {
    const bits = new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
    for (let i = 0; i < count; i++) {
      if (((bits[i >> 3] >> (i & 7)) & 1) === 0) this.#validity.clear(this.#length + i)
    }
  }

  #addValues(vector: DuckDBVector, count: number): void {
    for (let i = 0; i < count; i++) {
      const value = vector.getItem(i)
      if (value === null) this.#validity.clear(this.#length + i)
      else this.#set(this.#length + i, value as boolean | DuckDBDecimalValue)
    }
  }

  #set(row: number, value: boolean | DuckDBDecimalValue): void {
    if (typeof value === 'boolean') {
      this.#values[row] = value ? 1 : 0
      return
    }
    const values = this.#values as BigInt64Array
    if (storageOf(this.#type) === 'i64') {
      values[row] = value.value
      return
    }
    values[row * 2] = BigInt.asIntN(64, value.value)
    values[row * 2 + 1] = value.value >> 64n
  }

  finish(): Column {
    const width = storageOf(this.#type) === 'i128' ? 2 : 1
    return new Column({
      type: this.#type,
      length: this.#length,
      values: this.#values.subarray(0, this.#length * width),
      validity: this.#validity.finish(this.#length),
    })
  }
}

class BytesColumn implements OpenColumn {
  readonly #type: DataType
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #validity: Validity
  #heap: Uint8Array
  #used = 0
  #length = 0

  constructor(type: DataType, capacity: number) {
    this.#type = type
    this.#starts = new Int32Array(capacity)
    this.#ends = new Int32Array(capacity)
    this.#validity = new Validity(capacity)
    this.#heap = new Uint8Array(capacity * 8)
  }

  add(vector: DuckDBVector, count: number): void {
    if (!(vector instanceof DuckDBBlobVector)) throw new TypeError('select strings by encode()')
    for (let i = 0; i < count; i++) {
      const row = this.#length + i
      const bytes = vector.getItemBytes(i)
      this.#starts[row] = this.#used
      if (bytes === null) this.#validity.clear(row)
      else this.#push(bytes)
      this.#ends[row] = this.#used
    }
    this.#length += count
  }

  #push(bytes: Uint8Array): void {
    const end = this.#used + bytes.length
    if (end > this.#heap.length) {
      const larger = new Uint8Array(Math.max(this.#heap.length * 2, end))
      larger.set(this.#heap.subarray(0, this.#used))
      this.#heap = larger
    }
    if (bytes.length < 16) {
      for (let i = 0; i < bytes.length; i++) this.#heap[this.#used + i] = bytes[i]
    } else {
      this.#heap.set(bytes, this.#used)
    }
    this.#used = end
  }

  finish(): Column {
    return new Column({
      type: this.#type,
      length: this.#length,
      values: this.#heap.subarray(0, this.#used),
      validity: this.#validity.finish(this.#length),
      starts: this.#starts.subarray(0, this.#length),
      ends: this.#ends.subarray(0, this.#length),
    })
  }
}

/** Nested types go value by value. */
class ValueColumn implements OpenColumn {
  readonly #type: DataType
  readonly #values: unknown[] = []

  constructor(type: DataType) {
    this.#type = type
  }

  add(vector: DuckDBVector, count: number): void {
    for (let i = 0; i < count; i++) this.#values.push(vector.getItem(i))
  }

  finish(): Column {
    return columnOfDuckdbValues(this.#type, this.#values)
  }
}
