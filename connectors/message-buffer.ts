/** The bounded buffer between a broker's client, which adds messages when they come, and the
 *  engine, which takes them when it has room (law 8). */

import type { Buffer } from 'node:buffer'
import type { Value } from '../engine/batch/value.ts'
import type { Offset, PollLimit } from '../engine/source/source.ts'
import {
  cutPiece,
  GrowingPiece,
  type MessagePiece,
  type Messages,
  type PieceSize,
  type WantedMetadata,
} from './message-piece.ts'
import { type MessageSpan, SpanPiece } from './span-piece.ts'

/** How the connector's offsets look in memory. */
export interface OffsetForm<T> {
  readonly parse: (offset: Offset) => T
  /** `count`: messages of this reading up to there. */
  readonly text: (offset: T, count: number) => Offset
  readonly compare: (a: T, b: T) => number
  /** What the message is called that ends at this offset. */
  readonly record: (next: T) => Offset
}

/** Offsets that are whole numbers, one for each message. */
export const NUMBERED: OffsetForm<number> = {
  parse: Number,
  text: String,
  compare: (a, b) => a - b,
  record: (next) => String(next - 1),
}

export interface Taken<T> {
  readonly messages: Messages
  /** The offset after them. */
  readonly next: T
  /** Messages that were taken so far. */
  readonly count: number
  /** The offset after one of them. */
  readonly nextOf: (index: number) => T
}

const BYTES_MAX = 8 << 20
const ROWS_MAX = 131_072

export class MessageBuffer<T> {
  readonly #form: OffsetForm<T>
  readonly #metadata: readonly WantedMetadata[]
  readonly #onReady: () => void
  #pieces: MessagePiece<T>[] = []
  #growing: GrowingPiece<T> | SpanPiece<T> | undefined
  /** Of the piece that was sealed last. */
  #size: PieceSize = { byteCount: 0, rowCount: 0 }
  /** Messages of the first piece that are taken. */
  #used = 0
  #rows = 0
  #bytes = 0
  #addedBytes = 0
  #taken = 0
  #wake = () => {}
  #isFlushing = false
  #end: T | undefined
  /** undefined: it is that of the last message of the growing piece. */
  #position: T | undefined
  /** How many messages the broker has behind `position`, as last heard of. */
  behind: number | undefined
  /** Called when somebody wants to know `behind`. */
  onLagAsked = () => {}

  constructor(parts: {
    readonly form: OffsetForm<T>
    readonly metadata: readonly WantedMetadata[]
    readonly from: T
    /** Called when there is something to take. */
    readonly onReady: () => void
  }) {
    this.#form = parts.form
    this.#metadata = parts.metadata
    this.#onReady = parts.onReady
    this.#position = parts.from
  }

  /** Adds a message; `next` is the offset after it, beyond all before it. `metadata`: a value for
   *  each of those that the table wants, in order. The bytes are copied. */
  add(message: Uint8Array, next: T, metadata: readonly Value[]): void {
    const piece = this.#growingPiece()
    const { byteCount } = piece
    piece.add(message, next, metadata)
    this.#position = next
    this.#count(piece.byteCount - byteCount)
  }

  /** Adds a message that stands in bytes which stay as they are. */
  addSpan(span: MessageSpan, metadata: readonly Value[]): void {
    const piece = this.#spanPiece(span.bytes)
    const { byteCount } = piece
    piece.add(span, metadata)
    this.#position = undefined
    this.#count(piece.byteCount - byteCount)
  }

