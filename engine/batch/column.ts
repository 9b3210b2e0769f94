/** One column of a batch: typed arrays in Arrow's layout, with three liberties that the hot path
 *  needs and `ipc.ts` undoes at the edge: booleans are bytes, strings are `starts`/`ends` views
 *  (so that filtering never copies bytes, and a plain Arrow column is a view at no cost), and an
 *  i64 is also readable as two 32-bit lanes (so that values below 2^53 need no BigInt). */

import { type DataType, storageOf } from './types.ts'

export type Values =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array

/** A column's distinct values. `codes[row]` indexes `entries`; present only as a speed hint:
 *  `starts`/`ends` of the column are always filled as well. */
export interface Dictionary {
  readonly codes: Int32Array
  readonly entries: Column
}

export interface ColumnParts {
  readonly type: DataType
  readonly length: number
  readonly values?: Values
  readonly validity?: Uint8Array | null
  readonly starts?: Int32Array
  readonly ends?: Int32Array
  readonly children?: readonly Column[]
  readonly dictionary?: Dictionary | null
}

const NO_LANES = new Int32Array(0)
const NO_BYTES = new Uint8Array(0)
const NO_CHILDREN: readonly Column[] = []

/** Immutable once in a batch; the arrays may be shared with other columns and with a log frame. */
export class Column {
  readonly type: DataType
  /** Rows. */
  readonly length: number
  /** Fixed width: one element a row (i128: two). bytes: the heap that starts/ends point into.
   *  list and struct: empty. */
  readonly values: Values
  /** i64 and i128: the same memory as `values`, as 32-bit lanes, low lane first. Else empty. */
  readonly lanes: Int32Array
  /** Arrow bitmap, least significant bit first, 1 = valid. null: no value is NULL. */
  readonly validity: Uint8Array | null
  /** bytes and list: row i is [starts[i], ends[i]). NULL rows hold an empty range. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** list: the elements (map: keys, values). struct: one per field. */
  readonly children: readonly Column[]
  readonly dictionary: Dictionary | null

  constructor(parts: ColumnParts) {
    this.type = parts.type
    this.length = parts.length
    this.values = parts.values ?? NO_BYTES
    this.lanes = lanesOf(this.values)
    this.validity = parts.validity ?? null
    this.starts = parts.starts ?? NO_LANES
    this.ends = parts.ends ?? NO_LANES
    this.children = parts.children ?? NO_CHILDREN
    this.dictionary = parts.dictionary ?? null
  }

  isNull(row: number): boolean {
    return this.validity !== null && ((this.validity[row >> 3] >> (row & 7)) & 1) === 0
  }
}

function lanesOf(values: Values): Int32Array {
  if (!(values instanceof BigInt64Array)) return NO_LANES
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2)
}

/** An array for `length` values of this fixed-width storage (i128: two elements a value). */
export function allocate(type: DataType, length: number): Values {
  switch (storageOf(type)) {
    case 'bool':
      return new Uint8Array(length)
    case 'i8':
      return new Int8Array(length)
    case 'i16':
      return new Int16Array(length)
    case 'i32':
      return new Int32Array(length)
    case 'i64':
      return new BigInt64Array(length)
    case 'i128':
      return new BigInt64Array(length * 2)
    case 'f32':
      return new Float32Array(length)
    case 'f64':
      return new Float64Array(length)
    case 'bytes':
    case 'list':
    case 'struct':
      return new Uint8Array(0)
  }
}

/** A bitmap with all `length` bits set. */
export const allValid = (length: number): Uint8Array => new Uint8Array((length + 7) >> 3).fill(255)

/** Rows of `column` at `rows[0..count)`, in that order. Bytes are shared, not copied. */
export function gather(column: Column, rows: Int32Array, count: number): Column {
  const validity = gatherBits(column.validity, rows, count)
  const { type, dictionary } = column
  switch (storageOf(type)) {
    case 'bytes':
      return new Column({
        type,
        length: count,
        values: column.values,
        validity,
        starts: gatherInts(column.starts, rows, count),
        ends: gatherInts(column.ends, rows, count),
        dictionary: dictionary && {
          codes: gatherInts(dictionary.codes, rows, count),
          entries: dictionary.entries,
        },
      })
    case 'list':
      return new Column({
        type,
        length: count,
        validity,
        starts: gatherInts(column.starts, rows, count),
        ends: gatherInts(column.ends, rows, count),
        children: column.children,
      })
    case 'struct':
      return new Column({
        type,
        length: count,
        validity,
        children: column.children.map((child) => gather(child, rows, count)),
      })
    default:
      return new Column({ type, length: count, values: gatherFixed(column, rows, count), validity })
  }
}

function gatherFixed(column: Column, rows: Int32Array, count: number): Values {
  const target = allocate(column.type, count)
  const wide = column.lanes.length > 0 || target instanceof BigInt64Array
  if (!wide) {
    const source = column.values as Float64Array
    const out = target as Float64Array
    for (let i = 0; i < count; i++) out[i] = source[rows[i]]
    return target
  }
  // 64-bit values move as lanes: a BigInt per value would be an allocation per value.
  const source = column.lanes
  const out = lanesOf(target)
  const lanes = storageOf(column.type) === 'i128' ? 4 : 2
  for (let i = 0; i < count; i++) {
    const from = rows[i] * lanes
    const to = i * lanes
    for (let lane = 0; lane < lanes; lane++) out[to + lane] = source[from + lane]
  }
  return target
}

function gatherInts(source: Int32Array, rows: Int32Array, count: number): Int32Array {
  const out = new Int32Array(count)
  for (let i = 0; i < count; i++) out[i] = source[rows[i]]
  return out
}

function gatherBits(source: Uint8Array | null, rows: Int32Array, count: number): Uint8Array | null {
  if (source === null) return null
  const out = new Uint8Array((count + 7) >> 3)
  for (let i = 0; i < count; i++) {
    const row = rows[i]
    out[i >> 3] |= ((source[row >> 3] >> (row & 7)) & 1) << (i & 7)
  }
  return out
}

/** Rows [from, to) of `column`. Shares memory, except a bitmap that starts inside a byte. */
export function slice(column: Column, from: number, to: number): Column {
  const { type, values, validity, starts, ends, children, dictionary } = column
  const storage = storageOf(type)
  const width = storage === 'i128' ? 2 : 1
  const inline = storage !== 'bytes' && storage !== 'list' && storage !== 'struct'
  return new Column({
    type,
    length: to - from,
    values: inline ? values.subarray(from * width, to * width) : values,
    validity: sliceBits(validity, from, to),
    starts: starts.subarray(from, to),
    ends: ends.subarray(from, to),
    children: storage === 'struct' ? children.map((child) => slice(child, from, to)) : children,
    dictionary: dictionary && {
      codes: dictionary.codes.subarray(from, to),
      entries: dictionary.entries,
    },
  })
}

function sliceBits(bits: Uint8Array | null, from: number, to: number): Uint8Array | null {
  if (bits === null) return null
  const bytes = (to - from + 7) >> 3
  const shift = from & 7
  const first = from >> 3
  if (shift === 0) return bits.subarray(first, first + bytes)
  const out = new Uint8Array(bytes)
  for (let i = 0; i < bytes; i++) {
    out[i] = (bits[first + i] >> shift) | ((bits[first + i + 1] ?? 0) << (8 - shift))
  }
  return out
}
