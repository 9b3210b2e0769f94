/** One operator in a running pipeline, joined to the next one. Checks the contract as batches pass:
 *  watermarks only rise, weights are never 0, append-only output has none. */

import { assert } from '../base/assert.ts'
import type { Batch } from '../batch/batch.ts'
import type { Operator, Output, Section } from '../operator/operator.ts'
import type { Meter, Metered } from './meter.ts'

/** Takes what a stage gives. */
export interface Receiver {
  batch(batch: Batch): void
  watermark(watermarkUs: number): void
}

export interface StageOptions {
  /** Unique in its pipeline and the same after a restart; names the stage's state. */
  readonly name: string
  readonly appendOnly: boolean
  /** Larger output is handed on in pieces: operators size their scratch arrays by it. */
  readonly batchRowsMax: number
  readonly meter: Meter
}

export class Stage implements Output, Metered {
  readonly name: string
  readonly operator: Operator
  readonly #options: StageOptions
  readonly #next: Receiver
  #watermarkUs = -Infinity
  rowsIn = 0
  rowsOut = 0
  busyMs = 0

  constructor(options: StageOptions, operator: Operator, next: Receiver) {
    this.name = options.name
    this.operator = operator
    this.#options = options
    this.#next = next
  }

  emit(batch: Batch): void {
    const { appendOnly, batchRowsMax } = this.#options
    assert(!appendOnly || batch.weights === null, `${this.name} retracts rows`)
    this.rowsOut += batch.rowCount
    for (let from = 0; from < batch.rowCount; from += batchRowsMax) {
      this.#next.batch(batch.slice(from, Math.min(from + batchRowsMax, batch.rowCount)))
    }
  }

  watermark(watermarkUs: number): void {
    assert(watermarkUs >= this.#watermarkUs, `${this.name} moves its watermark back`)
    if (watermarkUs === this.#watermarkUs) return
    this.#watermarkUs = watermarkUs
    this.#next.watermark(watermarkUs)
  }

  /** The receiving end of one of the operator's inputs. */
  input(index: number): Receiver {
    const { meter } = this.#options
    return {
      batch: (batch) => {
        const before = meter.enter(this)
        this.rowsIn += batch.rowCount
        this.operator.batch(index, batch, this)
        meter.leave(before)
      },
      watermark: (watermarkUs) => {
        const before = meter.enter(this)
        this.operator.watermark(index, watermarkUs, this)
        meter.leave(before)
      },
    }
  }

  endEpoch(): void {
    const { meter } = this.#options
    const before = meter.enter(this)
    this.operator.epoch(this)
    meter.leave(before)
  }

  get watermarkUs(): number {
    return this.#watermarkUs
  }

  /** Takes back the state; the watermark is silent: the next stages restore their own. */
  restore(sections: readonly Section[], watermarkUs: number): void {
    this.operator.restore(sections)
    this.#watermarkUs = watermarkUs
  }
}
