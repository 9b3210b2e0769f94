/** One open event stream. It pulls results from the feed as fast as its client reads, so a slow
 *  client costs a position and a socket buffer, nothing more. */

import type { Clock } from '../../engine/base/clock.ts'
import { asSqlError, SqlError } from '../../engine/base/errors.ts'
import type { ResultFrame } from '../../engine/graph/protocol.ts'
import type { FeedCursor, ResultFeed } from '../result-feed.ts'
import { eventBytes, HEARTBEAT, watermarkText } from './event.ts'
import { eventId } from './position.ts'

/** What to do with a client that falls behind the results held in memory: cut it off (it can
 *  resume), leave results out, or read them for it from the log. */
export type OnSlow = 'disconnect' | 'drop' | 'block'

/** Where events go: the part of an HTTP response that is needed here. */
export interface EventSink {
  /** False: the client does not keep up; wait for `drain`. */
  write(bytes: Buffer): boolean
  end(): void
  destroy(): void
  once(event: 'drain', listener: () => void): unknown
}

export interface SubscriberOptions {
  readonly feed: ResultFeed
  readonly cursor: FeedCursor
  readonly sink: EventSink
  readonly clock: Clock
  /** Names the text that `encode` makes: readers of the same mode share it. */
  readonly mode: string
  /** A result as a `changes` event. */
  readonly encode: (frame: ResultFrame) => Buffer
  readonly onSlow: OnSlow
  /** The watermark that the client knows already, microseconds. */
  readonly watermarkUs: number
  readonly heartbeatMs: number
  readonly progressMs: number
  /** Called once, when the stream is over. */
  readonly onClose: () => void
}

/** A client that takes nothing for so many heartbeats is cut off. */
export const STALLED_HEARTBEATS = 4
/** How long a client that was cut off may take to read the last event. */
export const LINGER_MS = 10_000
const REPLACED = '{"reason":"replaced"}'

export class Subscriber {
  readonly #options: SubscriberOptions
  readonly #generation: number
  readonly #stopListening: () => void
  #cancelHeartbeat = () => {}
  #cancelProgress = () => {}
  #writable = true
  #closed = false
  /** It has once been given everything there was. Before that it catches up, which may be slow. */
  #live = false
  #wroteAtMs: number
  #stalled = 0
  #lastSeq: number
  #watermarkUs: number
  #progressAtMs = -Infinity

  constructor(options: SubscriberOptions) {
    this.#options = options
    this.#generation = options.feed.generation
    this.#lastSeq = options.cursor.seq - 1
    this.#wroteAtMs = options.clock.monotonicMs()
    this.#watermarkUs = options.watermarkUs
    this.#stopListening = options.feed.listen(() => this.#pump())
    this.#armHeartbeat()
    this.#pump()
  }

  /** The client has left, or the server ends the stream. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopListening()
    this.#cancelHeartbeat()
    this.#cancelProgress()
    this.#options.cursor.close()
    this.#options.onClose()
  }

  /** Ends the stream with an `error` event. */
  fail(error: SqlError): void {
    this.#finish('error', JSON.stringify(error.toJSON()))
  }

  #pump(): void {
    if (this.#closed) return
    try {
      this.#pumpResults()
    } catch (error) {
      this.fail(asSqlError(error))
    }
  }

  #pumpResults(): void {
    const { feed, cursor, mode, encode } = this.#options
    if (feed.generation !== this.#generation) {
      this.#finish('end', REPLACED)
      return
    }
    if (this.#live && cursor.behindMemory && !this.#mayGoOn()) return
    while (this.#writable) {
      const entry = cursor.next()
      if (entry === undefined) {
        this.#atEnd()
        return
      }
      this.#write(feed.text(entry, mode, encode))
      this.#lastSeq = entry.frame.seq
      this.#watermarkUs = entry.frame.watermarkUs
    }
  }

  /** The client fell behind; false if that was the end of it. */
  #mayGoOn(): boolean {
    const { cursor, onSlow } = this.#options
    if (onSlow === 'block') return true
    if (onSlow === 'disconnect') {
      this.#cut()
      return false
    }
    // Said once, when the client can take it again.
    if (!this.#writable) return true
    const dropped = cursor.skipToMemory()
    this.#write(eventBytes('error', JSON.stringify(this.#slow(`${dropped} results were left out`))))
    return true
  }

  #cut(): void {
    this.fail(this.#slow('The subscriber reads too slowly and was cut off'))
  }

  #slow(message: string): SqlError {
    const { queryId } = this.#options.feed
    const after = this.#lastSeq < 0 ? undefined : eventId(queryId, this.#lastSeq)
    return new SqlError('SLOW_SUBSCRIBER', message, {
      hint: after === undefined ? 'Subscribe again.' : `Resume with Last-Event-ID: ${after}.`,
      details: { after },
    })
  }

  /** Everything there was has been written. */
  #atEnd(): void {
    const { feed } = this.#options
    this.#live = true
    const { end } = feed
    if (end === undefined) this.#progress()
    else if (end.kind === 'failed') this.fail(end.error)
    else this.#finish('end', JSON.stringify({ reason: end.kind }))
  }

  /** Tells how far time has come, if it has, at most once per interval. */
  #progress(): void {
    const { feed, clock, progressMs } = this.#options
    const { epoch, watermarkUs } = feed
    if (watermarkUs <= this.#watermarkUs || !this.#writable) return
    const waitMs = this.#progressAtMs + progressMs - clock.monotonicMs()
    this.#cancelProgress()
    if (waitMs > 0) {
      this.#cancelProgress = clock.after(waitMs, () => this.#pump())
      return
    }
    this.#watermarkUs = watermarkUs
    this.#progressAtMs = clock.monotonicMs()
    const data = JSON.stringify({ epoch, watermark: watermarkText(watermarkUs) })
    this.#write(eventBytes('progress', data))
  }

  #write(bytes: Buffer): void {
    const { sink, clock } = this.#options
    this.#wroteAtMs = clock.monotonicMs()
    this.#stalled = 0
    if (sink.write(bytes)) return
    this.#writable = false
    sink.once('drain', () => {
      this.#writable = true
      this.#stalled = 0
      this.#pump()
    })
  }

  #armHeartbeat(): void {
    const { clock, heartbeatMs } = this.#options
    const dueMs = this.#wroteAtMs + heartbeatMs - clock.monotonicMs()
    const waitMs = this.#writable && dueMs > 0 ? dueMs : heartbeatMs
    this.#cancelHeartbeat = clock.after(waitMs, () => {
      this.#beat()
      if (!this.#closed) this.#armHeartbeat()
    })
  }

  #beat(): void {
    const { clock, heartbeatMs, onSlow } = this.#options
    if (!this.#writable) {
      if (++this.#stalled >= STALLED_HEARTBEATS && onSlow !== 'block') this.#cut()
    } else if (clock.monotonicMs() - this.#wroteAtMs >= heartbeatMs) {
      this.#write(HEARTBEAT)
    }
  }

  #finish(type: 'error' | 'end', data: string): void {
    if (this.#closed) return
    const { sink, clock } = this.#options
    sink.write(eventBytes(type, data))
    sink.end()
    clock.after(LINGER_MS, () => sink.destroy())
    this.close()
  }
}
