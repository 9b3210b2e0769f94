/** Something that several loops wait for, each at most so long. */

import type { Clock } from '../../engine/base/clock.ts'

export class Bell {
  readonly #clock: Clock
  #waiting: (() => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whoever waits goes on. */
  ring(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Resolves when it rings, or after so long. */
  wait(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(waitMs, resolve)
      this.#waiting.push(() => {
        cancel()
        resolve()
      })
    })
  }
}
