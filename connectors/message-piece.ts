/** Messages one after another in one byte array, with their offsets and metadata: what grows while
 *  messages come and is cut into chunks when the engine takes them. */

import { Buffer } from 'node:buffer'
import { type Column, slice } from '../engine/batch/column.ts'
import { columnBuilder } from '../engine/batch/column-builder.ts'
import type { DataType } from '../engine/batch/types.ts'
import type { Value } from '../engine/batch/value.ts'
import type { TableSpec } from '../engine/source/table.ts'

export interface WantedMetadata {
  readonly key: string
  readonly type: DataType
}

/** The metadata that the table asks for: each key once. */
export function wantedMetadata({ metadata = [], schema }: TableSpec): WantedMetadata[] {
  const types = new Map(metadata.map(({ key, column }) => [key, schema.fields[column].type]))
  return [...types].map(([key, type]) => ({ key, type }))
}

/** A piece that is complete. Message i is bytes[starts[i], ends[i]). */
export interface MessagePiece<T> {
  readonly rowCount: number
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** The offset after message i. */
  readonly next: (i: number) => T
  readonly metadata: Readonly<Record<string, Column>> | undefined
}

/** Some messages, as a chunk brings them. */
export interface Messages {
  readonly rowCount: number
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly metadata?: Readonly<Record<string, Column>> | undefined
}

export const NO_MESSAGES: Messages = {
  rowCount: 0,
  bytes: new Uint8Array(0),
  starts: new Int32Array(0),
  ends: new Int32Array(0),
}

/** A message and the offset after it, both within some bytes. */
export interface MessageRange {
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
  readonly nextFrom: number
  readonly nextTo: number
}

const PIECE_BYTES = 1 << 20
const PIECE_ROWS = 8192
/** A piece begins with room for what the last one had, within these. */
const FIRST_BYTES = 4096
const FIRST_ROWS = 64
const SPARE_BYTES = 1 << 16

/** A piece that grows. Offsets that are bytes are kept behind their messages: thousands of small
 *  objects would keep the garbage collector busy. */
export class GrowingPiece<T> {
  #bytes: Buffer
  #starts: Int32Array
  #ends: Int32Array
  /** The offsets that are no bytes. */
  readonly #next: T[] = []
  readonly #keys: readonly string[]
  readonly #columns: readonly ReturnType<typeof columnBuilder>[]
  byteCount = 0
  rowCount = 0

  /** `like`: the piece before, which was probably about as large. */
  constructor(metadata: readonly WantedMetadata[], like?: GrowingPiece<T>) {
    const { byteCount = 0, rowCount = 0 } = like ?? {}
    const size = byteCount + Math.min(byteCount >> 2, SPARE_BYTES)
    const rows = Math.max(FIRST_ROWS, rowCount + (rowCount >> 2))
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, size))
    this.#starts = new Int32Array(rows)
    this.#ends = new Int32Array(rows)
    this.#keys = metadata.map(({ key }) => key)
    this.#columns = metadata.map(({ type }) => columnBuilder(type))
  }

  /** Large enough: what comes next goes into another. */
  get isFull(): boolean {
    return this.byteCount >= PIECE_BYTES || this.rowCount >= PIECE_ROWS
  }

  add(message: Uint8Array, next: T, metadata: readonly Value[]): void {
    const row = this.#newRow(metadata)
    this.#append(message)
    this.#ends[row] = this.byteCount
    if (next instanceof Uint8Array) this.#append(next)
    else this.#next.push(next)
  }

  addRange({ bytes, from, to, nextFrom, nextTo }: MessageRange, metadata: readonly Value[]): void {
    const row = this.#newRow(metadata)
    this.#appendRange(bytes, from, to)
    this.#ends[row] = this.byteCount
    this.#appendRange(bytes, nextFrom, nextTo)
  }

  #newRow(metadata: readonly Value[]): number {
    const row = this.rowCount++
    if (row === this.#ends.length) {
      this.#starts = twice(this.#starts)
      this.#ends = twice(this.#ends)
    }
    this.#starts[row] = this.byteCount
    for (let i = 0; i < this.#columns.length; i++) this.#columns[i].append(metadata[i])
    return row
  }

  #append(bytes: Uint8Array): void {
    const end = this.byteCount + bytes.length
    if (end > this.#bytes.length) this.#bytes = grownBytes(this.#bytes, end)
    this.#bytes.set(bytes, this.byteCount)
    this.byteCount = end
  }

  #appendRange(bytes: Buffer, from: number, to: number): void {
    const end = this.byteCount + to - from
    if (end > this.#bytes.length) this.#bytes = grownBytes(this.#bytes, end)
    bytes.copy(this.#bytes, this.byteCount, from, to)
    this.byteCount = end
  }

  /** The offset after the last message, which was added with `addRange`. */
  last(): T {
    const from = this.#ends[this.rowCount - 1]
    return Buffer.from(this.#bytes.subarray(from, this.byteCount)) as unknown as T
  }

  /** What was added. The piece must not be used afterwards. */
  finish(): MessagePiece<T> {
    const { rowCount } = this
    const starts = this.#starts.subarray(0, rowCount)
    const ends = this.#ends.subarray(0, rowCount)
    const used = this.#bytes.subarray(0, this.byteCount)
    // Rows may live longer than the piece: they should not keep much more than themselves.
    const bytes = this.byteCount * 2 >= this.#bytes.length ? used : new Uint8Array(used)
    const texts = this.#next
    const next =
      texts.length > 0
        ? (i: number) => texts[i]
        : (i: number) => {
            const end = i + 1 < rowCount ? starts[i + 1] : bytes.length
            return Buffer.from(bytes.subarray(ends[i], end)) as unknown as T
          }
    const columns = this.#columns.map((column, i) => [this.#keys[i], column.finish()])
    const metadata = columns.length === 0 ? undefined : Object.fromEntries(columns)
    return { rowCount, bytes, starts, ends, next, metadata }
  }
}

function grownBytes(bytes: Buffer, length: number): Buffer {
  const bigger = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, length))
  bigger.set(bytes)
  return bigger
}

function twice(values: Int32Array): Int32Array {
  const bigger = new Int32Array(values.length * 2)
  bigger.set(values)
  return bigger
}

/** Messages [from, to) of a piece. */
export function cutPiece<T>(piece: MessagePiece<T>, from: number, to: number): Messages {
  const { bytes, starts, ends, metadata } = piece
  return {
    rowCount: to - from,
    bytes,
    starts: starts.subarray(from, to),
    ends: ends.subarray(from, to),
    ...(metadata && { metadata: mapValues(metadata, (column) => slice(column, from, to)) }),
  }
}

const mapValues = <V>(record: Readonly<Record<string, V>>, map: (value: V) => V) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
