/** Messages on their way into a table's log, in groups that are stored as a whole with the position
 *  behind them. */

import type { Buffer } from 'node:buffer'
import type { Value } from '../../engine/batch/value.ts'
import type { IntakeFeed, IntakeMessage } from '../../engine/source/intake.ts'
import { JsonBytes } from './json-bytes.ts'

/** A larger transaction goes in parts. */
const GROUP_MESSAGES = 8192
const GROUP_BYTES = 4 << 20

type Metadata = Readonly<Record<string, Value>>

export class MessageGroups {
  readonly #feed: IntakeFeed
  readonly #bytes = new JsonBytes()
  #ends: number[] = []
  #metadata: Metadata[] = []

  constructor(feed: IntakeFeed) {
    this.#feed = feed
  }

  /** The message is copied. */
  add(message: Buffer, metadata: Metadata): void {
    this.#bytes.copy(message)
    this.#ends.push(this.#bytes.length)
    this.#metadata.push(metadata)
  }

  get isFull(): boolean {
    return this.#ends.length >= GROUP_MESSAGES || this.#bytes.length >= GROUP_BYTES
  }

  /** Hands over what was added. */
  put(position: string): void {
    const bytes = this.#bytes.since(0)
    const messages: IntakeMessage[] = []
    let from = 0
    for (const [i, end] of this.#ends.entries()) {
      messages.push({ bytes: bytes.subarray(from, end), metadata: this.#metadata[i] })
      from = end
    }
    if (messages.length === 0) return
    this.#bytes.clear()
    this.#ends = []
    this.#metadata = []
    // They are copied: the room is used again.
    this.#feed.put({ messages, position })
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
