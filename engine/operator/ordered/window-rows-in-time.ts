/** Rows that are ranked or counted within their window: which of them come when their window is
 *  over, and how far windows are over. */

import type { Batch } from '../../batch/batch.ts'
import { timesOf } from '../../state/times.ts'
import type { WindowEnd } from '../nodes.ts'
import type { OperatorContext, Section } from '../operator.ts'

export class WindowRowsInTime {
  readonly #column: number
  readonly #late: OperatorContext['late']
  readonly #context: OperatorContext
  /** Windows that end below this are over: a session still holds rows at its very end. */
  readonly #edgeUs: 0 | 1
  #closedUs = -Infinity

  constructor({ column, session }: WindowEnd, context: OperatorContext) {
    this.#column = column
    this.#context = context
    this.#late = context.late
    this.#edgeUs = session ? 0 : 1
  }

  /** The batch without its late rows: those whose window was closed, or was over for their own
   *  split when they came. */
  onTime(batch: Batch): Batch {
    const { watermarks, rowCount } = batch
    if (watermarks === null && this.#closedUs === -Infinity) return batch
    const ends = timesOf(batch.columns[this.#column], 0, rowCount)
    const kept = new Int32Array(rowCount)
    const late: number[] = []
    let n = 0
    for (let row = 0; row < rowCount; row++) {
      const mark = watermarks === null ? -Infinity : watermarks[row]
      if (ends[row] < Math.max(this.#closedUs, mark) + this.#edgeUs) late.push(row)
      else kept[n++] = row
    }
    if (late.length === 0) return batch
    this.#late(batch.keep(Int32Array.from(late), late.length))
    return batch.keep(kept, n)
  }

  /** The watermark is here now; returns the time below which windows are over. */
  close(watermarkUs: number): number {
    this.#closedUs = Math.max(this.#closedUs, watermarkUs)
    return this.#closedUs + this.#edgeUs
  }

  snapshot(): Section[] {
    const bytes = new Uint8Array(Float64Array.of(this.#closedUs).buffer)
    return [{ name: 'windows-closed', version: this.#context.clock.epoch, bytes }]
  }

  restore(sections: readonly Section[]): void {
    const closed = sections.find(({ name }) => name === 'windows-closed')
    if (closed !== undefined) this.#closedUs = new Float64Array(closed.bytes.slice().buffer)[0]
  }
}
