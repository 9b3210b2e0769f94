/** Records of one split that a consumer group may give out now, by priority, and the order in which
 *  those of all splits are given out. It looks ahead over a bounded number of records beyond the
 *  first that is not done. */

import { PRIORITY_FLAG, rowFrom, type StreamFrame } from '../../engine/source/stream-frame.ts'
import type { Place } from './away-records.ts'
import { type SplitState, settle } from './group-state.ts'
import { type OffsetRange, OffsetSet } from './offset-set.ts'

/** How far beyond the first record that is not done others are given out. */
export const LOOK_AHEAD = 65_536
/** Frames with records looked at in one go. */
const FRAMES_MAX = 256

export class ReadyRecords {
  readonly #state: SplitState
  readonly #byPriority: boolean
  /** Never empty sets. */
  readonly #sets = new Map<number, OffsetSet>()
  /** Records before this offset are done, open, or here. */
  #seen: number

  /** `byPriority`: else they come by offset alone. */
  constructor(state: SplitState, byPriority: boolean) {
    this.#state = state
    this.#byPriority = byPriority
    this.#seen = state.floor
  }

  /** Looks further ahead. Records before `first` are no longer kept: they are settled, and counted
   *  in the answer. */
  lookAhead(bounds: OffsetRange, frameAt: (offset: number) => StreamFrame): number {
    const [first, end] = bounds
    const lost = this.#dropBefore(first)
    for (let frames = 0; frames < FRAMES_MAX; ) {
      const to = Math.min(end, this.#state.floor + LOOK_AHEAD)
      if (this.#seen >= to) break
      const frame = frameAt(this.#seen)
      this.#seen = Math.max(this.#seen, frame.first)
      this.#take(frame, Math.min(to, frame.next))
      if (frame.records.rowCount > 0) frames++
    }
    return lost
  }

  #dropBefore(first: number): number {
    const { floor, done } = this.#state
    if (first <= floor) return 0
    const lost = done.gaps(floor, first).reduce((sum, [from, to]) => sum + to - from, 0)
    for (const set of this.#sets.values()) set.remove(floor, first)
    this.#forgetEmpty()
    settle(this.#state, floor, first)
    this.#seen = Math.max(this.#seen, first)
    return lost
  }

  #take(frame: StreamFrame, to: number): void {
    const from = this.#seen
    this.#seen = to
    const { places, envelope, first } = frame
    const priorities =
      this.#byPriority && (frame.flags & PRIORITY_FLAG) !== 0
        ? envelope!.priority.values
        : undefined
    if (places === null && priorities === undefined) {
      this.#addNew(0, from, to)
      return
    }
    let next = from
    for (let row = rowFrom(frame, from); row < frame.records.rowCount; row++) {
      const offset = first + (places === null ? row : places[row])
      if (offset >= to) break
      // What compaction removed never comes.
      settle(this.#state, next, offset)
      this.#addNew(Number(priorities?.[row] ?? 0), offset, offset + 1)
      next = offset + 1
    }
    if (places !== null) settle(this.#state, next, to)
  }

  /** Those of [from, to) that are neither done nor open. */
  #addNew(priority: number, from: number, to: number): void {
    const { floor, done, open } = this.#state
    for (const [low, high] of done.gaps(Math.max(from, floor), to)) {
      if (open.size === 0) {
        this.#add(priority, low, high)
        continue
      }
      for (let at = low; at < high; at++) if (!open.has(at)) this.#add(priority, at, at + 1)
    }
  }

  #add(priority: number, from: number, to: number): void {
    const set = this.#sets.get(priority) ?? new OffsetSet()
    set.add(from, to)
    this.#sets.set(priority, set)
  }

  /** A record that was open is ready again. */
  add(priority: number, offset: number): void {
    this.#add(this.#byPriority ? priority : 0, offset, offset + 1)
  }

  get priorities(): number[] {
    return [...this.#sets.keys()]
  }

  /** Records of that priority, by offset. */
  of(priority: number): OffsetSet {
    return this.#sets.get(priority) ?? new OffsetSet()
  }

  /** The record is not to be given out, whatever its priority. */
  drop(offset: number): void {
    for (const set of this.#sets.values()) set.remove(offset, offset + 1)
    this.#forgetEmpty()
  }

  #forgetEmpty(): void {
    for (const [priority, set] of this.#sets) if (set.isEmpty) this.#sets.delete(priority)
  }
}

/** The numbers of the splits, beginning with another one in each turn. */
const inTurn = (count: number, turn: number): number[] =>
  Array.from({ length: count }, (_, i) => (turn + i) % count)

/** The highest priority first; among equal ones a record of each split in turn, by offset. */
export function* byPriority(ready: readonly ReadyRecords[], turn: number): Generator<Place> {
  const priorities = new Set(ready.flatMap((of) => of.priorities))
  for (const priority of [...priorities].sort((a, b) => b - a)) {
    let left = inTurn(ready.length, turn).map((split) => ({
      split,
      offsets: ready[split].of(priority)[Symbol.iterator](),
    }))
    while (left.length > 0) {
      const next: typeof left = []
      for (const one of left) {
        const { done, value } = one.offsets.next()
        if (done) continue
        yield { split: one.split, offset: value }
        next.push(one)
      }
      left = next
    }
  }
}

/** By offset, one split after the other, but none of a split that is not free. */
export function* byOffset(
  ready: readonly ReadyRecords[],
  turn: number,
  isFree: (split: number) => boolean,
): Generator<Place> {
  for (const split of inTurn(ready.length, turn)) {
    if (!isFree(split)) continue
    for (const offset of ready[split].of(0)) yield { split, offset }
  }
}
