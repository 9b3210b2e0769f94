/** A split whose records are computed from their numbers: any of them can be made again, so offsets
 *  are row numbers. It can be held to a pace, as if the records arrived. */

import type { Clock } from '../engine/base/clock.ts'
import { fail } from '../engine/base/errors.ts'
import type { Batch } from '../engine/batch/batch.ts'
import type { Chunk, Offset, PollLimit, SplitReader } from '../engine/source/source.ts'

export interface GeneratedSplitParts {
  readonly clock: Clock
  /** For messages. */
  readonly table: string
  /** Rows of this split; Infinity if it never ends. */
  readonly rowCount: number
  /** Rows a second of the wall clock; Infinity: as fast as they are taken. */
  readonly rowsPerSecond: number
  readonly from: Offset
  /** Rows [from, to) of the split. */
  readonly make: (from: number, to: number) => Batch
}

/** How long to gather rows that come one by one. */
const WAIT_MS = 20

export class GeneratedSplit implements SplitReader {
  readonly #parts: GeneratedSplitParts
  readonly #startRow: number
  #startMs: number | undefined
  #position: number
  #onReady = () => {}
  #cancel = () => {}
  #waiting = false

  constructor(parts: GeneratedSplitParts) {
    this.#parts = parts
    this.#position = parts.from === '' ? 0 : Number(parts.from)
    this.#startRow = this.#position
  }

  poll({ rowsMax, until }: PollLimit): Chunk | null {
    const { rowCount, make } = this.#parts
    const from = this.#position
    // A replay does not wait for the clock: the journal says that the rows had come.
    const end = until === undefined ? Math.min(this.#arrived(), rowCount) : Number(until)
    const to = Math.min(end, from + rowsMax)
    if (to <= from && from < rowCount) {
      this.#wakeLater()
      return null
    }
    this.#position = to
    return {
      from: String(from),
      to: String(to),
      rowCount: to - from,
      end: to === rowCount,
      batch: make(from, to),
    }
  }

  /** Rows that have come by now. */
  #arrived(): number {
    const { clock, rowsPerSecond } = this.#parts
    if (rowsPerSecond === Infinity) return Infinity
    this.#startMs ??= clock.monotonicMs()
    const elapsedMs = clock.monotonicMs() - this.#startMs
    return this.#startRow + Math.floor((elapsedMs * rowsPerSecond) / 1000)
  }

  #wakeLater(): void {
    if (this.#waiting) return
    this.#waiting = true
    const waitMs = Math.max(WAIT_MS, 1000 / this.#parts.rowsPerSecond)
    this.#cancel = this.#parts.clock.after(waitMs, () => {
      this.#waiting = false
      this.#onReady()
    })
  }

  onReady(callback: () => void): void {
    this.#onReady = callback
  }

  /** UNSUPPORTED for a split that never ends: a bounded query would not either. */
  end(): Offset {
    const { rowCount, table } = this.#parts
    if (rowCount === Infinity) {
      fail('UNSUPPORTED', `The table ${table} never ends`, {
        hint: 'Limit its number of rows, or subscribe to the query.',
      })
    }
    return rowCount === 0 ? '' : String(rowCount)
  }

  lagRows(): number | undefined {
    const arrived = Math.min(this.#arrived(), this.#parts.rowCount)
    return arrived === Infinity ? undefined : Math.max(0, arrived - this.#position)
  }

  /** Made anew when it is needed: there is nothing to let go of. */
  async commit(): Promise<void> {}

  async close(): Promise<void> {
    this.#cancel()
  }
}

/** Rows of split `index` of `count` when rows take turns: row j of the split is row j * count +
 *  index of all. */
export const rowsOfSplit = (total: number, index: number, count: number): number =>
  total === Infinity ? Infinity : Math.max(0, Math.ceil((total - index) / count))
