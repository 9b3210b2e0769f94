/** Row slots ordered by a time: a binary heap in typed arrays. Entries are never taken out early: a
 *  slot that died or changed its time is passed over when its turn comes. */

import { grownCapacity, grownDoubles, grownInts } from './grown.ts'

/** From so many on, going through all entries can be quicker than popping them one by one. */
const MANY = 1024

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

  /** Takes out all entries before `timeUs` and then shows them, in no order. */
  takeBefore(timeUs: number, see: (timeUs: number, slot: number) => void): void {
    if (this.firstUs >= timeUs) return
    if (this.#size > MANY && this.#countBefore(timeUs) * 16 > this.#size) {
      this.#takeMany(timeUs, see)
      return
    }
    while (this.firstUs < timeUs) {
      const [us, slot] = [this.firstUs, this.firstSlot]
      this.pop()
      see(us, slot)
    }
  }

  #countBefore(timeUs: number): number {
    let count = 0
    for (let i = 0; i < this.#size; i++) if (this.#times[i] < timeUs) count++
    return count
  }

  /** The entries that stay are put in order again, all at once. */
  #takeMany(timeUs: number, see: (timeUs: number, slot: number) => void): void {
    const count = this.#countBefore(timeUs)
    const [times, slots] = [new Float64Array(count), new Int32Array(count)]
    let [taken, left] = [0, 0]
    for (let i = 0; i < this.#size; i++) {
      if (this.#times[i] < timeUs) {
        times[taken] = this.#times[i]
        slots[taken++] = this.#slots[i]
      } else this.#move(i, left++)
    }
    this.#size = left
    for (let at = (left >> 1) - 1; at >= 0; at--) this.#sink(at, this.#times[at], this.#slots[at])
    for (let i = 0; i < count; i++) see(times[i], slots[i])
  }

  /** Removes the earliest entry. */
  pop(): void {
    const last = --this.#size
    if (last === 0) return
    this.#sink(0, this.#times[last], this.#slots[last])
  }

  /** Puts an entry at the place `at` or below it. */
  #sink(from: number, timeUs: number, slot: number): void {
    const size = this.#size
    let at = from
    for (;;) {
      let child = at * 2 + 1
      if (child >= size) break
      if (child + 1 < size && this.#before(this.#times[child + 1], this.#slots[child + 1], child)) {
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
