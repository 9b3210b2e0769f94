/** Holds back what epochs gave until their journal entries are durable: nothing that a crash could
 *  undo is ever seen outside. */

import type { EpochOutput } from './dataflow.ts'
import type { FromEngine } from './protocol.ts'

interface Held {
  readonly epoch: number
  readonly output: EpochOutput
}

export class Release {
  readonly #send: (message: FromEngine) => void
  #held: Held[] = []

  constructor(send: (message: FromEngine) => void) {
    this.#send = send
  }

  /** Epochs whose output is held back. */
  get heldCount(): number {
    return this.#held.length
  }

  hold(epoch: number, output: EpochOutput): void {
    this.#held.push({ epoch, output })
  }

  /** Everything up to `epoch` is durable. */
  upTo(epoch: number): void {
    const count = this.#held.findIndex((held) => held.epoch > epoch)
    const free = count < 0 ? this.#held : this.#held.slice(0, count)
    this.#held = count < 0 ? [] : this.#held.slice(count)
    for (const held of free) this.#emit(held)
  }

  #emit({ epoch, output }: Held): void {
    const { frames, progress, failed, ended } = output
    if (frames.length > 0) this.#send({ kind: 'results', frames })
    if (progress.length > 0) this.#send({ kind: 'progress', epoch, queries: progress })
    for (const { queryId, error } of failed) this.#send({ kind: 'failed', queryId, error })
    for (const queryId of ended) this.#send({ kind: 'ended', queryId })
  }
}
