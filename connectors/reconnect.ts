/** Keeps a connection to a broker: makes it anew whenever it is lost, after pauses that grow and
 *  are uneven, so that many clients do not come back at the same moment. */

import { backoffMs } from '../engine/base/backoff.ts'
import { type Clock, pause } from '../engine/base/clock.ts'
import { SqlError } from '../engine/base/errors.ts'
import { freshSeed, type Random, random } from '../engine/base/random.ts'

export interface ReconnectOptions {
  readonly clock: Clock
  /** What is connected to, for messages: `nats://localhost:4222`. No secrets. */
  readonly what: string
  /** One life of the connection: connects, works, and ends (in whatever way) when the connection
   *  is lost or `signal` aborts; it must then leave nothing open. A SqlError with retry 'never'
   *  ends the trying; anything else it throws is a reason to try again. */
  readonly life: (life: Life) => Promise<void>
  /** Called after `trouble` or `failure` changed. */
  readonly onChange?: () => void
}

export interface Life {
  readonly signal: AbortSignal
  /** To be called when the connection works: there is no trouble, and pauses begin short again. */
  readonly up: () => void
}

const PAUSE = { firstMs: 100, maxMs: 5000 }

export class Reconnect {
  readonly #options: ReconnectOptions
  readonly #random: Random = random(freshSeed())
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #tries = 0
  /** Why there is no connection for now; it is tried again. undefined: there is one, or the first
   *  try is under way. CONNECTOR_FAILED, or what the life raised. */
  trouble: SqlError | undefined
  /** Why it is not tried again; the reader should raise it. */
  failure: SqlError | undefined

  constructor(options: ReconnectOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    const up = () => {
      this.#tries = 0
      if (!signal.aborted) this.#set(undefined)
    }
    // The creator gets to know of this object before anything happens.
    await Promise.resolve()
    while (!signal.aborted) {
      const error = await this.#live({ signal, up })
      if (signal.aborted) return
      if (error.retry === 'never') {
        this.failure = error
        this.#options.onChange?.()
        return
      }
      this.#set(error)
      await pause(this.#options.clock, backoffMs(this.#tries++, PAUSE, this.#random), signal)
    }
  }

  async #live(life: Life): Promise<SqlError> {
    const { what } = this.#options
    try {
      await this.#options.life(life)
      return new SqlError('CONNECTOR_FAILED', `${what} closed the connection`)
    } catch (error) {
      return connectorError(what, error)
    }
  }

  #set(error: SqlError | undefined): void {
    if (this.trouble === undefined && error === undefined) return
    this.trouble = error
    this.#options.onChange?.()
  }

  /** Ends the life; resolves when it has ended. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }
}

/** What a client library threw, as CONNECTOR_FAILED; a SqlError stays what it is. */
export function connectorError(what: string, error: unknown): SqlError {
  if (error instanceof SqlError) return error
  return new SqlError('CONNECTOR_FAILED', `${what}: ${reasonOf(error)}`, { cause: error })
}

/** Errors of several addresses come as one without a message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return [...new Set(error.errors.map(reasonOf))].join('; ')
  }
  return error instanceof Error ? error.message : String(error)
}
