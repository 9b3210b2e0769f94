/** What a windowed aggregate keeps, in one of three ways: slices of windows that speak once
 *  (`final-windows.ts`), windows that speak more than once (`changing-windows.ts`), sessions
 *  (`session-windows.ts`). */

import type { EpochClock } from '../../base/clock.ts'
import type { Batch } from '../../batch/batch.ts'
import type { Column } from '../../batch/column.ts'
import type { Schema } from '../../batch/schema.ts'
import type { GroupProgram } from '../group/group-program.ts'
import type { WindowColumn } from '../nodes.ts'
import type { Output, Section, StateSize } from '../operator.ts'
import { constantTime, windowValue } from './window-columns.ts'

export interface WindowState {
  /** Takes rows; returns the numbers of those that are late. */
  add(batch: Batch, clock: EpochClock): readonly number[]
  /** Something is waiting to be said by `emit`. */
  readonly dirty: boolean
  /** Says what has changed in open windows since the last time. */
  emit(out: Output): void
  /** The watermark at which `close` has something to do; Infinity if no window is open. */
  closesAtUs(): number
  /** Says the last of the windows that are over, the earliest first, and forgets them. */
  close(watermarkUs: number, out: Output): void
  snapshot(): readonly Section[]
  restore(sections: readonly Section[]): void
  stateSize(): StateSize
}

/** What all of them work with. */
export interface WindowParts {
  readonly program: GroupProgram
  /** The output: keys, aggregates, window columns. */
  readonly schema: Schema
  readonly windowColumns: readonly WindowColumn[]
  readonly appendOnlyInput: boolean
  /** Only windows that end no more than this above the watermark speak before they close. Absent:
   *  all do. */
  readonly leadUs?: number | undefined
  /** Scratch: the groups of a batch's rows. */
  readonly groups: Int32Array
}

/** The window columns of `length` rows of one window. */
export function boundColumns(
  { schema, windowColumns }: WindowParts,
  startUs: number,
  endUs: number,
  length: number,
): Column[] {
  const first = schema.fields.length - windowColumns.length
  return windowColumns.map((column, i) =>
    constantTime(schema.fields[first + i].type, windowValue(column, startUs, endUs), length),
  )
}

/** The sections by the part of their name before the first '/', with the rest as their name. */
export function sectionsByOwner(sections: readonly Section[]): Map<string, Section[]> {
  const owners = new Map<string, Section[]>()
  for (const section of sections) {
    const cut = section.name.indexOf('/')
    if (cut < 0) continue
    const owner = section.name.slice(0, cut)
    const own = { ...section, name: section.name.slice(cut + 1) }
    owners.set(owner, [...(owners.get(owner) ?? []), own])
  }
  return owners
}
