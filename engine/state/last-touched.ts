/** When each key of a state was last touched, by the epoch clock, for state that is forgotten after
 *  a time without news (`table.exec.state.ttl`). Whether a key has expired is asked when it is
 *  touched again, so the answer is exact and repeats; when the expired ones are swept out decides
 *  only about memory. */

import { grownDoubles } from './grown.ts'

/** The expired are looked for this often within the time they are kept. */
const SWEEPS = 4
const SWEEP_US_MIN = 1_000_000

export class LastTouched {
  readonly #ttlUs: number
  /** Infinity: never touched. */
  #times = new Float64Array(0)
  #sweptUs = -Infinity

  /** `ttlUs` is above 0. */
  constructor(ttlUs: number) {
    this.#ttlUs = ttlUs
  }

  /** Makes room for keys below `length`. */
  makeRoom(length: number): void {
    const { length: old } = this.#times
    if (old >= length) return
    this.#times = grownDoubles(this.#times, length)
    this.#times.fill(Infinity, old)
  }

  touch(key: number, nowUs: number): void {
    this.#times[key] = nowUs
  }

  isExpired(key: number, nowUs: number): boolean {
    return nowUs - this.#times[key] >= this.#ttlUs
  }

  /** When `count` keys should be swept; Infinity if there are none. */
  dueUs(count: number): number {
    if (count === 0) return Infinity
    return this.#sweptUs + Math.max(SWEEP_US_MIN, this.#ttlUs / SWEEPS)
  }

  /** Once it is time, and expired keys are worth it: which of the first `count` keys stay. */
  sweep(count: number, nowUs: number): ((key: number) => boolean) | undefined {
    if (this.#sweptUs === -Infinity) this.#sweptUs = nowUs
    if (nowUs < this.dueUs(count)) return undefined
    this.#sweptUs = nowUs
    let expired = 0
    for (let key = 0; key < count; key++) if (this.isExpired(key, nowUs)) expired++
    if (expired === 0 || expired * 8 < count) return undefined
    return (key) => !this.isExpired(key, nowUs)
  }

  /** Keeps these keys, ascending, under the numbers of their positions. */
  pick(kept: ArrayLike<number>): void {
    for (let to = 0; to < kept.length; to++) this.#times[to] = this.#times[kept[to]]
    this.#times.fill(Infinity, kept.length)
  }

  /** The key is as if it had never been touched. */
  forget(key: number): void {
    this.#times[key] = Infinity
  }

  /** The times of these keys, in this order. */
  snapshot(keys: readonly number[]): Uint8Array {
    return new Uint8Array(Float64Array.from(keys, (key) => this.#times[key]).buffer)
  }

  /** Takes back a snapshot, for the keys from 0 on. */
  restore(bytes: Uint8Array): void {
    const times = new Float64Array(bytes.slice().buffer)
    this.makeRoom(times.length)
    this.#times.set(times)
  }

  /** A copy of the times of the keys [from, to). */
  page(from: number, to: number): Float64Array {
    return this.#times.slice(from, to)
  }

  /** Takes it back. */
  restorePage(from: number, page: Float64Array): void {
    this.makeRoom(from + page.length)
    this.#times.set(page, from)
  }

  get bytes(): number {
    return this.#times.byteLength
  }
}
