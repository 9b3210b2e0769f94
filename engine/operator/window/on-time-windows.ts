/** Windows over append-only input that speak when their time has come and stay open for late rows.
 *
 *  State: of windows that have yet to speak, slices (`final-windows.ts`); of those that have
 *  spoken, what they said, so that a late row can take it back (`changing-windows.ts`). So a row in
 *  time costs what it costs without late rows. */

import type { EpochClock } from '../../base/clock.ts'
import type { Batch } from '../../batch/batch.ts'
import { type Output, renamed, type Section, type StateSize } from '../operator.ts'
import { ChangingWindows } from './changing-windows.ts'
import { FinalWindows } from './final-windows.ts'
import type { WindowLayout } from './window-layout.ts'
import type { WindowRows, WindowShare } from './window-rows.ts'
import { sectionsByOwner, type WindowParts, type WindowState } from './window-state.ts'

export class OnTimeWindows implements WindowState {
  readonly #layout: WindowLayout
  readonly #rows: WindowRows
  readonly #leadUs: number
  readonly #coming: FinalWindows
  readonly #spoken: ChangingWindows
  #closedUs = -Infinity

  /** `leadUs`: how far above the watermark the ends of the windows are whose time has come. */
  constructor(parts: WindowParts, layout: WindowLayout, rows: WindowRows, leadUs: number) {
    this.#layout = layout
    this.#rows = rows
    this.#leadUs = leadUs
    this.#spoken = new ChangingWindows(parts, layout, rows)
    this.#coming = new FinalWindows(parts, layout, rows, (endUs, table) =>
      this.#spoken.adopt(endUs, table),
    )
  }

  add(batch: Batch, clock: EpochClock): readonly number[] {
    const { shares, late } = this.#rows.split(batch, this.#closedUs, clock)
    const spokenUs = this.#closedUs + this.#leadUs
    this.#spoken.addShares(batch, shares, clock, spokenUs)
    const coming = shares.flatMap((share) => this.#after(spokenUs, share) ?? [])
    this.#coming.addShares(batch, coming, clock)
    return late
  }

  /** The share in the windows that have yet to speak; undefined if it is in none. */
  #after(spokenUs: number, share: WindowShare): WindowShare | undefined {
    if (share.fromEndUs > spokenUs) return share
    const fromEndUs = this.#layout.ends(share.sliceUs).find((endUs) => endUs > spokenUs)
    return fromEndUs === undefined ? undefined : { ...share, fromEndUs }
  }

  get dirty(): boolean {
    return this.#spoken.dirty
  }

  emit(out: Output): void {
    this.#spoken.emit(out)
  }

  closesAtUs(): number {
    return Math.min(this.#coming.closesAtUs() - this.#leadUs, this.#spoken.closesAtUs())
  }

  close(watermarkUs: number, out: Output): void {
    this.#coming.close(watermarkUs + this.#leadUs, out)
    this.#spoken.close(watermarkUs, out)
    if (watermarkUs > this.#closedUs) this.#closedUs = watermarkUs
  }

  snapshot(): readonly Section[] {
    return [
      ...prefixed('coming', this.#coming.snapshot()),
      ...prefixed('spoken', this.#spoken.snapshot()),
      {
        name: 'closed',
        version: this.#closedUs,
        bytes: new Uint8Array(Float64Array.of(this.#closedUs).buffer),
      },
    ]
  }

  restore(sections: readonly Section[]): void {
    const closed = sections.find(({ name }) => name === 'closed')
    if (closed !== undefined) this.#closedUs = new Float64Array(closed.bytes.slice().buffer)[0]
    const owners = sectionsByOwner(sections)
    this.#coming.restore(owners.get('coming') ?? [])
    this.#spoken.restore(owners.get('spoken') ?? [])
  }

  stateSize(): StateSize {
    const [a, b] = [this.#coming.stateSize(), this.#spoken.stateSize()]
    return { rows: a.rows + b.rows, bytes: a.bytes + b.bytes }
  }
}

const prefixed = (owner: string, sections: readonly Section[]): Section[] =>
  sections.map((section) => renamed(section, `${owner}/${section.name}`))
