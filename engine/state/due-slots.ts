/** Which slots are due when. A slot may become due later while it waits: it is then put back when
 *  its old time comes, so that a change of its time costs nothing. */

import { grownCapacity, grownDoubles } from './grown.ts'
import { TimeHeap } from './time-heap.ts'
import { inTimeOrder } from './time-order.ts'

export class DueSlots {
  readonly #heap = new TimeHeap()
  /** By slot: the time of its entry; NaN if it has none. Other entries of the slot are of those
   *  that had its number before. */
  #times = new Float64Array(0)

  /** When the first slot is due at the earliest; Infinity if there is none. */
  get nextUs(): number {
    return this.#heap.firstUs
  }

  get bytes(): number {
    return this.#heap.bytes + this.#times.byteLength
  }

  /** The slot is due at `dueUs`, whatever was said of it before. */
  put(slot: number, dueUs: number): void {
    if (slot >= this.#times.length) {
      const { length } = this.#times
      this.#times = grownDoubles(this.#times, grownCapacity(length, slot + 1)).fill(NaN, length)
    }
    this.#times[slot] = dueUs
    this.#heap.push(dueUs, slot)
  }

  /** The slot is not due any more. */
  drop(slot: number): void {
    this.#times[slot] = Number.NaN
  }

  /** Takes the slots that are due before `timeUs`, by time and then by number. `dues` has the times
   *  as they are now, by slot; none is earlier than it was said. */
  take(timeUs: number, dues: Float64Array): Int32Array {
    const taken: number[] = []
    this.#heap.takeBefore(timeUs, (us, slot) => {
      if (this.#times[slot] !== us) return
      if (dues[slot] < timeUs) {
        this.#times[slot] = Number.NaN
        taken.push(slot)
      } else this.put(slot, dues[slot])
    })
    return inTimeOrder(Int32Array.from(taken), dues)
  }

  clear(): void {
    this.#heap.clear()
    this.#times.fill(Number.NaN)
  }
}
