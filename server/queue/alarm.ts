/** A timer that rings at the earliest of the times it was asked for, and has to be asked again. */

import type { Clock } from '../../engine/base/clock.ts'

/** Timers take no longer delays well; a ring that is too early does no harm. */
const DELAY_MS_MAX = 3_600_000

export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #atUs = Infinity
  #cancel = () => {}
  #stopped = false

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Infinity: there is no need to. */
  ringAt(atUs: number): void {
    if (this.#stopped || atUs >= this.#atUs) return
    this.#cancel()
    this.#atUs = atUs
    const delayMs = Math.max(0, (atUs - this.#clock.nowUs()) / 1000)
    this.#cancel = this.#clock.after(Math.ceil(Math.min(delayMs, DELAY_MS_MAX)), () => {
      this.#atUs = Infinity
      this.#ring()
    })
  }

  /** It never rings again. */
  stop(): void {
    this.#stopped = true
    this.#cancel()
  }
}
