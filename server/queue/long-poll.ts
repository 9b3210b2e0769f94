/** Consumers that wait for records, served in the order in which they came. */

import type { Clock } from '../../engine/base/clock.ts'

interface Waiting<Wish, Answer> {
  readonly wish: Wish
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

export class LongPoll<Wish, Answer> {
  readonly #clock: Clock
  readonly #nothing: Answer
  #waiting: Waiting<Wish, Answer>[] = []

  constructor(clock: Clock, nothing: Answer) {
    this.#clock = clock
    this.#nothing = nothing
  }

  get size(): number {
    return this.#waiting.length
  }

  /** Resolves to nothing after `waitMs`, or when the client leaves. */
  wait(wish: Wish, waitMs: number, signal?: AbortSignal): Promise<Answer> {
    if (waitMs <= 0 || signal?.aborted) return Promise.resolve(this.#nothing)
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const waiting = { wish, resolve, reject }
    const leave = () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting)
      resolve(this.#nothing)
    }
    const cancel = this.#clock.after(waitMs, leave)
    signal?.addEventListener('abort', leave)
    this.#waiting.push(waiting)
    return promise.finally(() => {
      cancel()
      signal?.removeEventListener('abort', leave)
    })
  }

  /** Answers as many as `answerOf` has something for, the first first. */
  serve(answerOf: (wish: Wish) => Answer | undefined): void {
    for (;;) {
      const [first] = this.#waiting
      if (first === undefined) return
      try {
        const answer = answerOf(first.wish)
        if (answer === undefined) return
        first.resolve(answer)
      } catch (error) {
        first.reject(error)
      }
      this.#waiting.shift()
    }
  }

  endAll(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(this.#nothing)
  }
}
