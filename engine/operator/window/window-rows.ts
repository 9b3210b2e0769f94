/** Which rows of a batch go into which slice, and which are late. */

import type { EpochClock } from '../../base/clock.ts'
import type { Batch } from '../../batch/batch.ts'
import type { WindowLayout } from './window-layout.ts'
import type { SliceStarts } from './window-start.ts'

/** Some rows of a batch that are in the same windows. */
export interface WindowShare {
  readonly sliceUs: number
  /** The rows are in the slice's windows that end here or later: the earlier ones were over for the
   *  rows' own split when they came. */
  readonly fromEndUs: number
  /** Row numbers [0, count). */
  rows: Int32Array
  count: number
}

interface Slice {
  readonly ends: readonly number[]
  readonly shares: Map<number, WindowShare>
}

const NOWHERE: Slice = { ends: [], shares: new Map() }

export class WindowRows {
  readonly #layout: WindowLayout
  readonly #assign: SliceStarts
  readonly #starts: Float64Array
  /** Row lists, used again for the next batch. */
  readonly #lists: Int32Array[] = []
  #used = 0

  constructor(layout: WindowLayout, assign: SliceStarts, batchRowsMax: number) {
    this.#layout = layout
    this.#assign = assign
    this.#starts = new Float64Array(batchRowsMax)
  }

  /** Splits a batch. A row is late when all its windows were over: closed (they end at `closedUs`
   *  or before), or over for its own split. Rows in no window (no time, or in a gap between hops)
   *  are in neither answer. The shares are valid until the next call. */
  split(
    batch: Batch,
    closedUs: number,
    clock: EpochClock,
  ): { shares: WindowShare[]; late: number[] } {
    this.#assign(batch, this.#starts, clock)
    this.#used = 0
    const slices = new Map<number, Slice>()
    const late: number[] = []
    const { watermarks, rowCount } = batch
    let lastStart = Number.NaN
    let slice = NOWHERE
    let share: WindowShare | undefined
    for (let i = 0; i < rowCount; i++) {
      const start = this.#starts[i]
      if (start !== lastStart) {
        lastStart = start
        slice = this.#slice(start, slices)
        share = this.#share(start, slice, closedUs, -Infinity, rowCount)
      }
      const mark = watermarks === null ? -Infinity : watermarks[i]
      const own = mark < slice.ends[0] ? share : this.#share(start, slice, closedUs, mark, rowCount)
      if (own !== undefined) own.rows[own.count++] = i
      else if (slice.ends.length > 0) late.push(i)
    }
    const shares = [...slices.values()].flatMap(({ shares: list }) => [...list.values()])
    return { shares: shares.filter(({ count }) => count > 0), late }
  }

  #slice(start: number, slices: Map<number, Slice>): Slice {
    if (Number.isNaN(start)) return NOWHERE
    const known = slices.get(start)
    if (known !== undefined) return known
    const slice = { ends: this.#layout.ends(start), shares: new Map() }
    slices.set(start, slice)
    return slice
  }

  /** The share of rows that came when the split's watermark was `markUs`; undefined if late. */
  #share(
    sliceUs: number,
    { ends, shares }: Slice,
    closedUs: number,
    markUs: number,
    rowCount: number,
  ): WindowShare | undefined {
    const last = ends.at(-1) ?? -Infinity
    const fromEndUs = ends.find((end) => end > markUs)
    if (fromEndUs === undefined || last <= closedUs) return undefined
    const known = shares.get(fromEndUs)
    if (known !== undefined) return known
    const share = { sliceUs, fromEndUs, rows: this.#list(rowCount), count: 0 }
    shares.set(fromEndUs, share)
    return share
  }

  #list(rowCount: number): Int32Array {
    let list = this.#lists[this.#used]
    if (list === undefined || list.length < rowCount) {
      list = new Int32Array(rowCount)
      this.#lists[this.#used] = list
    }
    this.#used++
    return list
  }
}
