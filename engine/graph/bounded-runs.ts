/** The bounded runs under way; each gets a turn between two epochs. */

import type { EpochClock } from '../base/clock.ts'
import { type BoundedRequest, BoundedRun } from './bounded-run.ts'
import type { Dataflow } from './dataflow.ts'
import type { BoundedResult } from './protocol.ts'

interface PendingRun {
  readonly run: BoundedRun
  readonly resolve: (result: BoundedResult) => void
  readonly reject: (error: unknown) => void
}

export class BoundedRuns {
  readonly #dataflow: Dataflow
  #runs: PendingRun[] = []

  constructor(dataflow: Dataflow) {
    this.#dataflow = dataflow
  }

  add(request: BoundedRequest, clock: EpochClock): Promise<BoundedResult> {
    const run = new BoundedRun(this.#dataflow, request, clock)
    return new Promise((resolve, reject) => {
      this.#runs.push({ run, resolve, reject })
    })
  }

  /** Does a piece of each run. False if there is none, or all wait for their sources. */
  step(): boolean {
    const runs = this.#runs
    let worked = false
    this.#runs = runs.filter(({ run, resolve, reject }) => {
      try {
        const result = run.step()
        worked ||= !run.waits
        if (result === undefined) return true
        resolve(result)
      } catch (error) {
        reject(error)
      }
      void run.close()
      return false
    })
    return worked
  }
}
