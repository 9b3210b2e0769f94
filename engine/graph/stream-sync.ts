/** Asks the writing side to make the streams' records durable, where producers don't wait for it:
 *  a checkpoint may not know of a record that a power cut can take back. */

import { type ErrorJson, errorFromJson } from '../base/errors.ts'
import type { Durability, FromEngine } from './protocol.ts'

export class StreamSync {
  readonly #durability: Durability
  readonly #send: (message: FromEngine) => void
  #answer = (_error?: ErrorJson) => {}

  constructor(durability: Durability, send: (message: FromEngine) => void) {
    this.#durability = durability
    this.#send = send
  }

  /** Resolves when everything read so far is durable. One at a time. */
  ask(): Promise<void> {
    if (this.#durability === 'sync') return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#answer = (error) => (error === undefined ? resolve() : reject(errorFromJson(error)))
      this.#send({ kind: 'sync-streams' })
    })
  }

  answered(error: ErrorJson | undefined): void {
    this.#answer(error)
  }
}
