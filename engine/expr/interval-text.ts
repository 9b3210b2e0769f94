/** Intervals as text, in Flink's printed form: `+1-02` (years-months) and `+1 02:03:04.000` (days
 *  and time). */

import { formatTime } from '../base/time-text.ts'
import { US_PER_DAY } from './calendar.ts'
import { canonical, floorDivide, floorModulo, type Int64 } from './int64.ts'

export function formatMonths(months: number): string {
  const size = Math.abs(months)
  const rest = String(size % 12).padStart(2, '0')
  return `${months < 0 ? '-' : '+'}${Math.floor(size / 12)}-${rest}`
}

export function formatSeconds(intervalUs: Int64): string {
  const negative = intervalUs < 0
  const size = negative ? -intervalUs : intervalUs
  const time = floorModulo(size, US_PER_DAY)
  const precision = time % 1000 === 0 ? 3 : 6
  return `${negative ? '-' : '+'}${floorDivide(size, US_PER_DAY)} ${formatTime(time, precision)}`
}

const MONTHS = /^([+-]?)(\d{1,6})-(\d{1,2})$/
const SECONDS = /^([+-]?)(\d{1,8})(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?)?$/

/** Months of `[+-]y-m`; undefined if it is not in that form. */
export function parseMonths(text: string): number | undefined {
  const match = MONTHS.exec(text.trim())
  if (match === null) return undefined
  const months = Number(match[2]) * 12 + Number(match[3])
  return Number(match[3]) > 11 ? undefined : (match[1] === '-' ? -months : months) + 0
}

/** Microseconds of `[+-]d hh:mm:ss[.ffffff]`; undefined if it is not in that form. */
export function parseSeconds(text: string): Int64 | undefined {
  const match = SECONDS.exec(text.trim())
  if (match === null) return undefined
  const [hour, minute, second] = [match[3], match[4], match[5]].map((part) => Number(part ?? 0))
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const seconds = ((Number(match[2]) * 24 + hour) * 60 + minute) * 60 + second
  const us = BigInt(seconds) * 1_000_000n + BigInt((match[6] ?? '').padEnd(6, '0'))
  return canonical(match[1] === '-' ? -us : us)
}
