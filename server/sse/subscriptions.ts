/** All open event streams: their number is limited, and they end with the server. */

import { fail } from '../../engine/base/errors.ts'
import type { OpenStream } from './stream.ts'

export class Subscriptions {
  readonly #streamsMax: number
  readonly #open = new Set<OpenStream>()
  #reserved = 0
  #ending = false

  constructor(streamsMax: number) {
    this.#streamsMax = streamsMax
  }

  get count(): number {
    return this.#open.size
  }

  /** Takes a place; give it back by the result. TOO_MANY_REQUESTS if there is none left. */
  reserve(): () => void {
    if (this.#ending) fail('UNAVAILABLE', 'The server is stopping')
    if (this.#reserved >= this.#streamsMax) {
      fail('TOO_MANY_REQUESTS', `There are ${this.#streamsMax} event streams open already`, {
        hint: 'Close one, or raise MILLRACE_SUBSCRIPTIONS_MAX.',
      })
    }
    this.#reserved++
    let given = false
    return () => {
      if (!given) this.#reserved--
      given = true
    }
  }

  add(stream: OpenStream): void {
    this.#open.add(stream)
  }

  remove(stream: OpenStream): void {
    this.#open.delete(stream)
  }

  /** Ends all streams. Clients connect again and resume. */
  endAll(): void {
    this.#ending = true
    for (const stream of [...this.#open]) stream.end()
  }
}
