/** The results of one query as consumers read them: recent ones from memory, older ones from the
 *  query's result log. Consumers pull at their own pace and hold nothing but a position, so however
 *  many there are and however slow they read, memory is bounded by the feed's ring (law 8). */

import type { Disk } from '../engine/base/disk.ts'
import type { SqlError } from '../engine/base/errors.ts'
import type { ResultFrame } from '../engine/graph/protocol.ts'
import { LogReader } from '../engine/log/reader.ts'

/** A result and what was made of it for all who read it. */
export interface FeedEntry {
  readonly frame: ResultFrame
  /** Texts made from the frame, by reader mode. Each counts against the ring's limit. */
  readonly texts: Map<string, Buffer>
}

export interface FeedOptions {
  readonly disk: Disk
  /** Of the query's result log. */
  readonly folder: string
  readonly bytesMax: number
  /** Called when retention may go further: no consumer needs the results before `seq`. */
  readonly onNeed: (seq: number) => void
}

const LOGS_OPEN_MAX = 16
/** Results that consumers may be ahead of what retention was told. */
const NEED_STEP = 256

/** How the query stands, as far as a reader must know. */
export type FeedEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly error: SqlError }
  | { readonly kind: 'dropped' }
  /** Another query has taken its place, with results of its own. */
  | { readonly kind: 'replaced' }

export class ResultFeed {
  readonly queryId: string
  readonly #options: FeedOptions
  readonly #listeners = new Set<() => void>()
  readonly #ring: FeedEntry[] = []
  #inLog: FeedCursor[] = []
  #ringBytes = 0
  #nextSeq = 0
  #watermarkUs = -Infinity
  #epoch = 0
  #end: FeedEnd | undefined
  #generation = 0
  readonly #needs = new Map<object, number>()
  #toldNeed = -1

  constructor(queryId: string, options: FeedOptions) {
    this.queryId = queryId
    this.#options = options
  }

  /** The seq after the last released result. */
  get nextSeq(): number {
    return this.#nextSeq
  }

  /** The query's last known watermark, microseconds; it may be ahead of the last result. */
  get watermarkUs(): number {
    return this.#watermarkUs
  }

  get epoch(): number {
    return this.#epoch
  }

  /** Set once no result will follow. */
  get end(): FeedEnd | undefined {
    return this.#end
  }

  /** The engine has recovered and the results before `nextSeq` are released. */
  resumeAt(nextSeq: number): void {
    this.#nextSeq = Math.max(this.#nextSeq, nextSeq)
    this.#changed()
  }

