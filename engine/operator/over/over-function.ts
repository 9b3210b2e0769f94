/** The window functions that are no aggregates, and what every window function has in common. */

import type { EpochClock } from '../../base/clock.ts'
import type { Column } from '../../batch/column.ts'
import type { Evaluation } from './over-stretch.ts'

/** One call at work: makes its column for the targets of an evaluation. */
export type OverFunction = (evaluation: Evaluation, clock: EpochClock) => Column

/** By what a call finds its rows. `rank`: by positions and peers. `shift`: so many rows away.
 *  `frame`: a row of the frame. `aggregate`: all rows of the frame. */
export type OverKind = 'rank' | 'shift' | 'frame' | 'aggregate'

const KINDS: Readonly<Record<string, OverKind>> = {
  ROW_NUMBER: 'rank',
  RANK: 'rank',
  DENSE_RANK: 'rank',
  PERCENT_RANK: 'rank',
  CUME_DIST: 'rank',
  NTILE: 'rank',
  LAG: 'shift',
  LEAD: 'shift',
  FIRST_VALUE: 'frame',
  LAST_VALUE: 'frame',
  NTH_VALUE: 'frame',
}

export const overKindOf = (name: string): OverKind => KINDS[name] ?? 'aggregate'

/** Functions whose answer needs the whole partition. */
const WHOLE = new Set(['PERCENT_RANK', 'CUME_DIST', 'NTILE'])

export const needsWhole = (name: string): boolean => WHOLE.has(name)
