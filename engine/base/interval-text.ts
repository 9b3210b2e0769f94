/** Intervals as text and back, in two forms: ISO-8601 durations (`P1Y2M`, `P1DT2H3M4.5S`; a sign
 *  before the P turns the whole around), which JSON has, and SQL's (`+1-02` years-months,
 *  `+1 02:03:04.000` days and time, as Flink prints them), which CAST has. */

import { formatTime, type Int64 } from './time-text.ts'

/** `P1Y2M`, `-P3M`, `P0M`. */
export function formatMonths(months: number): string {
  const years = Math.floor(Math.abs(months) / 12)
  const rest = Math.abs(months) % 12
  const text = `${years > 0 ? `${years}Y` : ''}${rest > 0 || years === 0 ? `${rest}M` : ''}`
  return `${months < 0 ? '-' : ''}P${text}`
}

/** Months of `P1Y2M`; undefined if the text is not such an interval or is beyond 32 bits. */
export function parseMonths(text: string): number | undefined {
  const match = /^([+-]?)P(?:(\d{1,9})Y)?(?:(\d{1,10})M)?$/.exec(text)
  if (match === null || (match[2] === undefined && match[3] === undefined)) return undefined
  const months = Number(match[2] ?? 0) * 12 + Number(match[3] ?? 0)
  const signed = match[1] === '-' && months !== 0 ? -months : months
  return signed === (signed | 0) ? signed : undefined
}

/** `P1DT2H3M4.5S`, `-PT0.000001S`, `PT0S`. */
export function formatDuration(us: Int64): string {
  let rest = BigInt(us)
  if (rest === 0n) return 'PT0S'
  const sign = rest < 0n ? '-' : ''
  if (rest < 0n) rest = -rest
  const take = (unit: bigint, letter: string): string => {
    const count = rest / unit
    rest %= unit
    return count === 0n ? '' : `${count}${letter}`
  }
  const days = take(86_400_000_000n, 'D')
  const clock = take(3_600_000_000n, 'H') + take(60_000_000n, 'M') + secondsText(rest)
  return `${sign}P${days}${clock === '' ? '' : `T${clock}`}`
}

function secondsText(us: bigint): string {
  if (us === 0n) return ''
  const fraction = String(us % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return `${us / 1_000_000n}${fraction === '' ? '' : `.${fraction}`}S`
}

const DURATION =
  /^([+-]?)P(?=[\dT])(?:(\d{1,12})D)?(?:T(?=\d)(?:(\d{1,14})H)?(?:(\d{1,16})M)?(?:(\d{1,18})(?:\.(\d{1,9}))?S)?)?$/

/** Microseconds of a duration in days and shorter units; undefined if the text is not one, or is
 *  beyond 64 bits. What is finer than a microsecond is cut off. */
export function parseDuration(text: string): Int64 | undefined {
  const match = DURATION.exec(text)
  if (match === null) return undefined
  const [, sign, days, hours, minutes, seconds, fraction] = match
  const part = (digits: string | undefined, unit: bigint) => BigInt(digits ?? 0) * unit
  const us =
    part(days, 86_400_000_000n) +
    part(hours, 3_600_000_000n) +
    part(minutes, 60_000_000n) +
    part(seconds, 1_000_000n) +
    BigInt((fraction ?? '').padEnd(6, '0').slice(0, 6))
  const signed = sign === '-' ? -us : us
  if (BigInt.asIntN(64, signed) !== signed) return undefined
  return exact(signed)
}

const exact = (us: bigint): Int64 => (us >= -(2n ** 53n) && us < 2n ** 53n ? Number(us) : us)

/** `+1-02`: years and months. */
export function formatYearMonth(months: number): string {
  const size = Math.abs(months)
  const rest = String(size % 12).padStart(2, '0')
  return `${months < 0 ? '-' : '+'}${Math.floor(size / 12)}-${rest}`
}

const YEAR_MONTH = /^([+-]?)(\d{1,6})-(\d{1,2})$/

/** Months of `[+-]y-m`; undefined if it is not in that form. */
export function parseYearMonth(text: string): number | undefined {
  const match = YEAR_MONTH.exec(text)
  if (match === null || Number(match[3]) > 11) return undefined
  const months = Number(match[2]) * 12 + Number(match[3])
  return (match[1] === '-' ? -months : months) + 0
}

const DAY_US = 86_400_000_000n

/** `+1 02:03:04.000`: days and time, with microseconds if there are any. */
export function formatDayTime(us: Int64): string {
  const size = BigInt(us) < 0n ? -BigInt(us) : BigInt(us)
  const time = Number(size % DAY_US)
  const clock = formatTime(time, time % 1000 === 0 ? 3 : 6)
  return `${us < 0 ? '-' : '+'}${size / DAY_US} ${clock}`
}

const DAY_TIME = /^([+-]?)(\d{1,8})(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?)?$/

/** Microseconds of `[+-]d hh:mm:ss[.ffffff]`; undefined if it is not in that form. */
export function parseDayTime(text: string): Int64 | undefined {
  const match = DAY_TIME.exec(text)
  if (match === null) return undefined
  const [hour, minute, second] = [match[3], match[4], match[5]].map((part) => Number(part ?? 0))
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const seconds = ((Number(match[2]) * 24 + hour) * 60 + minute) * 60 + second
  const size = BigInt(seconds) * 1_000_000n + BigInt((match[6] ?? '').padEnd(6, '0'))
  return exact(match[1] === '-' ? -size : size)
}
