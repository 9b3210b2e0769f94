/** Windows that speak more than once, or whose groups can lose rows.
 *
 *  State: per open window, one row of slots per group, and whether its row is out. A row is added
 *  to every window that holds it: each of them has something new to say. */

import type { EpochClock } from '../../base/clock.ts'
import type { Batch } from '../../batch/batch.ts'
import type { GroupTable } from '../../state/group-table.ts'
import { ChangedGroups } from '../group/changed-groups.ts'
import { type Output, renamed, type Section, type StateSize } from '../operator.ts'
import type { WindowLayout } from './window-layout.ts'
import type { WindowRows, WindowShare } from './window-rows.ts'
import {
  boundColumns,
  sectionsByOwner,
  type WindowParts,
  type WindowState,
} from './window-state.ts'

export class ChangingWindows implements WindowState {
  readonly #parts: WindowParts
  readonly #layout: WindowLayout
  readonly #rows: WindowRows
  /** By the window's end. */
  readonly #windows = new Map<number, ChangedGroups>()
  #closedUs = -Infinity

  constructor(parts: WindowParts, layout: WindowLayout, rows: WindowRows) {
    this.#parts = parts
    this.#layout = layout
    this.#rows = rows
  }

  add(batch: Batch, clock: EpochClock): readonly number[] {
    const { shares, late } = this.#rows.split(batch, this.#closedUs, clock)
    this.addShares(batch, shares, clock)
    return late
  }

  /** Into the windows that end at `lastEndUs` at the latest. */
  addShares(
    batch: Batch,
    shares: readonly WindowShare[],
    clock: EpochClock,
    lastEndUs = Infinity,
  ): void {
    const { program, groups } = this.#parts
    for (const { sliceUs, fromEndUs, rows, count } of shares) {
      for (const endUs of this.#layout.ends(sliceUs)) {
        if (endUs < fromEndUs || endUs <= this.#closedUs || endUs > lastEndUs) continue
        const window = this.#window(endUs)
        program.find(batch, window.table, rows, count, groups, clock)
        window.touch(groups, rows, count, batch.weights)
        program.add(batch)(batch, window.table, rows, count, groups, clock)
      }
    }
  }

  /** A window whose groups have been said elsewhere. */
  adopt(endUs: number, said: GroupTable): void {
    this.#windows.set(endUs, this.#fresh(endUs, said))
  }

  #window(endUs: number): ChangedGroups {
    const known = this.#windows.get(endUs)
    if (known !== undefined) return known
    const window = this.#fresh(endUs)
    this.#windows.set(endUs, window)
    return window
  }

  #fresh(endUs: number, said?: GroupTable): ChangedGroups {
    const { program, schema, appendOnlyInput } = this.#parts
    return new ChangedGroups(program, {
      schema,
      // A window without rows says nothing, also when there is no key.
      global: false,
      appendOnly: appendOnlyInput,
      said,
      more: (length) => boundColumns(this.#parts, this.#layout.start(endUs), endUs, length),
    })
  }

  get dirty(): boolean {
    return [...this.#windows.values()].some((window) => window.dirty)
  }

  emit(out: Output): void {
    const { leadUs } = this.#parts
    const lastEndUs = leadUs === undefined ? Infinity : this.#closedUs + leadUs
    for (const [endUs, window] of this.#inOrder()) if (endUs <= lastEndUs) window.emit(out)
  }

  closesAtUs(): number {
    return Math.min(Infinity, ...this.#windows.keys())
  }

  close(watermarkUs: number, out: Output): void {
    for (const [endUs, window] of this.#inOrder()) {
      if (endUs > watermarkUs) break
      window.emit(out)
      this.#windows.delete(endUs)
    }
    if (watermarkUs > this.#closedUs) this.#closedUs = watermarkUs
  }

  #inOrder(): [number, ChangedGroups][] {
    return [...this.#windows].sort(([a], [b]) => a - b)
  }

  snapshot(): Section[] {
    const closed = Float64Array.of(this.#closedUs)
    const sections: Section[] = [
      { name: 'closed', version: this.#closedUs, bytes: new Uint8Array(closed.buffer) },
    ]
    for (const [endUs, window] of this.#windows) {
      for (const section of window.snapshot()) {
        sections.push(renamed(section, `${endUs}/${section.name}`))
      }
    }
    return sections
  }

  restore(sections: readonly Section[]): void {
    const closed = sections.find(({ name }) => name === 'closed')
    if (closed !== undefined) this.#closedUs = new Float64Array(closed.bytes.slice().buffer)[0]
    for (const [endUs, own] of sectionsByOwner(sections)) this.#window(Number(endUs)).restore(own)
  }

  stateSize(): StateSize {
    const sizes = [...this.#windows.values()].map((window) => window.stateSize())
    return {
      rows: sizes.reduce((sum, size) => sum + size.rows, 0),
      bytes: sizes.reduce((sum, size) => sum + size.bytes, 0),
    }
  }
}
