/** The current time: CURRENT_TIMESTAMP and its kin read the epoch's clock, so that a replay gives
 *  the same answer. The session's time zone is UTC. */

import type { EpochClock } from '../../base/clock.ts'
import { DATE, type DataType, TIMESTAMP, TIMESTAMP_LTZ } from '../../batch/types.ts'
import type { Value } from '../../batch/value.ts'
import { dayOf, timeOfDay, truncateToPrecision } from '../calendar.ts'
import type { PlainFunction } from '../function.ts'
import type { Int64 } from '../int64.ts'

/** A reading of the epoch's clock. */
function clockEntry(
  name: string,
  type: DataType,
  doc: string,
  read: (nowUs: number) => Value,
  result: string,
  aliases: readonly string[] = [],
): PlainFunction {
  return {
    family: 'temporal',
    nulls: 'strict',
    name,
    aliases,
    doc: `${doc} It is the epoch's clock: the same for all rows of an epoch, and again in a replay.`,
    syntax: [`${name}()`],
    examples: [{ args: [], result }],
    resolve: (args) => (args.length === 0 ? { args: [], type } : undefined),
    nullable: 'never',
    clock: true,
    evaluate: () => (clock: EpochClock) => read(clock.nowUs),
  }
}

const toMs = (us: number): Int64 => truncateToPrecision(us, 3)

export const clocks: readonly PlainFunction[] = [
  clockEntry(
    'CURRENT_TIMESTAMP',
    TIMESTAMP_LTZ,
    'The current time.',
    toMs,
    '1970-01-01 00:00:00.000',
    ['NOW', 'CURRENT_ROW_TIMESTAMP'],
  ),
  clockEntry(
    'LOCALTIMESTAMP',
    TIMESTAMP,
    'The current time in the session time zone, UTC.',
    toMs,
    '1970-01-01 00:00:00.000',
  ),
  clockEntry('PROCTIME', TIMESTAMP_LTZ, 'The processing time.', toMs, '1970-01-01 00:00:00.000'),
  clockEntry('CURRENT_DATE', DATE, 'The current date in UTC.', dayOf, '1970-01-01'),
  clockEntry(
    'CURRENT_TIME',
    { kind: 'time', precision: 0 },
    'The current time of day in UTC.',
    (us) => truncateToPrecision(timeOfDay(us), 0),
    '00:00:00',
    ['LOCALTIME'],
  ),
]
