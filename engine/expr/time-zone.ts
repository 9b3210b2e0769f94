/** Time zones: how far a zone is from UTC at an instant. The rules come from Intl, which is slow,
 *  so they are asked for once per zone and week and kept; rows only look up. */

import { fail, type Span } from '../base/errors.ts'
import { nearestName } from '../base/nearest-name.ts'
import { daysOf } from '../base/time-text.ts'
import { US_PER_SECOND } from './calendar.ts'
import { addInt64, floorDivide, type Int64 } from './int64.ts'

export interface Zone {
  readonly name: string
  /** The wall clock at an instant, as microseconds since 1970 on that clock. */
  toLocal(us: Int64): Int64
  /** The instant of a wall clock's reading. Of two the earlier; one that the clock skips is taken
   *  as that much later. */
  toInstant(localUs: Int64): Int64
}

/** Seconds east of UTC at an instant in seconds. */
type OffsetAt = (second: number) => number

const zones = new Map<string, Zone>()

/** The zone of a name (`Europe/Berlin`, `UTC`) or an offset (`+02:00`, `GMT-8`). INVALID_ARGUMENT
 *  with the nearest name if there is none. */
export function zoneOf(name: string, at?: Span): Zone {
  const known = zones.get(name)
  if (known !== undefined) return known
  const offsetAt = fixedOffset(name) ?? namedOffset(name) ?? unknownZone(name, at)
  const zone = makeZone(name, offsetAt)
  // Names may come from rows.
  if (zones.size < 1000) zones.set(name, zone)
  return zone
}

function unknownZone(name: string, at: Span | undefined): never {
  const near = nearestName(name, Intl.supportedValuesOf('timeZone'))
  fail('INVALID_ARGUMENT', `No time zone '${name}'`, {
    at,
    hint: near === undefined ? "A zone is 'Europe/Berlin' or '+02:00'." : `Did you mean ${near}?`,
  })
}

const OFFSET = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?$/

function fixedOffset(name: string): OffsetAt | undefined {
  if (/^(?:UTC|GMT|UT|Z)$/i.test(name)) return () => 0
  const match = OFFSET.exec(name)
  if (match === null) return undefined
  const [hours, minutes] = [Number(match[2]), Number(match[3] ?? 0)]
  if (hours > 18 || minutes > 59) return undefined
  const offset = (hours * 60 + minutes) * (match[1] === '-' ? -60 : 60)
  return () => offset
}

const WEEK = 7 * 86400
const WEEKS_KEPT = 20_000

/** A week with one offset, or the second at which it changes. */
type Week = number | { readonly at: number; readonly before: number; readonly after: number }

function namedOffset(name: string): OffsetAt | undefined {
  const ask = intlOffset(name)
  if (ask === undefined) return undefined
  const weeks = new Map<number, Week>()
  let lastWeek = Number.NaN
  let last: Week = 0
  return (second) => {
    const week = Math.floor(second / WEEK)
    if (week !== lastWeek) {
      if (weeks.size > WEEKS_KEPT) weeks.clear()
      last = weeks.get(week) ?? readWeek(ask, week)
      weeks.set(week, last)
      lastWeek = week
    }
    if (typeof last === 'number') return last
    return second < last.at ? last.before : last.after
  }
}

/** No zone changes its clock twice within a week. */
function readWeek(ask: OffsetAt, week: number): Week {
  let low = week * WEEK
  let high = low + WEEK
  const before = ask(low)
  const after = ask(high)
  if (before === after) return before
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (ask(middle) === before) low = middle
    else high = middle
  }
  return { at: high, before, after }
}

function intlOffset(name: string): OffsetAt | undefined {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    })
  } catch {
    return undefined
  }
  return (second) => {
    const parts = new Map(format.formatToParts(second * 1000).map((p) => [p.type, p.value]))
    const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type))
    const year = parts.get('era')?.startsWith('B') ? 1 - part('year') : part('year')
    const days = daysOf(year, part('month'), part('day'))
    const time = (part('hour') * 60 + part('minute')) * 60 + part('second')
    return days * 86400 + time - second
  }
}

const DAY = 86400

function makeZone(name: string, offsetAt: OffsetAt): Zone {
  const secondOf = (us: Int64) => Number(floorDivide(us, US_PER_SECOND))
  return {
    name,
    toLocal: (us) => addInt64(us, offsetAt(secondOf(us)) * US_PER_SECOND),
    toInstant(localUs) {
      const second = secondOf(localUs)
      const before = offsetAt(second - DAY)
      const after = offsetAt(second + DAY)
      const isAfter = before !== after && offsetAt(second - before) !== before
      const offset = isAfter && offsetAt(second - after) === after ? after : before
      return addInt64(localUs, -offset * US_PER_SECOND)
    },
  }
}
