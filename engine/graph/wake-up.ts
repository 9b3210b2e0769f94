/** Waiting for something to do: a timer that a wake-up cuts short. */

import type { Clock } from '../base/clock.ts'

/** Nobody waits longer at a time. */
const WAIT_MS_MAX = 60_000

export class WakeUp {
  readonly #clock: Clock
  #wake = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whoever waits goes on. */
  now(): void {
    this.#wake()
  }

  /** Resolves at the next wake-up, at the latest after `waitMs`. One may wait at a time. */
  wait(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(Math.min(waitMs, WAIT_MS_MAX), resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}

/** One turn of the event loop: messages come in, finished fsyncs are noticed. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const BREATHE_MS = 50

/** Breathes when the last time is a while ago. True if it did. */
export function breather(clock: Clock): () => Promise<boolean> {
  let dueMs = clock.monotonicMs() + BREATHE_MS
  return async () => {
    if (clock.monotonicMs() < dueMs) return false
    await breathe()
    dueMs = clock.monotonicMs() + BREATHE_MS
    return true
  }
}
