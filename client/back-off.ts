/** How long to wait before the next try: doubling, with a limit, and with jitter so that a
 *  thousand clients do not come back in the same millisecond. */

const FACTOR_MAX = 1024

export class BackOff {
  readonly #baseMs: number
  readonly #limitMs: number
  #factor = 1

  constructor(baseMs = 250, limitMs = 10_000) {
    this.#baseMs = baseMs
    this.#limitMs = limitMs
  }

  /** The next delay in milliseconds, between half and all of base × 2^n. `baseMs` overrides the
   *  base, e.g. by what the server asked for. */
  next(baseMs = this.#baseMs): number {
    const full = Math.min(this.#limitMs, baseMs * this.#factor)
    this.#factor = Math.min(this.#factor * 2, FACTOR_MAX)
    return Math.round(full * (0.5 + 0.5 * unit()))
  }

  /** The last try worked: start small again. */
  reset(): void {
    this.#factor = 1
  }
}

/** A number in [0, 1). Browsers and Node both have Web Crypto. */
const unit = (): number => crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32
