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

/** A piece that is complete. Message i is bytes[starts[i], ends[i]), and `next[i]` the offset after
 *  it. */
export interface MessagePiece<T> {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly next: readonly T[]
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

const PIECE_BYTES = 1 << 20
const PIECE_ROWS = 8192
/** A piece begins with room for what the last one had, within these. */
const FIRST_BYTES = 4096
const FIRST_ROWS = 64
const SPARE_BYTES = 1 << 16

/** A piece that grows. */
export class GrowingPiece<T> {
  #bytes: Uint8Array
  #ends: Int32Array
  readonly #next: T[] = []
  readonly #keys: readonly string[]
  readonly #columns: readonly ReturnType<typeof columnBuilder>[]
  byteCount = 0

  /** `like`: the piece before, which was probably about as large. */
  constructor(metadata: readonly WantedMetadata[], like?: GrowingPiece<T>) {
    const { byteCount = 0, rowCount = 0 } = like ?? {}
    const size = byteCount + Math.min(byteCount >> 2, SPARE_BYTES)
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, size))
    this.#ends = new Int32Array(Math.max(FIRST_ROWS, rowCount + (rowCount >> 2)))
    this.#keys = metadata.map(({ key }) => key)
    this.#columns = metadata.map(({ type }) => columnBuilder(type))
  }

  get rowCount(): number {
    return this.#next.length
  }

  /** Large enough: what comes next goes into another. */
  get isFull(): boolean {
    return this.byteCount >= PIECE_BYTES || this.#next.length >= PIECE_ROWS
  }

  add(message: Uint8Array, next: T, metadata: readonly Value[]): void {
    const row = this.#next.length
    const end = this.byteCount + message.length
    if (end > this.#bytes.length) this.#bytes = grownBytes(this.#bytes, end)
    if (row === this.#ends.length) this.#ends = grownEnds(this.#ends)
    this.#bytes.set(message, this.byteCount)
    this.#ends[row] = end
    this.byteCount = end
    this.#next.push(next)
    for (let i = 0; i < this.#columns.length; i++) this.#columns[i].append(metadata[i])
  }

  /** What was added. The piece must not be used afterwards. */
  finish(): MessagePiece<T> {
    const rowCount = this.#next.length
    const ends = this.#ends.subarray(0, rowCount)
    const starts = new Int32Array(rowCount)
    starts.set(ends.subarray(0, Math.max(0, rowCount - 1)), 1)
    // Rows may live longer than the piece: they should not keep much more than themselves.
    const isTight = this.byteCount * 2 >= this.#bytes.length
    const bytes = isTight
      ? this.#bytes.subarray(0, this.byteCount)
      : this.#bytes.slice(0, this.byteCount)
    const columns = this.#columns.map((column, i) => [this.#keys[i], column.finish()])
    const metadata = columns.length === 0 ? undefined : Object.fromEntries(columns)
    return { bytes, starts, ends, next: this.#next, metadata }
  }
}

function grownBytes(bytes: Uint8Array, length: number): Uint8Array {
  const bigger = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, length))
  bigger.set(bytes)
  return bigger
}

function grownEnds(ends: Int32Array): Int32Array {
  const bigger = new Int32Array(ends.length * 2)
  bigger.set(ends)
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