  #count(bytes: number): void {
    this.#rows++
    this.#bytes += bytes
    this.#addedBytes += bytes
  }

  #growingPiece(): GrowingPiece<T> {
    const piece = this.#growing
    if (piece instanceof GrowingPiece && !piece.isFull) return piece
    this.#seal()
    const fresh = new GrowingPiece<T>(this.#metadata, this.#size)
    this.#growing = fresh
    return fresh
  }

  #spanPiece(bytes: Buffer): SpanPiece<T> {
    const piece = this.#growing
    if (piece instanceof SpanPiece && piece.bytes === bytes && !piece.isFull) return piece
    this.#seal()
    const fresh = new SpanPiece<T>(bytes, this.#metadata, this.#size.rowCount)
    this.#growing = fresh
    return fresh
  }

  /** After the last message that was added: where a new connection goes on. */
  get position(): T {
    this.#position ??= (this.#growing as SpanPiece<T>).last()
    return this.#position
  }

  /** To be called after messages were added: the engine looks for them. However often it is called
   *  in one go, the engine hears of it once. */
  flush(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    queueMicrotask(() => {
      this.#isFlushing = false
      this.#onReady()
    })
  }

  /** There is nothing before this offset that was not added. */
  skipTo(offset: T): void {
    if (this.#form.compare(offset, this.position) <= 0) return
    this.#position = offset
    this.#onReady()
  }

  /** The offset after the last message of the split, as this connection found it. */
  get end(): T | undefined {
    return this.#end
  }

  set end(offset: T) {
    this.#end = offset
    this.flush()
  }

  /** Bytes of all messages that were added so far. */
  get byteCount(): number {
    return this.#addedBytes
  }

  /** Messages that were added so far. */
  get addedCount(): number {
    return this.#taken + this.#rows
  }

  get rowCount(): number {
    return this.#rows
  }

  /** It holds what it may: fetch no more. */
  get isFull(): boolean {
    return this.#bytes >= BYTES_MAX || this.#rows >= ROWS_MAX
  }

  /** Resolves when it is at most half full, or `signal` aborts. */
  room(signal: AbortSignal): Promise<void> {
    if (this.#isHalfEmpty || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#wake = () => {}
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
      this.#wake = done
    })
  }

  get #isHalfEmpty(): boolean {
    return this.#bytes * 2 <= BYTES_MAX && this.#rows * 2 <= ROWS_MAX
  }

  #seal(): void {
    const piece = this.#growing
    if (piece === undefined) return
    if (piece instanceof SpanPiece) this.#position ??= piece.last()
    this.#pieces.push(piece.finish())
    this.#size = piece
    this.#growing = undefined
  }

  /** The next messages, of one piece; null if there are none before `until`. */
  take({ rowsMax, bytesMax }: PollLimit, until: T | undefined): Taken<T> | null {
    if (this.#pieces.length === 0) this.#seal()
    const [piece] = this.#pieces
    if (piece === undefined) return null
    const { next, starts, ends, rowCount } = piece
    const from = this.#used
    let to = Math.min(rowCount, from + rowsMax)
    while (to > from + 1 && ends[to - 1] - starts[from] > bytesMax) to = from + ((to - from) >> 1)
    if (until !== undefined) to = this.#before(next, { from, to, until })
    if (to === from) return null
    this.#taken += to - from
    const taken = {
      messages: cutPiece(piece, from, to),
      next: next(to - 1),
      count: this.#taken,
      nextOf: (index: number) => next(from + index),
    }
    this.#used = to
    this.#rows -= to - from
    this.#bytes -= sizeOf(piece, from, to)
    if (to === rowCount) {
      this.#pieces.shift()
      this.#used = 0
    }
    if (this.#isHalfEmpty) this.#wake()
    return taken
  }

  /** How many of the messages [from, to) end at `until` or before, as an index. */
  #before(
    next: (i: number) => T,
    { from, to, until }: { readonly from: number; readonly to: number; readonly until: T },
  ): number {
    let [low, high] = [from, to]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#form.compare(next(middle), until) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Bytes that the messages [from, to) take in the piece. */
const sizeOf = <T>({ starts, ends }: MessagePiece<T>, from: number, to: number): number =>
  (starts[to] ?? ends[to - 1]) - starts[from]
