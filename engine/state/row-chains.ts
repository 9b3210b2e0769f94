/** The chains of an arrangement's rows: per group its slots, the latest to come first. With times a
 *  chain also finds the rows of a stretch of time without walking past all others: a slot knows the
 *  latest time behind it, and by a jump over many slots the earliest one of those (Myers, "An
 *  applicative random-access stack", 1983). */

import { grownCapacity, grownDoubles, grownInts } from './grown.ts'

const NONE = -1

export class RowChains {
  readonly #timed: boolean
  /** Per slot: the next one in its group's chain. */
  next = new Int32Array(0)
  /** No chain was longer than this. */
  longest = 0
  /** Per slot: how many slots its chain had when it was put in front. */
  #depths = new Int32Array(0)
  /** Per slot: the latest time from it on; a slot further on, and the earliest time before that. */
  #latest = new Float64Array(0)
  #jumps = new Int32Array(0)
  #earliest = new Float64Array(0)

  constructor(timed: boolean) {
    this.#timed = timed
  }

  /** Makes room for slots below `count`. */
  makeRoom(count: number): void {
    if (count <= this.next.length) return
    const capacity = grownCapacity(this.next.length, count)
    this.next = grownInts(this.next, capacity)
    this.#depths = grownInts(this.#depths, capacity)
    if (!this.#timed) return
    this.#latest = grownDoubles(this.#latest, capacity)
    this.#jumps = grownInts(this.#jumps, capacity)
    this.#earliest = grownDoubles(this.#earliest, capacity)
  }

  /** Puts a slot in front of its group's chain; `times` by slot. */
  link(heads: Int32Array, group: number, slot: number, times: Float64Array): void {
    const head = heads[group]
    const depth = head === NONE ? 1 : this.#depths[head] + 1
    this.next[slot] = head
    this.#depths[slot] = depth
    if (depth > this.longest) this.longest = depth
    if (this.#timed) this.#linkTime(slot, head, times[slot])
    heads[group] = slot
  }

  #linkTime(slot: number, head: number, timeUs: number): void {
    this.#latest[slot] = head === NONE ? timeUs : Math.max(timeUs, this.#latest[head])
    this.#jumps[slot] = head
    this.#earliest[slot] = timeUs
    const jump = head === NONE ? NONE : this.#jumps[head]
    if (jump === NONE || this.#reach(head) !== this.#reach(jump)) return
    this.#jumps[slot] = this.#jumps[jump]
    this.#earliest[slot] = Math.min(timeUs, this.#earliest[head], this.#earliest[jump])
  }

  /** How many slots a slot's jump leads on. */
  #reach(slot: number): number {
    const jump = this.#jumps[slot]
    return this.#depths[slot] - (jump === NONE ? 0 : this.#depths[jump])
  }

  /** The first slot from `slot` on that is not later than `toUs`; -1 if none there is as late as
   *  `fromUs`. */
  seek(slot: number, fromUs: number, toUs: number, times: Float64Array): number {
    let at = slot
    while (at !== NONE && this.#latest[at] >= fromUs) {
      if (times[at] <= toUs) return at
      at = this.#earliest[at] > toUs ? this.#jumps[at] : this.next[at]
    }
    return NONE
  }

  /** All chains begin anew, in the same room. */
  restart(): void {
    this.longest = 0
  }

  /** Forgets all, and the room. */
  clear(): void {
    this.next = new Int32Array(0)
    this.#depths = new Int32Array(0)
    this.#latest = new Float64Array(0)
    this.#jumps = new Int32Array(0)
    this.#earliest = new Float64Array(0)
    this.longest = 0
  }

  get bytes(): number {
    const times = this.#latest.byteLength + this.#jumps.byteLength + this.#earliest.byteLength
    return this.next.byteLength + this.#depths.byteLength + times
  }
}
