/** Messages on their way into a table's log, in groups that are stored as a whole with the position
 *  behind them. */

import { Buffer } from 'node:buffer'
import type { Value } from '../../engine/batch/value.ts'
import type { IntakeFeed, IntakeMessage } from '../../engine/source/intake.ts'

/** A larger transaction goes in parts. */
const GROUP_MESSAGES = 8192
const GROUP_BYTES = 4 << 20
const FIRST_BYTES = 4096

type Metadata = Readonly<Record<string, Value>>

export class MessageGroups {
  readonly #feed: IntakeFeed
  #bytes = Buffer.alloc(0)
  #length = 0
  #ends: number[] = []
  #metadata: Metadata[] = []

  constructor(feed: IntakeFeed) {
    this.#feed = feed
  }

  /** The message is copied. */
  add(message: Uint8Array, metadata: Metadata): void {
    const end = this.#length + message.length
    if (end > this.#bytes.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, end, this.#bytes.length * 2))
      bigger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = bigger
    }
    this.#bytes.set(message, this.#length)
    this.#length = end
    this.#ends.push(end)
    this.#metadata.push(metadata)
  }

  get isFull(): boolean {
    return this.#ends.length >= GROUP_MESSAGES || this.#length >= GROUP_BYTES
  }

  /** Hands over what was added. */
  put(position: string): void {
    const bytes = this.#bytes
    const messages: IntakeMessage[] = []
    let from = 0
    for (const [i, end] of this.#ends.entries()) {
      messages.push({ bytes: bytes.subarray(from, end), metadata: this.#metadata[i] })
      from = end
    }
    if (messages.length === 0) return
    this.#length = 0
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
