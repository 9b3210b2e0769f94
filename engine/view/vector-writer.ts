/** Batches into DuckDB: fills data chunks column by column, typed array to typed array where the
 *  layouts agree, and hands them to an appender. */

import type { Batch } from '../batch/batch.ts'
import type { Column, Dictionary } from '../batch/column.ts'
import { type DataType, storageOf } from '../batch/types.ts'
import {
  type DuckDBAppender,
  DuckDBBlobValue,
  DuckDBDataChunk,
  DuckDBDecimalValue,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBVector,
  INTEGER,
} from './duckdb.ts'
import { duckdbType } from './duckdb-type.ts'
import { duckdbValueAt } from './duckdb-value.ts'

/** Rows a DuckDB data chunk holds at most. */
const CHUNK_ROWS = 2048

/** The memory of a fixed-width vector. The library declares it private, yet copying typed arrays
 *  is what makes appending three times as fast as setting values one by one. */
interface FixedVector {
  readonly items: { set(source: ArrayLike<number | bigint>): void }
}

export interface AppendOptions {
  /** Integers put before the batch's columns, one array a column, one value a row. */
  readonly prefix?: readonly Int32Array[]
}

/** Appends all rows of `batch` (its weights are not looked at). The table's columns are the
 *  prefix, then those of the batch's schema. Lets the event loop turn after every few chunks: a
 *  large result must not hold up everyone else. */
export async function appendBatch(
  appender: DuckDBAppender,
  batch: Batch,
  { prefix = [] }: AppendOptions = {},
): Promise<void> {
  const types: DuckDBType[] = [
    ...prefix.map(() => INTEGER),
    ...batch.columns.map((column) => duckdbType(column.type)),
  ]
  for (let from = 0; from < batch.rowCount; from += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, batch.rowCount - from)
    const chunk = DuckDBDataChunk.create(types, count)
    prefix.forEach((values, i) => {
      const vector = chunk.getColumnVector(i)
      setItems(vector, values.subarray(from, from + count))
      vector.flush()
    })
    batch.columns.forEach((column, i) => {
      const vector = chunk.getColumnVector(prefix.length + i)
      writeColumn(vector, column, from, count)
      vector.flush()
    })
    appender.appendDataChunk(chunk)
    if (((from / CHUNK_ROWS) & 3) === 3) await breathe()
  }
}

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const setItems = (vector: DuckDBVector, values: ArrayLike<number | bigint>): void =>
  (vector as unknown as FixedVector).items.set(values)

/** Rows [from, from + count) of `column` into the vector's rows [0, count). */
function writeColumn(vector: DuckDBVector, column: Column, from: number, count: number): void {
  if (isCopied(column.type)) {
    setItems(vector, column.values.subarray(from, from + count))
    for (let i = 0; i < count; i++) if (column.isNull(from + i)) vector.setItem(i, null)
    return
  }
  const valueAt = valueReader(column)
  for (let i = 0; i < count; i++) {
    vector.setItem(i, column.isNull(from + i) ? null : valueAt(from + i))
  }
}

/** Whether the vector's memory is laid out as the column's. */
function isCopied(type: DataType): boolean {
  if (type.kind === 'boolean' || type.kind === 'decimal') return false
  switch (storageOf(type)) {
    case 'i8':
    case 'i16':
    case 'i32':
    case 'i64':
    case 'f32':
    case 'f64':
      return true
    default:
      return false
  }
}

/** Reads one value that is not NULL, in the form that `setItem` takes. */
function valueReader(column: Column): (row: number) => DuckDBValue {
  const { type, starts, ends } = column
  if (type.kind === 'boolean') return (row) => column.values[row] === 1
  if (type.kind === 'decimal') return decimalReader(column, type)
  if (storageOf(type) !== 'bytes') return (row) => duckdbValueAt(column, row)
  if (column.dictionary !== null && type.kind !== 'bytes')
    return dictionaryReader(column.dictionary)
  const heap = column.values
  const bytes = Buffer.from(heap.buffer, heap.byteOffset, heap.byteLength)
  return type.kind === 'bytes'
    ? (row) => new DuckDBBlobValue(bytes.subarray(starts[row], ends[row]))
    : (row) => bytes.toString('utf8', starts[row], ends[row])
}

/** Each distinct text is made once. */
function dictionaryReader({ codes, entries }: Dictionary): (row: number) => DuckDBValue {
  const textAt = valueReader(entries)
  const texts: DuckDBValue[] = []
  return (row) => (texts[codes[row]] ??= textAt(codes[row]))
}

function decimalReader(
  column: Column,
  { precision, scale }: { precision: number; scale: number },
): (row: number) => DuckDBValue {
  const values = column.values as BigInt64Array
  const scaled =
    storageOf(column.type) === 'i64'
      ? (row: number) => values[row]
      : (row: number) => BigInt.asUintN(64, values[row * 2]) | (values[row * 2 + 1] << 64n)
  return (row) => new DuckDBDecimalValue(scaled(row), precision, scale)
}
