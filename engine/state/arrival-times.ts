/** When the rows of a store came, by the epoch clock, for rows that are forgotten a time after they
 *  came (`table.exec.state.ttl`). Slots ascend in the order of arrival, so the old ones are the
 *  first ones. */

/** Rows are looked for this often within the time they are kept, if nothing else happens. */
const SWEEPS = 4
const SWEEP_US_MIN = 1_000_000

export class ArrivalTimes {
  readonly #ttlUs: number
  /** Slots below `ends[i]`, and not below the one before, came at `times[i]`; both ascend. */
  #ends: number[] = []
  #times: number[] = []
  /** The end of all slots that were noted. */
  #noted = 0
  /** Entries before this one are forgotten. */
  #first = 0
  #sweptUs = -Infinity

  /** `ttlUs` is above 0. */
  constructor(ttlUs: number) {
    this.#ttlUs = ttlUs
  }

  /** All slots below `end` that were not noted yet came now. */
  note(end: number, nowUs: number): void {
    if (end <= this.#noted) return
    this.#noted = end
    const last = this.#ends.length - 1
    if (last >= this.#first && this.#times[last] === nowUs) this.#ends[last] = end
    else {
      this.#ends.push(end)
      this.#times.push(nowUs)
    }
  }

  /** Where the rows begin whose time is not over. What is before is not asked for again. */
  expired(nowUs: number): number {
    let end = 0
    while (this.#first < this.#ends.length && nowUs - this.#times[this.#first] >= this.#ttlUs) {
      end = this.#ends[this.#first++]
    }
    if (this.#first * 2 > this.#ends.length) {
      this.#ends = this.#ends.slice(this.#first)
      this.#times = this.#times.slice(this.#first)
      this.#first = 0
    }
    if (end > 0) this.#sweptUs = nowUs
    return end
  }

  /** The epoch clock at which some rows should go that nobody has asked about; Infinity: there are
   *  none. */
  get dueUs(): number {
    if (this.#first === this.#ends.length) return Infinity
    const oldUs = this.#times[this.#first] + this.#ttlUs
    return Math.max(oldUs, this.#sweptUs + Math.max(SWEEP_US_MIN, this.#ttlUs / SWEEPS))
  }

  /** The slots `kept`, which ascend, have the numbers of their positions now. */
  renumber(kept: Int32Array): void {
    let to = 0
    this.#ends = this.#ends.slice(this.#first).map((end) => {
      while (to < kept.length && kept[to] < end) to++
      return to
    })
    this.#times = this.#times.slice(this.#first)
    this.#first = 0
    this.#noted = kept.length
  }

  clear(): void {
    this.#ends = []
    this.#times = []
    this.#first = 0
    this.#noted = 0
  }

  snapshot(): Uint8Array {
    const [ends, times] = [this.#ends, this.#times].map((list) => list.slice(this.#first))
    return new Uint8Array(Float64Array.of(this.#noted, ...ends, ...times).buffer)
  }

  restore(bytes: Uint8Array): void {
    const [noted, ...both] = new Float64Array(bytes.slice().buffer)
    this.#noted = noted
    this.#ends = both.slice(0, both.length / 2)
    this.#times = both.slice(both.length / 2)
  }

  get bytes(): number {
    return this.#ends.length * 16
  }
}
