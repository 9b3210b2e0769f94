/** Window functions over event time: which rows are final at a watermark, and which are no longer
 *  needed. */

import type { OverCall, OverNode } from '../nodes.ts'
import type { OrderedRows } from '../ordered/ordered-rows.ts'
import { distanceOf } from './over-constants.ts'
import { needsWhole, overKindOf } from './over-function.ts'
import type { OverPartitions } from './over-partitions.ts'
import type { Carried, OverProgram } from './over-program.ts'

type TimeOf = (slot: number) => number

export interface OverNeed {
  /** Rows behind a row that its answer needs; Infinity: all. */
  readonly rowsBehind: number
  /** How far behind a row, in time, its answer looks. */
  readonly usBehind: number
  /** Rows below the watermark may have to wait. */
  readonly waits: boolean
  /** Kept rows get too old by this much time; undefined: no frame goes by time. */
  readonly keepsUs: number | undefined
  /** Something is known of a partition beside its kept rows. */
  readonly remembers: boolean
  /** How many of the first rows of the partition no later answer needs. */
  freeable(
    partition: number,
    state: OverPartitions,
    slots: readonly number[],
    closedUs: number,
    timeOf: TimeOf,
  ): number
}

export function needOf({ calls }: OverNode, { carried }: OverProgram): OverNeed {
  const rowsBehind = Math.max(0, ...calls.map(rowsBehindOf))
  const usBehind = Math.max(0, ...calls.map(usBehindOf))
  const lengths = calls.map(usBeforeOf).filter((us) => us !== undefined)
  return {
    rowsBehind,
    usBehind,
    waits: rowsBehind > 0 || usBehind > 0,
    remembers: calls.some(({ name }, i) => carried[i] !== undefined || overKindOf(name) === 'rank'),
    keepsUs: lengths.length === 0 ? undefined : Math.max(...lengths),
    freeable(partition, state, slots, closedUs, timeOf) {
      const next = state.said[partition]
      const nextUs = next < slots.length ? Math.min(closedUs, timeOf(slots[next])) : closedUs
      let keep = next
      calls.forEach((call, i) => {
        const own = carried[i]
        const first =
          own === undefined
            ? keptFrom(call, next, slots, nextUs, timeOf)
            : carriedFrom(call, own, partition, state, next)
        keep = Math.min(keep, first)
      })
      return Math.max(0, keep)
    },
  }
}

function rowsBehindOf(call: OverCall): number {
  const { name, frame } = call
  if (needsWhole(name)) return Infinity
  const kind = overKindOf(name)
  if (kind === 'shift') return name === 'LEAD' ? distanceOf(call) : 0
  if (kind === 'rank') return 0
  return frame.unit === 'rows' || frame.to === Infinity ? Math.max(0, frame.to) : 0
}

function usBehindOf({ name, frame }: OverCall): number {
  const kind = overKindOf(name)
  if (kind === 'shift' || kind === 'rank' || frame.unit === 'rows') return 0
  return frame.to === Infinity ? 0 : Math.max(0, frame.to)
}

/** How far before a row, in time, a frame begins; undefined if it does not go by time. */
function usBeforeOf({ name, frame }: OverCall): number | undefined {
  const kind = overKindOf(name)
  if (kind === 'shift' || kind === 'rank' || frame.unit === 'rows') return undefined
  return Number.isFinite(frame.from) && frame.from < 0 ? -frame.from : undefined
}

/** The first kept row that an answer from position `next` on may need. `nextUs`: no later answer is
 *  for an earlier time. */
function keptFrom(
  call: OverCall,
  next: number,
  slots: readonly number[],
  nextUs: number,
  timeOf: TimeOf,
): number {
  const { name, frame } = call
  if (needsWhole(name)) return 0
  const kind = overKindOf(name)
  if (kind === 'rank') return next
  if (kind === 'shift') return name === 'LAG' ? next - distanceOf(call) : next
  if (frame.unit === 'rows') return next + Math.min(0, frameStart(call))
  if (frame.from === -Infinity) {
    if (name !== 'LAST_VALUE') return 0
    if (frame.to >= 0) return next
    let last = next - 1
    while (last > 0 && timeOf(slots[last]) > nextUs + frame.to) last--
    return Math.max(0, last)
  }
  let first = next
  while (first > 0 && timeOf(slots[first - 1]) >= nextUs + frame.from) first--
  return first
}

/** Of a frame that begins with the partition, LAST_VALUE needs only the last row. */
function frameStart({ name, frame }: OverCall): number {
  return name === 'LAST_VALUE' && frame.from === -Infinity ? frame.to : frame.from
}

/** The first kept row that is not in the carried state yet, or that a frame that lags behind ends
 *  with. */
function carriedFrom(
  { frame }: OverCall,
  own: Carried,
  partition: number,
  { before }: OverPartitions,
  next: number,
): number {
  const added = own.addedOf(partition) - before[partition]
  const lag = frame.unit === 'rows' ? next + Math.min(0, frame.to) : added
  return Math.min(added, Math.max(lag, 0))
}

/** The end of the rows that are final, whole groups of one time: `slots[said..end)`. */
export function targetsOf(
  { rowsBehind, usBehind }: OverNeed,
  slots: readonly number[],
  said: number,
  closedUs: number,
  rows: OrderedRows,
  timeOf: TimeOf,
): number {
  if (closedUs === Infinity) return slots.length
  let known = said
  while (known < slots.length && timeOf(slots[known]) < closedUs) known++
  let end = said
  while (end < known && timeOf(slots[end]) + usBehind < closedUs) end++
  end = Math.min(end, known - rowsBehind)
  while (end > said && end < slots.length && rows.comparePeers(slots[end - 1], slots[end]) === 0) {
    end--
  }
  return Math.max(said, end)
}
