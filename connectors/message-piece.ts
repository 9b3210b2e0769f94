/** Messages one after another in one byte array, with their offsets and metadata: what grows while
 *  messages come and is cut into chunks when the engine takes them. */

import { Buffer } from 'node:buffer'
import { type Column, slice } from '../engine/batch/column.ts'
import { columnBuilder } from '../engine/batch/column-builder.ts'
import type { DataType } from '../engine/batch/types.ts'
import type { Value } from '../engine/batch/value.ts'
import type { TableSpec } from '../engine/source/table.ts'
import { grownInts } from '../engine/state/grown.ts'

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

const PIECE_BYTES = 1 << 20
export const PIECE_ROWS = 8192
/** A piece begins with room for what the last one had, within these. */
const FIRST_BYTES = 4096
const FIRST_ROWS = 64
const SPARE_BYTES = 1 << 16

/** Rows to have room for after a piece that had so many. */
export const roomFor = (rowsBefore: number): number =>
  Math.max(FIRST_ROWS, rowsBefore + (rowsBefore >> 2))

/** The metadata of the messages of a piece, by key. */
export class MetadataColumns {
  readonly #keys: readonly string[]
  readonly #columns: readonly ReturnType<typeof columnBuilder>[]

  constructor(wanted: readonly WantedMetadata[]) {
    this.#keys = wanted.map(({ key }) => key)
    this.#columns = wanted.map(({ type }) => columnBuilder(type))
  }

  /** A value for each key, in order. */
  add(values: readonly Value[]): void {
    for (let i = 0; i < this.#columns.length; i++) this.#columns[i].append(values[i])
  }

  finish(): Readonly<Record<string, Column>> | undefined {
    const columns = this.#columns.map((column, i) => [this.#keys[i], column.finish()])
    return columns.length === 0 ? undefined : Object.fromEntries(columns)
  }
}

/** A piece that grows: messages are copied into it. */
export class GrowingPiece<T> {
  #bytes: Uint8Array
  #starts: Int32Array
  #ends: Int32Array
  readonly #next: T[] = []
  readonly #metadata: MetadataColumns
  byteCount = 0
  rowCount = 0

  /** `like`: the piece before, which was probably about as large. */
  constructor(metadata: readonly WantedMetadata[], like: PieceSize) {
    const { byteCount, rowCount } = like
    const size = byteCount + Math.min(byteCount >> 2, SPARE_BYTES)
    const rows = roomFor(rowCount)
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, size))
    this.#starts = new Int32Array(rows)
    this.#ends = new Int32Array(rows)
    this.#metadata = new MetadataColumns(metadata)
  }

  /** Large enough: what comes next goes into another. */
  get isFull(): boolean {
    return this.byteCount >= PIECE_BYTES || this.rowCount >= PIECE_ROWS
  }

  add(message: Uint8Array, next: T, metadata: readonly Value[]): void {
    const row = this.rowCount++
    if (row === this.#ends.length) {
      this.#starts = grownInts(this.#starts, row * 2)
      this.#ends = grownInts(this.#ends, row * 2)
    }
    const end = this.byteCount + message.length
    if (end > this.#bytes.length) this.#bytes = grownBytes(this.#bytes, end)
    this.#bytes.set(message, this.byteCount)
    this.#starts[row] = this.byteCount
    this.#ends[row] = end
    this.#next.push(next)
    this.#metadata.add(metadata)
    this.byteCount = end
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
    const next = (i: number) => texts[i]
    return { rowCount, bytes, starts, ends, next, metadata: this.#metadata.finish() }
  }
}

export interface PieceSize {
  readonly byteCount: number
  readonly rowCount: number
}

function grownBytes(bytes: Uint8Array, length: number): Uint8Array {
  const bigger = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, length))
  bigger.set(bytes)
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
