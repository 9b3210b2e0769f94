/** The open windows of a windowed aggregate: which rows of a batch go into which, which rows are
 *  late, and which windows a watermark closes. */

import type { EpochClock } from '../base/clock.ts'
import type { Batch } from '../batch/batch.ts'
import type { WindowSpec } from './nodes.ts'
import type { WindowStarts } from './window-start.ts'

/** A window that takes rows. */
export interface Pane {
  readonly startUs: number
  readonly endUs: number
  /** Takes the rows `rows[0..n)` of the batch. */
  add(batch: Batch, rows: Int32Array, n: number, clock: EpochClock): void
}

interface Share {
  rows: Int32Array
  count: number
}

export class WindowPanes<P extends Pane> {
  readonly #window: WindowSpec
  readonly #assign: WindowStarts
  readonly #open: (startUs: number, endUs: number) => P
  readonly #panes = new Map<number, P>()
  readonly #starts: Float64Array
  /** One per pane that a batch touches; reused for the next batch. */
  readonly #shares: Share[] = []
  #used = 0
  /** Windows that end here or before are closed. */
  closedUs = -Infinity

  constructor(
    window: WindowSpec,
    assign: WindowStarts,
    batchRowsMax: number,
    open: (startUs: number, endUs: number) => P,
  ) {
    this.#window = window
    this.#assign = assign
    this.#open = open
    this.#starts = new Float64Array(batchRowsMax)
  }

  /** Brings each row into its window. Returns the rows that are late: their window was closed, or
   *  was over for the row's own split before the row came. */
  add(batch: Batch, clock: EpochClock): Int32Array {
    this.#assign(batch, this.#starts, clock)
    this.#used = 0
    const touched = new Map<P, Share>()
    const late: number[] = []
    let lastStart = Number.NaN
    let pane: P | undefined
    let share: Share | undefined
    const { watermarks } = batch
    for (let i = 0; i < batch.rowCount; i++) {
      const start = this.#starts[i]
      if (start !== lastStart) {
        lastStart = start
        pane = this.#pane(start)
        share = pane && (touched.get(pane) ?? this.#share(pane, touched, batch.rowCount))
      }
      if (pane === undefined || share === undefined) {
        if (!Number.isNaN(start)) late.push(i)
      } else if (watermarks !== null && pane.endUs <= watermarks[i]) late.push(i)
      else share.rows[share.count++] = i
    }
    for (const [target, { rows, count }] of touched) {
      if (count > 0) target.add(batch, rows, count, clock)
    }
    return Int32Array.from(late)
  }

  /** The open window that starts here; undefined if it is closed or there is none (NaN). */
  #pane(startUs: number): P | undefined {
    const pane = this.#panes.get(startUs)
    if (pane !== undefined) return pane
    const endUs = startUs + this.#window.sizeUs
    if (!(endUs > this.closedUs)) return undefined
    return this.restore(startUs)
  }

  /** Opens a window that a snapshot had, or that a row needs. */
  restore(startUs: number): P {
    const pane = this.#open(startUs, startUs + this.#window.sizeUs)
    this.#panes.set(startUs, pane)
    return pane
  }

  #share(pane: P, touched: Map<P, Share>, rowCount: number): Share {
    const share = this.#shares[this.#used] ?? { rows: new Int32Array(rowCount), count: 0 }
    this.#shares[this.#used++] = share
    if (share.rows.length < rowCount) share.rows = new Int32Array(rowCount)
    share.count = 0
    touched.set(pane, share)
    return share
  }

  /** Removes and returns the windows that are over at `watermarkUs`, the earliest first. */
  close(watermarkUs: number): P[] {
    if (watermarkUs > this.closedUs) this.closedUs = watermarkUs
    const over = this.open.filter((pane) => pane.endUs <= watermarkUs)
    for (const pane of over) this.#panes.delete(pane.startUs)
    return over
  }

  /** The open windows, the earliest first. */
  get open(): P[] {
    return [...this.#panes.values()].sort((a, b) => a.startUs - b.startUs)
  }
}
