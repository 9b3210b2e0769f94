/** The end of the window that each partition is in, so that the partitions of a window that is over
 *  are found. */

import type { Batch } from '../../batch/batch.ts'
import { grownDoubles } from '../../state/grown.ts'
import { timesOf } from '../../state/times.ts'

export class PartitionWindows {
  readonly #column: number
  /** Per partition; NaN: not seen yet, Infinity: passed. */
  #ends = new Float64Array(64).fill(Number.NaN)
  #count = 0
  /** No end is below this. */
  #leastUs = Infinity
  /** Partitions whose end was passed. */
  passedCount = 0

  constructor(column: number) {
    this.#column = column
  }

  /** Sees rows[0..n) of a batch with their partitions. */
  note(batch: Batch, rows: Int32Array, partitions: Int32Array, n: number): void {
    let ends: Float64Array | undefined
    for (let j = 0; j < n; j++) {
      const partition = partitions[j]
      if (partition < this.#count && !Number.isNaN(this.#ends[partition])) continue
      ends ??= timesOf(batch.columns[this.#column], 0, batch.rowCount)
      this.#put(partition, ends[rows[j]])
    }
  }

  #put(partition: number, endUs: number): void {
    const { length } = this.#ends
    if (partition >= length) {
      this.#ends = grownDoubles(this.#ends, Math.max(partition + 1, length * 2))
      this.#ends.fill(Number.NaN, length)
    }
    this.#ends[partition] = endUs
    this.#count = Math.max(this.#count, partition + 1)
    if (endUs < this.#leastUs) this.#leastUs = endUs
  }

  /** The partitions whose window ends below `limitUs`; each once. */
  passed(limitUs: number): number[] {
    if (this.#leastUs >= limitUs) return []
    const passed: number[] = []
    let least = Infinity
    for (let partition = 0; partition < this.#count; partition++) {
      const endUs = this.#ends[partition]
      if (endUs < limitUs) {
        this.passedCount++
        passed.push(partition)
        this.#ends[partition] = Infinity
      } else if (endUs < least) least = endUs
    }
    this.#leastUs = least
    return passed
  }

  /** Whether the partition's window is over. */
  isPassed(partition: number): boolean {
    return this.#ends[partition] === Infinity
  }

  /** Keeps these partitions, ascending, under the numbers of their positions. */
  pick(kept: Int32Array): void {
    for (let to = 0; to < kept.length; to++) this.#ends[to] = this.#ends[kept[to]]
    this.#ends.fill(Number.NaN, kept.length)
    this.#count = kept.length
    this.passedCount = 0
    for (let p = 0; p < this.#count; p++) if (this.isPassed(p)) this.passedCount++
  }

  snapshot(): Uint8Array {
    return new Uint8Array(this.#ends.slice(0, this.#count).buffer)
  }

  restore(bytes: Uint8Array): void {
    new Float64Array(bytes.slice().buffer).forEach((endUs, partition) => {
      this.#put(partition, endUs)
      if (endUs === Infinity) this.passedCount++
    })
  }
}
