/** Row slots ordered by a time: a binary heap in typed arrays. Entries are never taken out early: a
 *  slot that died or changed its time is passed over when its turn comes. */

import { grownCapacity, grownDoubles, grownInts } from './grown.ts'

export class TimeHeap {
  #times = new Float64Array(0)
  #slots = new Int32Array(0)
  #size = 0

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#times.byteLength + this.#slots.byteLength
  }

  /** The earliest time; Infinity if there is none. */
  get firstUs(): number {
    return this.#size === 0 ? Infinity : this.#times[0]
  }

  /** The slot of the earliest entry; the lowest slot among equal times. */
  get firstSlot(): number {
    return this.#slots[0]
  }

  clear(): void {
    this.#size = 0
  }

  push(timeUs: number, slot: number): void {
    if (this.#size === this.#slots.length) {
      const capacity = grownCapacity(this.#size, this.#size + 1)
      this.#times = grownDoubles(this.#times, capacity)
      this.#slots = grownInts(this.#slots, capacity)
    }
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#before(timeUs, slot, parent)) break
      this.#move(parent, at)
      at = parent
    }
    this.#times[at] = timeUs
    this.#slots[at] = slot
  }

  /** Removes the earliest entry. */
  pop(): void {
    const last = --this.#size
    if (last === 0) return
    const timeUs = this.#times[last]
    const slot = this.#slots[last]
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= last) break
      if (child + 1 < last && this.#before(this.#times[child + 1], this.#slots[child + 1], child)) {
        child++
      }
      if (this.#before(timeUs, slot, child)) break
      this.#move(child, at)
      at = child
    }
    this.#times[at] = timeUs
    this.#slots[at] = slot
  }

  #before(timeUs: number, slot: number, entry: number): boolean {
    const other = this.#times[entry]
    return timeUs < other || (timeUs === other && slot < this.#slots[entry])
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]
    this.#slots[to] = this.#slots[from]
  }
}
