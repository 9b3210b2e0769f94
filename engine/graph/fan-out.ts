/** Hands what one part of a plan gives to all that read it, in the order of the plan. Batches are
 *  immutable, so the readers share them. */

import type { Batch } from '../batch/batch.ts'
import type { Receiver } from './stage.ts'

export class FanOut implements Receiver {
  readonly #receivers: Receiver[] = []

  constructor(first: Receiver) {
    this.#receivers.push(first)
  }

  add(receiver: Receiver): void {
    this.#receivers.push(receiver)
  }

  batch(batch: Batch): void {
    for (const receiver of this.#receivers) receiver.batch(batch)
  }

  watermark(watermarkUs: number): void {
    for (const receiver of this.#receivers) receiver.watermark(watermarkUs)
  }
}
