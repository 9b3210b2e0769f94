/** Dates and times as text and back: the proleptic Gregorian calendar, years 0001 to 9999, checked
 *  strictly. Timestamps are microseconds since 1970, dates are days, times are microseconds since
 *  midnight. The fraction has 0 to 9 digits; what is finer than a microsecond is cut off. */

/** A 64-bit integer: a number in [-2^53, 2^53), else a bigint. */
export type Int64 = number | bigint

export interface TimestampText {
  /** The wall clock that was written, as if it were UTC. */
  readonly localUs: Int64
  /** The zone that was written, in microseconds east of UTC; undefined if there was none. */
  readonly offsetUs: number | undefined
}

const DAY_US = 86_400_000_000
const DIGIT_0 = 48
const SAFE = 2 ** 53

/** Days since 1970-01-01 of a date in the proleptic Gregorian calendar. Counts years from March,
 *  so that the leap day is a year's last. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468
}

/** Year, month (1..12) and day (1..31) of a day since 1970-01-01. The inverse of `daysOf`. */
export function civilOf(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  const dayOfYear = dayOfEra - (365 * yearOfEra + leapDays)
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

export const isLeapYear = (year: number): boolean =>
  year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

export const daysInMonth = (year: number, month: number): number =>
  month === 2 && isLeapYear(year) ? 29 : MONTH_DAYS[month - 1]

/** The digits at [at, at + count) as a number; -1 if one is not a digit. */
function digits(text: string, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - DIGIT_0
    if (!(digit >= 0 && digit <= 9)) return -1
    value = value * 10 + digit
  }
  return value
}

/** 'yyyy-mm-dd' at the start of `text`, as days; NaN if it is not one. */
function dateAt(text: string): number {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return Number.NaN
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  if (year < 1 || month < 1 || month > 12 || day < 1) return Number.NaN
  if (day > 28 && day > daysInMonth(year, month)) return Number.NaN
  return daysOf(year, month, day)
}

interface TimeAt {
  readonly us: number
  /** Where the text goes on. */
  readonly end: number
}

/** 'hh:mm[:ss[.fraction]]' at `at`; undefined if it is not one. */
function timeAt(text: string, at: number): TimeAt | undefined {
  const hour = digits(text, at, 2)
  const minute = digits(text, at + 3, 2)
  if (text.charCodeAt(at + 2) !== 58 || hour < 0 || hour > 23 || minute < 0 || minute > 59) {
    return undefined
  }
  const minutes = hour * 60 + minute
  if (text.charCodeAt(at + 5) !== 58) return { us: minutes * 60_000_000, end: at + 5 }
  const second = digits(text, at + 6, 2)
  if (second < 0 || second > 59) return undefined
  const us = (minutes * 60 + second) * 1_000_000
  return text.charCodeAt(at + 8) === 46 ? fractionAt(text, at + 9, us) : { us, end: at + 8 }
}

function fractionAt(text: string, at: number, us: number): TimeAt | undefined {
  let end = at
  let fraction = 0
  let unit = 100_000
  for (; end < text.length; end++) {
    const digit = text.charCodeAt(end) - DIGIT_0
    if (!(digit >= 0 && digit <= 9)) break
    fraction += digit * Math.floor(unit)
    unit /= 10
  }
  return end - at > 9 ? undefined : { us: us + fraction, end }
}

/** 'Z' or '+hh:mm', '+hhmm', '+hh' from `at` to the end, in microseconds; NaN if it is not one. */
function zoneAt(text: string, at: number): number {
  const sign = text.charCodeAt(at)
  if (sign === 90 || sign === 122) return text.length === at + 1 ? 0 : Number.NaN
  if (sign !== 43 && sign !== 45) return Number.NaN
  const colon = text.charCodeAt(at + 3) === 58 ? 1 : 0
  const short = text.length === at + 3
  if (!short && text.length !== at + 5 + colon) return Number.NaN
  const hour = digits(text, at + 1, 2)
  const minute = short ? 0 : digits(text, at + 3 + colon, 2)
  if (hour < 0 || hour > 18 || minute < 0 || minute > 59) return Number.NaN
  const us = (hour * 60 + minute) * 60_000_000
  return sign === 45 && us !== 0 ? -us : us
}

