/** Hashes of whole rows, column by column. Rows that `sameRow` finds equal have equal hashes:
 *  NULL equals NULL, -0 equals 0, NaN equals NaN. */

import type { Column } from './column.ts'
import { storageOf } from './types.ts'

const NULL_HASH = 0x7a3b19c5

/** A hash of each of the rows [0, rowCount) over all `columns`. */
export function hashRows(columns: readonly Column[], rowCount: number): Int32Array {
  const hashes = new Int32Array(rowCount)
  for (const column of columns) mixColumn(column, hashes)
  return hashes
}

/** Spreads the bits; from MurmurHash3's finaliser. */
function scramble(hash: number): number {
  const a = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
}

const mix = (hash: number, value: number): number =>
  scramble(Math.imul(hash, 31) + 0x9e3779b9 + value)

function mixColumn(column: Column, hashes: Int32Array): void {
  const values = hashColumn(column, hashes.length)
  const { validity } = column
  for (let i = 0; i < hashes.length; i++) {
    const isNull = validity !== null && ((validity[i >> 3] >> (i & 7)) & 1) === 0
    hashes[i] = mix(hashes[i], isNull ? NULL_HASH : values[i])
  }
}

/** A hash of each value; anything where the value is NULL. */
function hashColumn(column: Column, length: number): ArrayLike<number> {
  switch (storageOf(column.type)) {
    case 'i64':
      return hashLanes(column.lanes, length, 2)
    case 'i128':
      return hashLanes(column.lanes, length, 4)
    case 'f32':
    case 'f64':
      return hashDoubles(column.values as Float64Array, length)
    case 'bytes':
      return hashBytes(column, length)
    case 'list':
      return hashLists(column, length)
    case 'struct':
      return hashRows(column.children, length)
    default:
      return column.values as Int32Array
  }
}

function hashLanes(lanes: Int32Array, length: number, width: number): Int32Array {
  const out = new Int32Array(length)
  for (let i = 0; i < length; i++) {
    let hash = lanes[i * width]
    for (let lane = 1; lane < width; lane++) hash = Math.imul(hash, 31) + lanes[i * width + lane]
    out[i] = hash
  }
  return out
}

function hashDoubles(values: Float64Array | Float32Array, length: number): Int32Array {
  const out = new Int32Array(length)
  const double = new Float64Array(1)
  const lanes = new Int32Array(double.buffer)
  for (let i = 0; i < length; i++) {
    // Adding 0 turns -0 into 0; every NaN is written as the same one.
    const value = values[i]
    double[0] = Number.isNaN(value) ? Number.NaN : value + 0
    out[i] = Math.imul(lanes[0], 31) + lanes[1]
  }
  return out
}

function hashBytes({ values, starts, ends }: Column, length: number): Int32Array {
  const bytes = values as Uint8Array
  const out = new Int32Array(length)
  for (let i = 0; i < length; i++) {
    let hash = 0x811c9dc5
    for (let at = starts[i]; at < ends[i]; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193)
    out[i] = hash
  }
  return out
}

function hashLists({ children, starts, ends }: Column, length: number): Int32Array {
  const elements = hashRows(children, children[0].length)
  const out = new Int32Array(length)
  for (let i = 0; i < length; i++) {
    let hash = ends[i] - starts[i]
    for (let at = starts[i]; at < ends[i]; at++) hash = mix(hash, elements[at])
    out[i] = hash
  }
  return out
}
