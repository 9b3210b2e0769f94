/** What is known of a join's rows: whether they are final, what they are unique by, and which of
 *  their columns still are times. */

import type { JoinKind } from '../../engine/operator/nodes.ts'
import type { JoinParts, LogicalNode, TemporalJoinNode, Traits } from './node.ts'
import { timeColumnsOf } from './traits.ts'

interface Sides {
  readonly left: LogicalNode
  readonly right: LogicalNode
  readonly parts: JoinParts
}

/** More keys than this are not worth knowing. */
const KEYS_MAX = 4

export function joinTraits(join: JoinKind, { left, right, parts }: Sides): Traits {
  const width = left.schema.fields.length
  const [a, b] = [left.traits, shifted(right.traits, width)]
  const keepsLeft = join !== 'right' && join !== 'full'
  const keepsRight = join === 'inner' || join === 'right'
  const { interval } = parts
  const sides = [...(keepsLeft ? [a] : []), ...(keepsRight ? [b] : [])]
  const held = interval && [interval.leftTime, width + interval.rightTime]
  const windowColumns = sides.flatMap((side) => windowsOf(side, held))
  const times = interval
    ? [
        ...(keepsLeft && a.timeColumns.includes(interval.leftTime) ? [interval.leftTime] : []),
        ...(keepsRight && b.timeColumns.includes(width + interval.rightTime)
          ? [width + interval.rightTime]
          : []),
      ]
    : []
  return {
    appendOnly: isAppendOnly(join, a.appendOnly && b.appendOnly, interval !== undefined),
    watermarked: a.watermarked || b.watermarked,
    keys: keysOf(join, { left, right, parts }).slice(0, KEYS_MAX),
    timeColumns: [...new Set([...times, ...timeColumnsOf(windowColumns)])],
    // A row waits in a join, so it is no longer processed when its column says.
    processingColumns: [],
    windowColumns,
  }
}

/** The window of a side that stays one: the join holds its watermark back by the times `held`. If
 *  that is the window's end, its window_time, which is before that, is only a column. */
function windowsOf({ windowColumns }: Traits, held: readonly number[] | undefined) {
  if (held === undefined) return []
  const byEnd = windowColumns.some(
    ({ role, column }) => role === 'window_end' && held.includes(column),
  )
  return byEnd ? windowColumns.filter(({ role }) => role !== 'window_time') : windowColumns
}

/** The missing side of an outer join, or of an anti join, is only certain when its time is over. */
function isAppendOnly(join: JoinKind, inputs: boolean, bounded: boolean): boolean {
  return inputs && (join === 'inner' || join === 'semi' || bounded)
}

function shifted(traits: Traits, by: number): Traits {
  const move = (columns: readonly number[]) => columns.map((column) => column + by)
  return {
    ...traits,
    keys: traits.keys.map(move),
    timeColumns: move(traits.timeColumns),
    processingColumns: move(traits.processingColumns),
    windowColumns: traits.windowColumns.map((p) => ({ ...p, column: p.column + by })),
  }
}

/** A key of both sides together is one of the pairs. A side's own keys stay if each of its rows
 *  meets at most one row of the other side. */
function keysOf(join: JoinKind, { left, right, parts }: Sides): number[][] {
  const width = left.schema.fields.length
  const a = left.traits.keys.map((key) => [...key])
  if (join === 'semi' || join === 'anti') return a
  // Missing sides are NULL, and so may be keys: they could be mixed up.
  if (join === 'full') return []
  const b = right.traits.keys.map((key) => key.map((column) => column + width))
  const keys: number[][] = []
  if (join !== 'right' && matchesOne(right.traits, parts.rightKeys)) keys.push(...a)
  if (join !== 'left' && matchesOne(left.traits, parts.leftKeys)) keys.push(...b)
  return [...keys, ...a.flatMap((x) => b.map((y) => [...x, ...y]))]
}

/** Whether rows equal in the join's keys are one row. */
function matchesOne({ keys }: Traits, by: JoinParts['leftKeys']): boolean {
  const columns = by.flatMap((expr) => (expr.kind === 'column' ? [expr.index] : []))
  return keys.some((key) => key.every((column) => columns.includes(column)))
}

/** As of a time in the past there is one version of each row; as of now there are all the rows that
 *  match. */
export function temporalJoinTraits(
  { left: { traits: left }, right: { traits: right }, parts }: Sides,
  time: TemporalJoinNode['time'],
): Traits {
  const watermarked = left.watermarked || right.watermarked
  if (time === undefined) {
    const keys = matchesOne(right, parts.rightKeys) ? left.keys : []
    return { ...left, keys, watermarked }
  }
  return {
    ...left,
    watermarked,
    timeColumns: left.timeColumns.filter((column) => column === time.leftTime),
    processingColumns: [],
    windowColumns: [],
  }
}