/** `us` is exact as long as days and time are apart; together they may need a bigint. */
function join(days: number, us: number): Int64 {
  const sum = days * DAY_US + us
  return sum >= -SAFE && sum < SAFE ? sum : BigInt(days) * BigInt(DAY_US) + BigInt(us)
}

/** Reads 'yyyy-mm-dd[(T| )hh:mm[:ss[.fraction]][zone]]'; undefined if the text is anything else or
 *  names a day or time that does not exist. */
export function readTimestamp(text: string): TimestampText | undefined {
  const days = dateAt(text)
  if (Number.isNaN(days)) return undefined
  if (text.length === 10) return { localUs: join(days, 0), offsetUs: undefined }
  const separator = text.charCodeAt(10)
  if (separator !== 84 && separator !== 32 && separator !== 116) return undefined
  const time = timeAt(text, 11)
  if (time === undefined) return undefined
  const localUs = join(days, time.us)
  if (time.end === text.length) return { localUs, offsetUs: undefined }
  const zone = text.charCodeAt(time.end) === 32 ? time.end + 1 : time.end
  const offsetUs = zoneAt(text, zone)
  return Number.isNaN(offsetUs) ? undefined : { localUs, offsetUs }
}

/** The instant a timestamp text means, in microseconds since 1970 UTC. A text without a zone is
 *  taken as UTC. undefined: see `readTimestamp`. */
export function parseTimestamp(text: string): Int64 | undefined {
  const read = readTimestamp(text)
  if (read === undefined) return undefined
  const { localUs, offsetUs } = read
  if (offsetUs === undefined || offsetUs === 0) return localUs
  return exact(BigInt(localUs) - BigInt(offsetUs))
}

const exact = (value: bigint): Int64 =>
  value >= -9007199254740992n && value < 9007199254740992n ? Number(value) : value

/** 'yyyy-mm-dd' as days since 1970-01-01; undefined if it is not a date. */
export function parseDate(text: string): number | undefined {
  if (text.length !== 10) return undefined
  const days = dateAt(text)
  return Number.isNaN(days) ? undefined : days
}

/** 'hh:mm[:ss[.fraction]]' as microseconds since midnight; undefined if it is not a time. */
export function parseTime(text: string): number | undefined {
  const time = timeAt(text, 0)
  return time !== undefined && time.end === text.length ? time.us : undefined
}

const TWO = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'))

let cachedDays = Number.NaN
let cachedDate = ''

/** 'yyyy-mm-dd'. Years past 9999 have more digits, years before 1 a sign. */
export function formatDate(days: number): string {
  // Rows that follow one another mostly share their date.
  if (days === cachedDays) return cachedDate
  const { year, month, day } = civilOf(days)
  const sign = year < 0 ? '-' : ''
  cachedDate = `${sign}${String(Math.abs(year)).padStart(4, '0')}-${TWO[month]}-${TWO[day]}`
  cachedDays = days
  return cachedDate
}

/** 'hh:mm:ss' and, with a precision of 1 to 6, that many digits of the fraction (cut, not
 *  rounded). */
export function formatTime(us: number | bigint, precision: number): string {
  const value = Number(us)
  const seconds = Math.floor(value / 1_000_000)
  const minutes = Math.floor(seconds / 60)
  const clock = `${TWO[Math.floor(minutes / 60)]}:${TWO[minutes % 60]}:${TWO[seconds % 60]}`
  if (precision === 0) return clock
  const fraction = value - seconds * 1_000_000
  return `${clock}.${String(fraction).padStart(6, '0').slice(0, precision)}`
}

/** 'yyyy-mm-dd hh:mm:ss[.fraction]' of microseconds since 1970, with `precision` (0 to 6) digits
 *  of the fraction. `separator` 'T' gives the ISO-8601 form. */
export function formatTimestamp(us: Int64, precision: number, separator = ' '): string {
  if (typeof us === 'number') {
    const days = Math.floor(us / DAY_US)
    return formatDate(days) + separator + formatTime(us - days * DAY_US, precision)
  }
  const day = BigInt(DAY_US)
  const rest = ((us % day) + day) % day
  return formatDate(Number((us - rest) / day)) + separator + formatTime(rest, precision)
}
