/** Notices that nothing comes on a connection any more, which may be dead without saying so. */

import type { Clock } from '../../engine/base/clock.ts'

export class IdleTimer {
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #onIdle: () => void
  #heardMs: number
  #cancel = () => {}

  constructor(clock: Clock, limitMs: number, onIdle: () => void) {
    this.#clock = clock
    this.#limitMs = limitMs
    this.#onIdle = onIdle
    this.#heardMs = clock.monotonicMs()
    this.#arm(limitMs)
  }

  /** Something came. */
  heard(): void {
    this.#heardMs = this.#clock.monotonicMs()
  }

  #arm(waitMs: number): void {
    this.#cancel = this.#clock.after(waitMs, () => {
      const leftMs = this.#heardMs + this.#limitMs - this.#clock.monotonicMs()
      if (leftMs > 0) this.#arm(leftMs)
      else this.#onIdle()
    })
  }

  stop(): void {
    this.#cancel()
  }
}
