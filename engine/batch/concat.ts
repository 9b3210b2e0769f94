/** Rows of several batches in one. */

import { assert } from '../base/assert.ts'
import { Batch } from './batch.ts'
import { appendBits } from './bits.ts'
import { copyBytes } from './bytes.ts'
import { allocate, Column, type Values } from './column.ts'
import { storageOf } from './types.ts'

/** All rows in order, under the schema of the first batch. At least one batch. Missing weights
 *  count as +1, missing watermarks as none. */
export function concat(batches: readonly Batch[]): Batch {
  assert(batches.length > 0, 'concat needs a batch')
  const filled = batches.filter((batch) => batch.rowCount > 0)
  if (filled.length === 0) return batches[0]
  if (filled.length === 1) return filled[0]
  const { schema } = batches[0]
  const rowCount = filled.reduce((sum, batch) => sum + batch.rowCount, 0)
  const columns = schema.fields.map((_, i) => concatColumns(filled.map((b) => b.columns[i])))
  const weights = filled.some((batch) => batch.weights !== null)
    ? joined(new Int32Array(rowCount), filled, (batch) => batch.weights, 1)
    : null
  const watermarks = filled.some((batch) => batch.watermarks !== null)
    ? joined(new Float64Array(rowCount), filled, (batch) => batch.watermarks, -Infinity)
    : null
  return new Batch(schema, columns, rowCount, weights, watermarks)
}

function joined<T extends Int32Array | Float64Array>(
  target: T,
  batches: readonly Batch[],
  part: (batch: Batch) => T | null,
  missing: number,
): T {
  let at = 0
  for (const batch of batches) {
    const values = part(batch)
    if (values === null) target.fill(missing, at, at + batch.rowCount)
    else target.set(values.subarray(0, batch.rowCount), at)
    at += batch.rowCount
  }
  return target
}

/** All values in order. At least one column; all are of one type. */
export function concatColumns(columns: readonly Column[]): Column {
  const { type } = columns[0]
  const length = columns.reduce((sum, column) => sum + column.length, 0)
  const parts = { type, length, validity: concatBits(columns, length) }
  switch (storageOf(type)) {
    case 'bytes':
      return new Column({ ...parts, ...concatBytes(columns, length) })
    case 'list': {
      const { starts, ends } = concatRanges(columns, length, (c) => c.children[0].length)
      return new Column({ ...parts, starts, ends, children: concatChildren(columns) })
    }
    case 'struct':
      return new Column({ ...parts, children: concatChildren(columns) })
    default:
      return new Column({ ...parts, values: concatFixed(columns, length) })
  }
}

const concatChildren = (columns: readonly Column[]): Column[] =>
  columns[0].children.map((_, i) => concatColumns(columns.map((column) => column.children[i])))

function concatBits(columns: readonly Column[], length: number): Uint8Array | null {
  if (columns.every((column) => column.validity === null)) return null
  const bits = new Uint8Array((length + 7) >> 3)
  let at = 0
  for (const column of columns) {
    appendBits(bits, at, column.validity, column.length)
    at += column.length
  }
  return bits
}

function concatFixed(columns: readonly Column[], length: number): Values {
  const { type } = columns[0]
  const width = storageOf(type) === 'i128' ? 2 : 1
  const target = allocate(type, length) as Uint8Array
  let at = 0
  for (const column of columns) {
    target.set(column.values.subarray(0, column.length * width) as Uint8Array, at)
    at += column.length * width
  }
  return target
}

/** The ranges, each column's moved behind the `sizeOf` of those before it. */
function concatRanges(
  columns: readonly Column[],
  length: number,
  sizeOf: (column: Column) => number,
): { starts: Int32Array; ends: Int32Array } {
  const starts = new Int32Array(length)
  const ends = new Int32Array(length)
  let at = 0
  let base = 0
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      starts[at + i] = column.starts[i] + base
      ends[at + i] = column.ends[i] + base
    }
    at += column.length
    base += sizeOf(column)
  }
  return { starts, ends }
}

type BytesParts = Pick<Column, 'values' | 'starts' | 'ends' | 'dictionary'>

function concatBytes(columns: readonly Column[], length: number): BytesParts {
  const { values, dictionary } = columns[0]
  if (columns.every((column) => column.values === values)) {
    const ranges = concatRanges(columns, length, () => 0)
    const entries = dictionary?.entries
    const shared = entries && columns.every((column) => column.dictionary?.entries === entries)
    return { values, ...ranges, dictionary: shared ? { codes: joinCodes(columns), entries } : null }
  }
  const tight = columns.map(tightHeap)
  const heap = new Uint8Array(tight.reduce((sum, column) => sum + column.values.length, 0))
  let at = 0
  for (const column of tight) {
    heap.set(column.values as Uint8Array, at)
    at += column.values.length
  }
  const ranges = concatRanges(tight, length, (column) => column.values.length)
  return { values: heap, ...ranges, dictionary: null }
}

function joinCodes(columns: readonly Column[]): Int32Array {
  const codes = new Int32Array(columns.reduce((sum, column) => sum + column.length, 0))
  let at = 0
  for (const column of columns) {
    codes.set(column.dictionary!.codes.subarray(0, column.length), at)
    at += column.length
  }
  return codes
}

/** The column with a heap that is not much larger than what its rows use: a few rows that a filter
 *  kept must not carry their whole origin along. */
function tightHeap(column: Column): Column {
  const { type, length, starts, ends } = column
  const heap = column.values as Uint8Array
  let used = 0
  for (let i = 0; i < length; i++) used += ends[i] - starts[i]
  if (heap.length <= used * 2) return column
  const values = new Uint8Array(used)
  const newStarts = new Int32Array(length)
  const newEnds = new Int32Array(length)
  let at = 0
  for (let i = 0; i < length; i++) {
    const size = ends[i] - starts[i]
    copyBytes(heap, starts[i], values, at, size)
    newStarts[i] = at
    at += size
    newEnds[i] = at
  }
  return new Column({ type, length, values, starts: newStarts, ends: newEnds })
}
