/** In which order a consumer group's ready records are given out. */

import type { Place } from './away-records.ts'
import type { ReadyRecords } from './ready-records.ts'

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

/** By offset, one split after the other. */
export function* byOffset(ready: readonly ReadyRecords[], turn: number): Generator<Place> {
  for (const split of inTurn(ready.length, turn)) {
    for (const offset of ready[split].of(0)) yield { split, offset }
  }
}