  /** Takes a released result; they come in seq order, one already known is passed over. */
  push(frame: ResultFrame): void {
    this.#advance(frame.epoch, frame.watermarkUs)
    if (frame.seq < this.#nextSeq) return
    this.#ring.push({ frame, texts: new Map() })
    this.#ringBytes += frame.payload.length
    this.#nextSeq = frame.seq + 1
    this.#evict()
    this.#changed()
  }

  progress(epoch: number, watermarkUs: number): void {
    this.#advance(epoch, watermarkUs)
    this.#changed()
  }

  /** Grows when the columns get other names: open streams have told the old ones. */
  get generation(): number {
    return this.#generation
  }

  renew(): void {
    this.#generation++
    for (const { texts } of this.#ring) {
      for (const text of texts.values()) this.#ringBytes -= text.length
      texts.clear()
    }
    this.#changed()
  }

  finish(end: FeedEnd): void {
    this.#end = end
    this.#changed()
  }

  /** A consumer that must see every result has seen those before `seq`; undefined: it is gone. */
  need(consumer: object, seq: number | undefined): void {
    if (seq === undefined) this.#needs.delete(consumer)
    else this.#needs.set(consumer, seq)
    if (this.#toldNeed >= 0) this.tellNeed()
  }

  /** All consumers have registered: from now on retention is told what they need. */
  tellNeed(): void {
    const least = Math.min(Infinity, ...this.#needs.values())
    const told = this.#toldNeed
    if (told >= 0 && least >= told && least < told + NEED_STEP) return
    this.#toldNeed = least
    this.#options.onNeed(least)
  }

  /** Calls `listener` after every change; the result stops it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The entry's text in a mode, made once for all readers. */
  text(entry: FeedEntry, mode: string, make: (frame: ResultFrame) => Buffer): Buffer {
    const known = entry.texts.get(mode)
    if (known !== undefined) return known
    const text = make(entry.frame)
    // An entry that came from the log belongs to one reader and is not in the ring.
    if (this.inMemory(entry.frame.seq)) {
      entry.texts.set(mode, text)
      this.#ringBytes += text.length
      this.#evict()
    }
    return text
  }

  /** Whether the result is among those held in memory. */
  inMemory(seq: number): boolean {
    const first = this.#ring[0]
    return first !== undefined && seq >= first.frame.seq && seq < this.#nextSeq
  }

  /** The oldest result in memory; `nextSeq` if there is none. */
  get firstInMemory(): number {
    return this.#ring[0]?.frame.seq ?? this.#nextSeq
  }

  /** The result from memory; undefined if it is not there. */
  recent(seq: number): FeedEntry | undefined {
    return this.inMemory(seq) ? this.#ring[seq - this.#ring[0].frame.seq] : undefined
  }

  /** The oldest result that is kept at all. */
  get firstKept(): number {
    const reader = this.#reader()
    try {
      const first = reader.next(this.#nextSeq)
      return first?.first ?? this.#nextSeq
    } finally {
      reader.close()
    }
  }

  /** A position in the results. */
  cursor(seq: number): FeedCursor {
    return new FeedCursor(this, seq, (cursor) => this.#openFor(cursor))
  }

  /** An open log holds a large buffer: only so many cursors keep theirs. */
  #openFor(cursor: FeedCursor): LogReader {
    this.#inLog = this.#inLog.filter((other) => other !== cursor && other.inLog)
    while (this.#inLog.length >= LOGS_OPEN_MAX) this.#inLog.shift()!.close()
    this.#inLog.push(cursor)
    return this.#reader()
  }

  #reader(): LogReader {
    return new LogReader(this.#options.disk, this.#options.folder)
  }

  #advance(epoch: number, watermarkUs: number): void {
    this.#epoch = Math.max(this.#epoch, epoch)
    this.#watermarkUs = Math.max(this.#watermarkUs, watermarkUs)
  }

  #evict(): void {
    while (this.#ringBytes > this.#options.bytesMax && this.#ring.length > 1) {
      const entry = this.#ring.shift()!
      this.#ringBytes -= entry.frame.payload.length
      for (const text of entry.texts.values()) this.#ringBytes -= text.length
    }
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

/** Reads results one after the other, from memory where it can. */
export class FeedCursor {
  readonly #feed: ResultFeed
  readonly #openLog: (cursor: FeedCursor) => LogReader
  #log: LogReader | undefined
  #seq: number

  constructor(feed: ResultFeed, seq: number, openLog: (cursor: FeedCursor) => LogReader) {
    this.#feed = feed
    this.#seq = seq
    this.#openLog = openLog
  }

  /** The seq of the result that `next` gives. */
  get seq(): number {
    return this.#seq
  }

  /** Whether the next result has yet to come. */
  get atEnd(): boolean {
    return this.#seq >= this.#feed.nextSeq
  }

  /** Whether it has the log open. */
  get inLog(): boolean {
    return this.#log !== undefined
  }

  /** Whether the next result is only in the log. */
  get behindMemory(): boolean {
    return !this.atEnd && !this.#feed.inMemory(this.#seq)
  }

  /** The next result; undefined if it has yet to come. GONE if it is no longer kept. */
  next(): FeedEntry | undefined {
    if (this.atEnd) return undefined
    const recent = this.#feed.recent(this.#seq)
    if (recent !== undefined) {
      this.close()
      this.#seq++
      return recent
    }
    return this.#fromLog()
  }

  #fromLog(): FeedEntry | undefined {
    if (this.#log === undefined) {
      this.#log = this.#openLog(this)
      this.#log.seek(this.#seq)
    }
    const found = this.#log.next(this.#feed.nextSeq)
    if (found === null) return undefined
    this.#seq = found.next
    const { first: seq, epoch, watermarkUs, payload } = found
    const frame = { queryId: this.#feed.queryId, seq, epoch, watermarkUs, payload }
    return { frame, texts: new Map() }
  }

  /** Leaves out what is not in memory any more and returns how many results that were. */
  skipToMemory(): number {
    const skipped = Math.max(0, this.#feed.firstInMemory - this.#seq)
    this.#seq += skipped
    this.close()
    return skipped
  }

  close(): void {
    this.#log?.close()
    this.#log = undefined
  }
}
