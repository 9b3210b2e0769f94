/** Asks a JetStream consumer for messages, never for more than there is room for, and notices
 *  when the server no longer answers. */

import type { Msg, Subscription } from '@nats-io/transport-node'
import type { Clock } from '../../engine/base/clock.ts'
import { SqlError } from '../../engine/base/errors.ts'
import type { NatsLink } from './connect.ts'

/** Where the messages go. */
export interface Room {
  /** Ask for no more. */
  readonly isFull: boolean
  /** Resolves when there is room again, or `signal` aborts. */
  room(signal: AbortSignal): Promise<void>
}

export interface PullsParts {
  readonly link: NatsLink
  readonly clock: Clock
  readonly buffer: Room
  readonly stream: string
  readonly consumer: string
}

/** Of one request. */
const MESSAGES_MAX = 4096
const BYTES_MAX = 2 << 20
const EXPIRES_MS = 30_000
const HEARTBEAT_MS = 3000
/** So long without a word from the server while it owes us one. */
const SILENCE_MS = 4 * HEARTBEAT_MS
const NS_PER_MS = 1e6

export class Pulls {
  readonly #parts: PullsParts
  readonly #inbox: string
  #subscription: Subscription | undefined
  /** Messages that were asked for and may still come. */
  #owed = 0
  /** Whether the next message is larger than a request takes: then it is asked for alone. */
  #isLarge = false
  #heardMs = 0
  #wake = () => {}
  #error: unknown

  constructor(parts: PullsParts) {
    this.#parts = parts
    this.#inbox = `_INBOX.${globalThis.crypto.randomUUID().replaceAll('-', '')}`
  }

  /** Subscribes; `take` gets the messages that come. What it throws ends `run`. */
  begin(take: (message: Msg) => void): void {
    const { link, clock } = this.#parts
    this.#heardMs = clock.monotonicMs()
    this.#subscription = link.connection.subscribe(this.#inbox, {
      callback: (error, message) => {
        try {
          if (error) throw error
          this.#heardMs = clock.monotonicMs()
          if (message.data.length === 0 && message.headers?.code) this.#heed(message)
          else {
            this.#owed--
            take(message)
          }
          if (this.#owed * 2 < MESSAGES_MAX) this.#wake()
        } catch (thrown) {
          this.#error ??= thrown
          this.#wake()
        }
      },
    })
  }

  /** A message without content is the server's word on a request. */
  #heed({ headers }: Msg): void {
    const code = headers!.code
    if (code === 100) return
    const text = headers!.description
    const isOver = code === 404 || code === 408 || (code === 409 && /exceeds|Batch/i.test(text))
    if (!isOver) {
      throw new SqlError('CONNECTOR_FAILED', `The consumer answers: ${code} ${text}`)
    }
    const left = Number(headers!.get('Nats-Pending-Messages') || 0)
    this.#owed = Math.max(0, this.#owed - left)
    if (code === 409 && left === MESSAGES_MAX) this.#isLarge = true
  }

  /** Asks for messages until `signal` aborts. Raises CONNECTOR_FAILED and what `take` raised. */
  async run(signal: AbortSignal): Promise<void> {
    const { buffer, clock } = this.#parts
    while (!signal.aborted && this.#error === undefined) {
      if (buffer.isFull) {
        await buffer.room(signal)
        this.#heardMs = clock.monotonicMs()
        continue
      }
      if (this.#owed * 2 < MESSAGES_MAX) this.#ask()
      await this.#wait(signal)
      if (this.#owed > 0 && clock.monotonicMs() - this.#heardMs > SILENCE_MS) {
        throw new SqlError('CONNECTOR_FAILED', 'The server is silent')
      }
    }
    if (this.#error !== undefined) throw this.#error
  }

  #ask(): void {
    const { link, stream, consumer } = this.#parts
    const batch = this.#isLarge ? 1 : MESSAGES_MAX
    const request = {
      batch,
      expires: EXPIRES_MS * NS_PER_MS,
      idle_heartbeat: HEARTBEAT_MS * NS_PER_MS,
      ...(!this.#isLarge && { max_bytes: BYTES_MAX }),
    }
    this.#isLarge = false
    this.#owed += batch
    const subject = `${link.api}.CONSUMER.MSG.NEXT.${stream}.${consumer}`
    link.connection.publish(subject, JSON.stringify(request), { reply: this.#inbox })
  }

  /** Until something happened that a new request may be due to, or the server could be silent. */
  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        signal.removeEventListener('abort', done)
        this.#wake = () => {}
        resolve()
      }
      const cancel = this.#parts.clock.after(HEARTBEAT_MS, done)
      signal.addEventListener('abort', done)
      this.#wake = done
      if (this.#error !== undefined) done()
    })
  }

  /** Asks for no more; `take` still gets what is on the way. */
  async drain(): Promise<void> {
    await this.#subscription?.drain()
  }

  end(): void {
    this.#subscription?.unsubscribe()
  }
}
