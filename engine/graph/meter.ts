/** Measures how long each operator of a pipeline works, by itself: while it hands a batch on, the
 *  time is the next one's. Two clock readings per batch and operator. */

export interface Metered {
  /** Milliseconds it has worked so far. */
  busyMs: number
}

export class Meter {
  readonly #monotonicMs: () => number
  #working: Metered | undefined
  #sinceMs = 0

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  /** `next` begins to work; returns who worked so far, for `leave`. */
  enter(next: Metered): Metered | undefined {
    const before = this.#working
    this.#charge(next)
    return before
  }

  /** Who works now is done, and `before` goes on. */
  leave(before: Metered | undefined): void {
    this.#charge(before)
  }

  /** An operator that raised an error never left. */
  reset(): void {
    this.#working = undefined
  }

  #charge(next: Metered | undefined): void {
    const nowMs = this.#monotonicMs()
    if (this.#working !== undefined) this.#working.busyMs += nowMs - this.#sinceMs
    this.#working = next
    this.#sinceMs = nowMs
  }
}
