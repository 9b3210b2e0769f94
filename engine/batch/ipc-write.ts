/** Columns into the flat buffers of Arrow. Whatever already lies as Arrow wants it is passed on as
 *  it is; our liberties are undone: booleans are packed to bits, strings and lists become one run
 *  of offsets, decimals are widened to 128 bits. */

import { fail } from '../base/errors.ts'
import { countZeros, packBits } from './bits.ts'
import { copyBytes } from './bytes.ts'
import { type Column, gather, slice } from './column.ts'
import type { Body } from './ipc-message.ts'
import { storageOf } from './types.ts'

const NOTHING = new Uint8Array(0)
const OFFSET_MAX = 2 ** 31 - 1

/** Collects columns into one body. */
export class BodyWriter implements Body {
  readonly rowCount: number
  readonly nodes: number[] = []
  readonly buffers: Uint8Array[] = []

  constructor(rowCount: number) {
    this.rowCount = rowCount
  }

  /** The column as its type's Arrow counterpart (see ipc-schema.ts). */
  column(column: Column): void {
    const { length, type, values } = column
    this.#begin(column)
    switch (storageOf(type)) {
      case 'bool':
        this.buffers.push(packBits(values as Uint8Array, length))
        break
      case 'bytes':
        this.#bytes(column)
        break
      case 'list':
        this.#list(column)
        break
      case 'struct':
        for (const child of column.children) this.column(child)
        break
      case 'i64':
        this.buffers.push(type.kind === 'decimal' ? widen(column.lanes, length) : bytesOf(column))
        break
      default:
        this.buffers.push(bytesOf(column))
    }
  }

  /** The dictionary codes of a string column. */
  codes(column: Column, codes: Int32Array): void {
    this.#begin(column)
    this.ints(codes, column.length)
  }

  /** A column of 32-bit integers without NULLs. */
  weights(weights: Int32Array): void {
    this.nodes.push(weights.length, 0)
    this.buffers.push(NOTHING)
    this.ints(weights, weights.length)
  }

  ints(values: Int32Array, length: number): void {
    this.buffers.push(new Uint8Array(values.buffer, values.byteOffset, length * 4))
  }

  #begin({ length, validity }: Column): void {
    const nulls = validity === null ? 0 : countZeros(validity, length)
    this.nodes.push(length, nulls)
    this.buffers.push(nulls === 0 ? NOTHING : validity!.subarray(0, (length + 7) >> 3))
  }

  #bytes(column: Column): void {
    const heap = column.values as Uint8Array
    const run = runOf(column)
    if (run !== null) {
      this.ints(run.offsets, run.offsets.length)
      this.buffers.push(heap.subarray(run.from, run.to))
      return
    }
    const offsets = packedOffsets(column)
    const packed = new Uint8Array(offsets[column.length])
    for (let i = 0; i < column.length; i++) {
      copyBytes(heap, column.starts[i], packed, offsets[i], offsets[i + 1] - offsets[i])
    }
    this.ints(offsets, offsets.length)
    this.buffers.push(packed)
  }

  #list(column: Column): void {
    const run = runOf(column)
    const offsets = run?.offsets ?? packedOffsets(column)
    const count = offsets[column.length]
    this.ints(offsets, offsets.length)
    // A map is a list of one struct child, which our columns leave out.
    if (column.type.kind === 'map') {
      this.nodes.push(count, 0)
      this.buffers.push(NOTHING)
    }
    const rows = run === null ? elementRows(column, count) : null
    for (const child of column.children) {
      this.column(rows === null ? slice(child, run!.from, run!.to) : gather(child, rows, count))
    }
  }
}

/** The values' memory as bytes. */
function bytesOf({ values, length, type }: Column): Uint8Array {
  const width = storageOf(type) === 'i128' ? 16 : values.BYTES_PER_ELEMENT
  return new Uint8Array(values.buffer, values.byteOffset, length * width)
}

/** 64-bit integers, given as lanes, sign-extended to 128 bits. */
function widen(lanes: Int32Array, length: number): Uint8Array {
  const wide = new Int32Array(length * 4)
  for (let i = 0; i < length; i++) {
    const high = lanes[i * 2 + 1]
    wide[i * 4] = lanes[i * 2]
    wide[i * 4 + 1] = high
    wide[i * 4 + 2] = high >> 31
    wide[i * 4 + 3] = high >> 31
  }
  return new Uint8Array(wide.buffer)
}

interface Run {
  /** length + 1 offsets from 0. */
  readonly offsets: Int32Array
  /** The part of the heap or of the children that they mean. */
  readonly from: number
  readonly to: number
}

/** The rows' ranges as one run, if each begins where the one before it ends; null if not. */
function runOf({ starts, ends, length }: Column): Run | null {
  if (length === 0) return { offsets: new Int32Array(1), from: 0, to: 0 }
  const views = starts.buffer === ends.buffer && ends.byteOffset === starts.byteOffset + 4
  if (views && starts[0] === 0) {
    // Both are views of one array of offsets, as decoding makes them.
    const offsets = new Int32Array(starts.buffer, starts.byteOffset, length + 1)
    return { offsets, from: 0, to: ends[length - 1] }
  }
  const offsets = new Int32Array(length + 1)
  let from = 0
  let end = -1
  for (let i = 0; i < length; i++) {
    if (starts[i] !== ends[i]) {
      if (end === -1) from = end = starts[i]
      if (starts[i] !== end) return null
      end = ends[i]
    }
    offsets[i + 1] = end === -1 ? 0 : end - from
  }
  return { offsets, from, to: Math.max(end, from) }
}

/** Offsets that lay the rows' ranges one behind the other. */
function packedOffsets({ starts, ends, length }: Column): Int32Array {
  const offsets = new Int32Array(length + 1)
  let total = 0
  for (let i = 0; i < length; i++) {
    total += ends[i] - starts[i]
    offsets[i + 1] = total
  }
  if (total > OFFSET_MAX) fail('LIMIT_EXCEEDED', 'A column of a batch is over 2 GiB')
  return offsets
}

function elementRows({ starts, ends, length }: Column, count: number): Int32Array {
  const rows = new Int32Array(count)
  let n = 0
  for (let i = 0; i < length; i++) for (let row = starts[i]; row < ends[i]; row++) rows[n++] = row
  return rows
}
