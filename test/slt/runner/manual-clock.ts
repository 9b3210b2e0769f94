/** A clock whose time stands still until a file moves it, so that results with CURRENT_TIMESTAMP in
 *  them can be written down. Timers also run by real time: nothing waits for ever. */

import { type Clock, systemClock } from '../../../engine/base/clock.ts'

interface Timer {
  readonly dueUs: number
  readonly cancel: () => void
  readonly fire: () => void
}

export class ManualClock implements Clock {
  #nowUs = Date.UTC(2024, 5, 1) * 1000
  readonly #timers = new Set<Timer>()

  nowUs(): number {
    return this.#nowUs
  }

  monotonicMs(): number {
    return systemClock.monotonicMs()
  }

  after(delayMs: number, callback: () => void): () => void {
    const cancelReal = systemClock.after(delayMs, () => timer.fire())
    const cancel = () => {
      cancelReal()
      this.#timers.delete(timer)
    }
    const timer: Timer = {
      cancel,
      dueUs: this.#nowUs + delayMs * 1000,
      fire: () => {
        cancel()
        callback()
      },
    }
    this.#timers.add(timer)
    return cancel
  }

  /** Forgets all timers, as the end of a process does. */
  stop(): void {
    for (const timer of [...this.#timers]) timer.cancel()
  }

  forward(us: number): void {
    this.#nowUs += us
    for (const timer of [...this.#timers]) if (timer.dueUs <= this.#nowUs) timer.fire()
  }
}
