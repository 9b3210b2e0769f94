/** A rate over the last few seconds. */

const WINDOW_MS = 3000

export class Rate {
  readonly #samples: { readonly atMs: number; readonly count: number }[] = []

  /** `count` is the running total at `atMs`. */
  sample(count: number, atMs = performance.now()): void {
    this.#samples.push({ atMs, count })
    while (this.#samples.length > 2 && this.#samples[0].atMs < atMs - WINDOW_MS) {
      this.#samples.shift()
    }
  }

  /** Per second; 0 before the second sample. */
  get perSecond(): number {
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    if (last === undefined || last.atMs === first.atMs) return 0
    return ((last.count - first.count) / (last.atMs - first.atMs)) * 1000
  }
}
