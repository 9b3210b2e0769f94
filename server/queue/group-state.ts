/** What a consumer group has done, and the events by which it changes. Events are what the disk
 *  keeps; applying them in order gives the state. */

import type { Place } from './away-records.ts'
import { type OffsetRange, OffsetSet } from './offset-set.ts'

/** none: ready records go to whoever asks, those of higher priority first. split, key: a record
 *  only goes out when those before it in its split, or of its key, are done. */
export type GroupOrder = 'none' | 'split' | 'key'

export interface GroupSettings {
  readonly order: GroupOrder
  /** A record that was given out and not acknowledged for so long is given out again. */
  readonly visibilityMs: number
  /** After so many deliveries a record is given up. 0: never. */
  readonly deliveriesMax: number
}

export type GroupEvent =
  | {
      readonly type: 'made'
      readonly settings: GroupSettings
      readonly floors: readonly number[]
      readonly madeUs: number
    }
  | { readonly type: 'set'; readonly settings: GroupSettings }
  /** Given out until then: one more delivery. */
  | ({ readonly type: 'given'; readonly untilUs: number } & Offsets)
  /** Acknowledged, or given up. */
  | ({ readonly type: 'done' } & Offsets)
  /** Handed back: ready from then on. */
  | ({ readonly type: 'back'; readonly atUs: number } & Offsets)
  /** Kept for longer. */
  | ({ readonly type: 'kept'; readonly untilUs: number } & Offsets)
  /** The splits end there, before where the group was: what it did beyond is about records that
   *  are lost, and others may come in their place. */
  | { readonly type: 'cut'; readonly ends: readonly number[] }
  /** The group is no more. */
  | { readonly type: 'gone' }

interface Offsets {
  readonly split: number
  readonly offsets: readonly OffsetRange[]
}

/** A record that was delivered and is not done. */
export interface Open {
  deliveries: number
  /** When it is ready again. */
  atUs: number
  /** A consumer has it. */
  held: boolean
}

export interface SplitState {
  /** Everything before is done. */
  floor: number
  /** Done, from the floor on. */
  readonly done: OffsetSet
  readonly open: Map<number, Open>
}

/** As it stands in a snapshot. */
export interface SavedGroup {
  readonly madeUs: number
  readonly settings: GroupSettings
  readonly splits: readonly {
    readonly floor: number
    readonly done: readonly OffsetRange[]
    readonly open: readonly (readonly [
      offset: number,
      deliveries: number,
      atUs: number,
      held: number,
    ])[]
  }[]
}

export class GroupState {
  settings: GroupSettings
  readonly splits: readonly SplitState[]
  /** When it was made: tells groups of one name apart. */
  readonly madeUs: number

  constructor({ madeUs, settings, splits }: SavedGroup) {
    this.madeUs = madeUs
    this.settings = settings
    this.splits = splits.map(({ floor, done, open }) => ({
      floor,
      done: OffsetSet.of(done),
      open: new Map(
        open.map(([offset, deliveries, atUs, held]) => [
          offset,
          { deliveries, atUs, held: held === 1 },
        ]),
      ),
    }))
  }

  static made({ madeUs, settings, floors }: Extract<GroupEvent, { type: 'made' }>): GroupState {
    return new GroupState({
      madeUs,
      settings,
      splits: floors.map((floor) => ({ floor, done: [], open: [] })),
    })
  }

  apply(event: GroupEvent): void {
    if (event.type === 'set') this.settings = event.settings
    if (event.type === 'cut') {
      for (const [i, end] of event.ends.entries()) cut(this.splits[i], end)
    }
    if (!('split' in event)) return
    const split = this.splits[event.split]
    for (const [from, to] of event.offsets) {
      if (event.type === 'done') settle(split, from, to)
      else for (let offset = from; offset < to; offset++) change(split, offset, event)
    }
  }

  /** Whether the record was acknowledged, or given up. */
  isDone({ split, offset }: Place): boolean {
    const { floor, done } = this.splits[split]
    return offset < floor || done.has(offset)
  }

  /** Whether it was further than the splits reach. */
  isBeyond(ends: readonly number[]): boolean {
    return this.splits.some(({ floor, done, open }, i) => {
      const end = Math.max(floor, done.ranges.at(-1)?.[1] ?? 0)
      return end > ends[i] || [...open.keys()].some((offset) => offset >= ends[i])
    })
  }

  save(): SavedGroup {
    return {
      madeUs: this.madeUs,
      settings: this.settings,
      splits: this.splits.map(({ floor, done, open }) => ({
        floor,
        done: done.ranges,
        open: [...open].map(
          ([offset, { deliveries, atUs, held }]) =>
            [offset, deliveries, atUs, held ? 1 : 0] as const,
        ),
      })),
    }
  }
}

function cut(split: SplitState, end: number): void {
  split.floor = Math.min(split.floor, end)
  split.done.remove(end, Infinity)
  for (const offset of split.open.keys()) if (offset >= end) split.open.delete(offset)
}

/** The offsets [from, to) are done. */
export function settle(split: SplitState, from: number, to: number): void {
  for (let offset = from; offset < to; offset++) split.open.delete(offset)
  split.done.add(Math.max(from, split.floor), to)
  const [first] = split.done.ranges
  if (first === undefined || first[0] > split.floor) return
  split.floor = first[1]
  split.done.remove(first[0], first[1])
}

function change(
  split: SplitState,
  offset: number,
  event: Extract<GroupEvent, { type: 'given' | 'back' | 'kept' }>,
): void {
  if (offset < split.floor || split.done.has(offset)) return
  const open = split.open.get(offset) ?? { deliveries: 0, atUs: 0, held: false }
  split.open.set(offset, open)
  if (event.type === 'given') open.deliveries++
  open.held = event.type !== 'back'
  open.atUs = event.type === 'back' ? event.atUs : event.untilUs
}
