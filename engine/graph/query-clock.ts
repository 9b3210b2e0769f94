/** The epoch's clock as one query sees it: chance is its own, so that two queries with the same
 *  statement do not draw the same numbers. Depends on the query's id alone, which it keeps over
 *  restarts: a replay draws the same (law 1). */

import type { EpochClock } from '../base/clock.ts'

/** Follows `clock`; not to be written to. */
export function queryClock(clock: EpochClock, queryId: string): EpochClock {
  const salt = saltOf(queryId)
  return {
    get epoch() {
      return clock.epoch
    },
    get nowUs() {
      return clock.nowUs
    },
    get seed() {
      return (clock.seed ^ salt) >>> 0
    },
  }
}

/** FNV-1a, and the finalizer of MurmurHash3: ids that differ in one character give salts that have
 *  nothing in common. */
function saltOf(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
