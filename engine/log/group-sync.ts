/** Group commit: at most one sync runs at a time; whoever asks while one runs shares the next one,
 *  or this one if it was started late enough. */

export class GroupSync {
  /** Makes everything appended so far durable. */
  readonly #run: () => Promise<void>
  #running: { readonly target: number; readonly done: Promise<void> } | null = null
  #waiting: Promise<void> | null = null
  #target = 0

  constructor(run: () => Promise<void>) {
    this.#run = run
  }

  get running(): Promise<void> | null {
    return this.#running?.done ?? null
  }

  /** Resolves when a sync that started at or after `target` was reached has ended well; rejects as
   *  `run` does. `target` only grows. */
  reach(target: number): Promise<void> {
    this.#target = target
    if (this.#running === null) return this.#start()
    if (this.#running.target >= target) return this.#running.done
    this.#waiting ??= this.#running.done.then(
      () => this.#startWaiting(),
      () => this.#startWaiting(),
    )
    return this.#waiting
  }

  #startWaiting(): Promise<void> {
    this.#waiting = null
    return this.#start()
  }

  #start(): Promise<void> {
    const done = this.#run().finally(() => {
      this.#running = null
    })
    this.#running = { target: this.#target, done }
    return done
  }
}
