/** How far a change reaches among the rows of a partition, and which rows an answer is made from.
 *  All positions are in a list in order, half-open. */

import type { OverCall } from '../nodes.ts'
import { distanceOf } from './over-constants.ts'
import { needsWhole, overKindOf } from './over-function.ts'
import type { RangeDistance } from './over-range.ts'

export interface Span {
  readonly from: number
  readonly to: number
}

/** A partition before and after a change: the first `prefix` and the last `suffix` rows are the
 *  same in both. */
export interface Change {
  readonly before: Int32Array
  readonly after: Int32Array
  readonly prefix: number
  readonly suffix: number
}

export function changeOf(before: Int32Array, after: Int32Array): Change {
  const shorter = Math.min(before.length, after.length)
  let prefix = 0
  while (prefix < shorter && before[prefix] === after[prefix]) prefix++
  let suffix = 0
  while (
    suffix < shorter - prefix &&
    before[before.length - 1 - suffix] === after[after.length - 1 - suffix]
  )
    suffix++
  return { before, after, prefix, suffix }
}

/** The rows of `after` whose answers the change may have altered. Those of `before` have the same
 *  first position, and as many rows behind them. */
export function affectedBy(
  change: Change,
  calls: readonly OverCall[],
  distance: RangeDistance,
): Span {
  const { after, prefix, suffix } = change
  const spans = calls.map((call) => affectedOf(call, change, distance))
  return {
    from: Math.max(0, Math.min(prefix, ...spans.map((span) => span.from))),
    to: Math.min(after.length, Math.max(after.length - suffix, ...spans.map((span) => span.to))),
  }
}

function affectedOf(call: OverCall, change: Change, distance: RangeDistance): Span {
  const { before, after, prefix, suffix } = change
  const end = after.length - suffix
  if (needsWhole(call.name)) return { from: 0, to: after.length }
  switch (overKindOf(call.name)) {
    case 'rank': {
      const stays = call.name === 'ROW_NUMBER' && before.length === after.length
      return { from: prefix, to: stays ? end : after.length }
    }
    case 'shift': {
      const rows = distanceOf(call)
      if (call.name === 'LAG') return { from: prefix, to: end + rows }
      return { from: prefix - rows, to: end }
    }
    default:
      return call.frame.unit === 'rows'
        ? { from: prefix - Math.max(call.frame.to, 0), to: end + Math.max(-call.frame.from, 0) }
        : affectedRange(call, change, distance)
  }
}

/** Rows before the change whose frame reaches its first row, and rows behind it whose frame reaches
 *  its last. */
function affectedRange({ frame }: OverCall, change: Change, distance: RangeDistance): Span {
  const { before, after, prefix, suffix } = change
  const end = after.length - suffix
  const changed = [before.subarray(prefix, before.length - suffix), after.subarray(prefix, end)]
  const present = changed.filter((slots) => slots.length > 0)
  const isReached = (slot: number) =>
    present.some((slots) => distance.isWithin(slot, frame.to, slots[0]))
  const reaches = (slot: number) =>
    present.some((slots) => distance.isFrom(slot, frame.from, slots[slots.length - 1]))
  return {
    from: firstWhere(after, 0, prefix, isReached),
    to: firstWhere(after, end, after.length, (slot) => !reaches(slot)),
  }
}

/** The rows of `slots` that the answers of the rows `span` are made from. */
export function sourceOf(
  span: Span,
  slots: Int32Array,
  calls: readonly OverCall[],
  distance: RangeDistance,
): Span {
  const spans = calls.map((call) => sourceOfCall(call, span, slots, distance))
  return {
    from: Math.max(0, Math.min(span.from, ...spans.map(({ from }) => from))),
    to: Math.min(slots.length, Math.max(span.to, ...spans.map(({ to }) => to))),
  }
}

function sourceOfCall(
  call: OverCall,
  span: Span,
  slots: Int32Array,
  distance: RangeDistance,
): Span {
  const { frame, name } = call
  switch (overKindOf(name)) {
    case 'rank':
      return name === 'ROW_NUMBER' ? span : { from: 0, to: slots.length }
    case 'shift': {
      const rows = distanceOf(call)
      return name === 'LAG'
        ? { from: span.from - rows, to: span.to }
        : { from: span.from, to: span.to + rows }
    }
    default: {
      if (span.from === span.to) return span
      if (frame.unit === 'rows') {
        return { from: span.from + Math.min(frame.from, 0), to: span.to + Math.max(frame.to, 0) }
      }
      const [first, last] = [slots[span.from], slots[span.to - 1]]
      return {
        from: firstWhere(slots, 0, span.from, (slot) => distance.isFrom(first, frame.from, slot)),
        to: firstWhere(
          slots,
          span.to,
          slots.length,
          (slot) => !distance.isWithin(last, frame.to, slot),
        ),
      }
    }
  }
}

/** The first position of [from, to) whose slot passes; those behind it pass too. */
function firstWhere(
  slots: Int32Array,
  from: number,
  to: number,
  passes: (slot: number) => boolean,
): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >> 1
    if (passes(slots[middle])) high = middle
    else low = middle + 1
  }
  return low
}
