/** Windows over append-only input that speak once, when they are over.
 *
 *  State: per slice that an open window holds, one row of slots per group. A row is added to one
 *  slice. A closing window is the merge of its slices; a window of one slice is read as it is. */

import type { EpochClock } from '../../base/clock.ts'
import { Batch } from '../../batch/batch.ts'
import { GroupTable } from '../../state/group-table.ts'
import { SpareTables } from '../../state/spare-tables.ts'
import { allRows } from '../group/group-rows.ts'
import type { Output, Section, StateSize } from '../operator.ts'
import { SliceBlocks } from './slice-blocks.ts'
import type { WindowLayout } from './window-layout.ts'
import type { WindowRows, WindowShare } from './window-rows.ts'
import {
  boundColumns,
  sectionsByOwner,
  type WindowParts,
  type WindowState,
} from './window-state.ts'

interface Slice {
  readonly startUs: number
  /** Its rows are in the windows that end here or later. */
  readonly fromEndUs: number
  readonly lastEndUs: number
  readonly table: GroupTable
  version: number
}

/** Takes what a window has said, with the end of the window; the table is the taker's. */
type Taker = (endUs: number, table: GroupTable) => void

export class FinalWindows implements WindowState {
  readonly #parts: WindowParts
  readonly #layout: WindowLayout
  readonly #rows: WindowRows
  readonly #spare: SpareTables
  readonly #blocks: SliceBlocks
  readonly #slices = new Map<string, Slice>()
  readonly #taker: Taker | undefined
  #closedUs = -Infinity
  readonly dirty = false

  constructor(parts: WindowParts, layout: WindowLayout, rows: WindowRows, taker?: Taker) {
    this.#parts = parts
    this.#taker = taker
    this.#layout = layout
    this.#rows = rows
    this.#spare = new SpareTables(parts.program.layout)
    this.#blocks = new SliceBlocks(parts.program, this.#spare, layout)
  }

  add(batch: Batch, clock: EpochClock): readonly number[] {
    const { shares, late } = this.#rows.split(batch, this.#closedUs, clock)
    this.addShares(batch, shares, clock)
    return late
  }

  addShares(batch: Batch, shares: readonly WindowShare[], clock: EpochClock): void {
    const { program, groups } = this.#parts
    for (const { sliceUs, fromEndUs, rows, count } of shares) {
      const slice = this.#slice(sliceUs, fromEndUs)
      slice.version++
      program.find(batch, slice.table, rows, count, groups, clock)
      program.add(batch)(batch, slice.table, rows, count, groups, clock)
    }
  }

  #slice(startUs: number, fromEndUs: number): Slice {
    const key = `${startUs}:${fromEndUs}`
    const known = this.#slices.get(key)
    if (known !== undefined) return known
    const lastEndUs = this.#layout.ends(startUs).at(-1)!
    const slice = { startUs, fromEndUs, lastEndUs, table: this.#spare.take(), version: 0 }
    this.#slices.set(key, slice)
    return slice
  }

  emit(): void {}

  closesAtUs(): number {
    let first = Infinity
    for (const { startUs, fromEndUs } of this.#slices.values()) {
      const end = this.#layout.ends(startUs).find((e) => e >= fromEndUs && e > this.#closedUs)
      if (end !== undefined && end < first) first = end
    }
    return first
  }

  close(watermarkUs: number, out: Output): void {
    for (const endUs of this.#endsUpTo(watermarkUs)) {
      this.#say(endUs, out)
      this.#forget(endUs)
    }
    if (watermarkUs > this.#closedUs) this.#closedUs = watermarkUs
  }

  /** Ends of the open windows that have rows and are over, the earliest first. */
  #endsUpTo(watermarkUs: number): number[] {
    const ends = new Set<number>()
    for (const { startUs, fromEndUs } of this.#slices.values()) {
      if (startUs >= watermarkUs) continue
      for (const end of this.#layout.ends(startUs)) {
        if (end >= fromEndUs && end > this.#closedUs && end <= watermarkUs) ends.add(end)
      }
    }
    return [...ends].sort((a, b) => a - b)
  }

  #say(endUs: number, out: Output): void {
    const { program, schema } = this.#parts
    const startUs = this.#layout.start(endUs)
    const slices = [...this.#slices.values()].filter(
      (slice) => slice.startUs >= startUs && slice.startUs < endUs && slice.fromEndUs <= endUs,
    )
    const isOne = slices.length === 1 && this.#taker === undefined
    const whole = isOne ? slices[0].table : this.#empty()
    if (!isOne) this.#blocks.merge(whole, slices, startUs, endUs)
    const { count } = whole
    const columns = program.read(whole, allRows(count), count)
    const bounds = boundColumns(this.#parts, startUs, endUs, count)
    out.emit(new Batch(schema, [...columns, ...bounds], count))
    if (this.#taker !== undefined) this.#taker(endUs, whole)
    else if (!isOne) this.#spare.give(whole)
  }

  #empty(): GroupTable {
    return this.#taker === undefined
      ? this.#spare.take()
      : new GroupTable(this.#parts.program.layout)
  }

  /** Lets go of the slices that no later window holds. */
  #forget(endUs: number): void {
    for (const [key, slice] of this.#slices) {
      if (slice.lastEndUs > endUs) continue
      this.#slices.delete(key)
      this.#spare.give(slice.table)
    }
  }

  snapshot(): Section[] {
    const closed = Float64Array.of(this.#closedUs)
    const sections: Section[] = [
      { name: 'closed', version: this.#closedUs, bytes: new Uint8Array(closed.buffer) },
    ]
    for (const [key, slice] of this.#slices) {
      const { table, version } = slice
      sections.push({
        name: `${key}/groups`,
        version,
        ...{ owner: slice, live: true },
        get bytes() {
          return table.snapshot()
        },
      })
    }
    return sections
  }

  restore(sections: readonly Section[]): void {
    const closed = sections.find(({ name }) => name === 'closed')
    if (closed !== undefined) this.#closedUs = new Float64Array(closed.bytes.slice().buffer)[0]
    for (const [key, [groups]] of sectionsByOwner(sections)) {
      const [startUs, fromEndUs] = key.split(':').map(Number)
      const slice = this.#slice(startUs, fromEndUs)
      slice.table.restore(groups.bytes)
      slice.version = groups.version
    }
  }

  stateSize(): StateSize {
    let [rows, bytes] = [0, 0]
    for (const { table } of this.#slices.values()) {
      rows += table.count
      bytes += table.bytes
    }
    return { rows, bytes: bytes + this.#blocks.bytes }
  }
}
