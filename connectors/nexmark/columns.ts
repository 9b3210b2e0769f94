/** Columns of generated events, written straight into typed arrays. Each column has random numbers
 *  of its own, so that a table has only to make the columns it has. */

import { randomAt } from '../../engine/base/random.ts'
import { Column } from '../../engine/batch/column.ts'
import { BIGINT, TIMESTAMP, VARCHAR } from '../../engine/batch/types.ts'
import { below, eventMs } from './event.ts'
import { writeLetters } from './letters.ts'
import type { NexmarkSettings } from './settings.ts'

/** The numbers of the events that a batch's rows are. */
export type Events = Float64Array

export type ColumnMaker = (events: Events, settings: NexmarkSettings) => Column

/** A BIGINT column; `value` gives a whole number below 2^53. */
export function bigints(events: Events, value: (event: number) => number): Column {
  const length = events.length
  const values = new BigInt64Array(length)
  const lanes = new Int32Array(values.buffer)
  for (let i = 0; i < length; i++) {
    const v = value(events[i])
    lanes[i * 2] = v | 0
    lanes[i * 2 + 1] = Math.floor(v / 4294967296)
  }
  return new Column({ type: BIGINT, length, values })
}

/** The events' times. */
export function times(
  events: Events,
  { baseUs, eventsPerSecond }: NexmarkSettings,
  laterMs: (event: number) => number = () => 0,
): Column {
  const at = (event: number) => baseUs + (eventMs(event, eventsPerSecond) + laterMs(event)) * 1000
  const { length, values } = bigints(events, at)
  return new Column({ type: TIMESTAMP, length, values })
}

/** Texts of at most `bytesMax` bytes; `write` puts one at a place and returns where it ends. */
export function texts(
  events: Events,
  bytesMax: number,
  write: (heap: Uint8Array, at: number, event: number) => number,
): Column {
  const length = events.length
  const heap = new Uint8Array(length * bytesMax)
  const starts = new Int32Array(length)
  const ends = new Int32Array(length)
  let at = 0
  for (let i = 0; i < length; i++) {
    starts[i] = at
    at = write(heap, at, events[i])
    ends[i] = at
  }
  return new Column({ type: VARCHAR, length, values: heap.subarray(0, at), starts, ends })
}

/** Views on texts that are there already. */
export function picked(
  events: Events,
  { heap, starts, ends }: { heap: Uint8Array; starts: Int32Array; ends: Int32Array },
  pick: (event: number) => number,
): Column {
  const length = events.length
  const from = new Int32Array(length)
  const to = new Int32Array(length)
  for (let i = 0; i < length; i++) {
    const index = pick(events[i])
    from[i] = starts[index]
    to[i] = ends[index]
  }
  return new Column({ type: VARCHAR, length, values: heap, starts: from, ends: to })
}

/** The filling that brings an event to about the size it has in Flink's generator: `missing` bytes,
 *  a fifth more or less. */
export function writeExtra(
  heap: Uint8Array,
  at: number,
  missing: number,
  { seed, event, salt }: { readonly seed: number; readonly event: number; readonly salt: number },
): number {
  if (missing <= 0) return at
  const spread = Math.round(missing * 0.2)
  const length = missing - spread + below(randomAt(seed, event, salt), spread * 2)
  writeLetters(heap, at, length, randomAt(seed, event, salt + 1))
  return at + length
}
