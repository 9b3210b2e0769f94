/** Messages on their way into a table's log, in groups that are stored as a whole with the position
 *  behind them. */

import { Buffer } from 'node:buffer'
import type { Value } from '../../engine/batch/value.ts'
import type { IntakeFeed, IntakeMessage } from '../../engine/source/intake.ts'

/** A larger transaction goes in parts. */
const GROUP_MESSAGES = 8192
const GROUP_BYTES = 4 << 20

type Metadata = Readonly<Record<string, Value>>

export class MessageGroups {
  readonly #feed: IntakeFeed
  #messages: IntakeMessage[] = []
  #bytes = 0

  constructor(feed: IntakeFeed) {
    this.#feed = feed
  }

  add(text: string, metadata: Metadata): void {
    const bytes = Buffer.from(text)
    this.#messages.push({ bytes, metadata })
    this.#bytes += bytes.length
  }

  get isFull(): boolean {
    return this.#messages.length >= GROUP_MESSAGES || this.#bytes >= GROUP_BYTES
  }

  /** Hands over what was added. */
  put(position: string): void {
    const messages = this.#messages
    this.#messages = []
    this.#bytes = 0
    if (messages.length > 0) this.#feed.put({ messages, position })
  }
}

/** Resolves when everything that was put is stored; rejects if the connection is over before. */
export function allStored(feed: IntakeFeed): Promise<void> {
  return new Promise((resolve, reject) => {
    feed.put({
      messages: [],
      stored: (error) => (error === undefined ? resolve() : reject(error)),
    })
  })
}
