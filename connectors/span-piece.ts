/** Messages that stay where the network put them: a piece of the buffer that only knows where they
 *  stand in one byte array, and where their offsets do. Nothing is copied message by message. */

import { Buffer } from 'node:buffer'
import type { Value } from '../engine/batch/value.ts'
import { grownInts } from '../engine/state/grown.ts'
import {
  type MessagePiece,
  MetadataColumns,
  PIECE_ROWS,
  roomFor,
  type WantedMetadata,
} from './message-piece.ts'

/** A message and the offset after it, both within some bytes that do not change. */
export interface MessageSpan {
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
  readonly nextFrom: number
  readonly nextTo: number
}

/** A piece that uses less of its bytes than this part has a copy of them: rows may live longer than
 *  the piece, and should not keep much more than themselves. */
const USED_PART_MIN = 4

export class SpanPiece<T> {
  readonly bytes: Buffer
  #starts: Int32Array
  #ends: Int32Array
  #nextStarts: Int32Array
  #nextEnds: Int32Array
  readonly #metadata: MetadataColumns
  rowCount = 0
  /** From the first message to the end of the last. */
  byteCount = 0

  constructor(bytes: Buffer, metadata: readonly WantedMetadata[], rowsBefore: number) {
    const rows = roomFor(rowsBefore)
    this.bytes = bytes
    this.#starts = new Int32Array(rows)
    this.#ends = new Int32Array(rows)
    this.#nextStarts = new Int32Array(rows)
    this.#nextEnds = new Int32Array(rows)
    this.#metadata = new MetadataColumns(metadata)
  }

  get isFull(): boolean {
    return this.rowCount >= PIECE_ROWS
  }

  add({ from, to, nextFrom, nextTo }: MessageSpan, metadata: readonly Value[]): void {
    const row = this.rowCount++
    if (row === this.#starts.length) this.#grow()
    this.#starts[row] = from
    this.#ends[row] = to
    this.#nextStarts[row] = nextFrom
    this.#nextEnds[row] = nextTo
    this.#metadata.add(metadata)
    this.byteCount = to - this.#starts[0]
  }

  #grow(): void {
    const rows = this.#starts.length * 2
    this.#starts = grownInts(this.#starts, rows)
    this.#ends = grownInts(this.#ends, rows)
    this.#nextStarts = grownInts(this.#nextStarts, rows)
    this.#nextEnds = grownInts(this.#nextEnds, rows)
  }

  /** The offset after the last message. */
  last(): T {
    const row = this.rowCount - 1
    return textAt<T>(this.bytes, this.#nextStarts[row], this.#nextEnds[row])
  }

  /** What was added. The piece must not be used afterwards. */
  finish(): MessagePiece<T> {
    const { rowCount } = this
    const places = [this.#starts, this.#ends, this.#nextStarts, this.#nextEnds].map((all) =>
      all.subarray(0, rowCount),
    )
    const bytes = this.#kept(places)
    const [starts, ends, nextStarts, nextEnds] = places
    const next = (i: number) => textAt<T>(bytes, nextStarts[i], nextEnds[i])
    return { rowCount, bytes, starts, ends, next, metadata: this.#metadata.finish() }
  }

  /** The bytes that the places are in; moves the places if they are others. */
  #kept(places: readonly Int32Array[]): Buffer {
    let [from, to] = [this.bytes.length, 0]
    for (const [starts, ends] of [places.slice(0, 2), places.slice(2)]) {
      // Messages and offsets are in the order of their bytes.
      from = Math.min(from, starts[0])
      to = Math.max(to, ends[ends.length - 1])
    }
    if ((to - from) * USED_PART_MIN >= this.bytes.length) return this.bytes
    for (const all of places) for (let i = 0; i < all.length; i++) all[i] -= from
    return Buffer.from(new Uint8Array(this.bytes.subarray(from, to)).buffer)
  }
}

const textAt = <T>(bytes: Buffer, from: number, to: number): T =>
  Buffer.from(bytes.subarray(from, to)) as unknown as T
