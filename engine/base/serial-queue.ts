/** Runs asynchronous actions one after another, in the order they were given. */

export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** Actions given and not finished. */
  get length(): number {
    return this.#waiting
  }

  /** Runs `action` once all earlier ones have finished, whether they succeeded or not. */
  run<T>(action: () => Promise<T> | T): Promise<T> {
    this.#waiting++
    const result = this.#last.then(action).finally(() => {
      this.#waiting--
    })
    this.#last = result.catch(() => {})
    return result
  }

  /** Resolves when every action given so far has finished. */
  async idle(): Promise<void> {
    await this.#last
  }
}
