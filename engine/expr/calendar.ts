/** Arithmetic on dates and timestamps: days, times of day, months, weeks and precision, on top of
 *  the calendar of base/time-text.ts. */

import { civilOf, daysInMonth, daysOf } from '../base/time-text.ts'
import { addInt64, floorDivide, floorModulo, type Int64, multiplyInt64 } from './int64.ts'

export const US_PER_MS = 1000
export const US_PER_SECOND = 1_000_000
export const US_PER_MINUTE = 60_000_000
export const US_PER_HOUR = 3_600_000_000
export const US_PER_DAY = 86_400_000_000

/** 0001-01-01 and 9999-12-31, in days since 1970. */
export const DATE_MIN = -719162
export const DATE_MAX = 2932896

/** The whole microseconds of 0001-01-01 00:00:00 and of 9999-12-31 23:59:59.999999. */
export const TIMESTAMP_MIN = BigInt(DATE_MIN) * BigInt(US_PER_DAY)
export const TIMESTAMP_MAX = BigInt(DATE_MAX + 1) * BigInt(US_PER_DAY) - 1n

/** The day a timestamp falls on. */
export const dayOf = (timestampUs: Int64): number => Number(floorDivide(timestampUs, US_PER_DAY))

/** Microseconds since that day's midnight. */
export const timeOfDay = (timestampUs: Int64): number => floorModulo(timestampUs, US_PER_DAY)

export const timestampOf = (days: number, timeUs: number): Int64 =>
  addInt64(multiplyInt64(days, US_PER_DAY), timeUs)

/** `days` moved by `months`; a day that the month does not have becomes its last. */
export function addMonthsToDate(days: number, months: number): number {
  const { year, month, day } = civilOf(days)
  const total = year * 12 + (month - 1) + months
  const newYear = Math.floor(total / 12)
  const newMonth = total - newYear * 12 + 1
  return daysOf(newYear, newMonth, Math.min(day, daysInMonth(newYear, newMonth)))
}

export const addMonths = (timestampUs: Int64, months: number): Int64 =>
  timestampOf(addMonthsToDate(dayOf(timestampUs), months), timeOfDay(timestampUs))

/** 1 (Monday) .. 7 (Sunday). */
export const isoDayOfWeek = (days: number): number => ((((days + 3) % 7) + 7) % 7) + 1

export function dayOfYear(days: number): number {
  return days - daysOf(civilOf(days).year, 1, 1) + 1
}

/** The ISO week number and the year it belongs to. */
export function isoWeek(days: number): { year: number; week: number } {
  const thursday = days + 4 - isoDayOfWeek(days)
  const { year } = civilOf(thursday)
  return { year, week: Math.floor((thursday - daysOf(year, 1, 1)) / 7) + 1 }
}

/** The value without digits beyond `precision` (0..6), toward the past. */
export function truncateToPrecision(us: Int64, precision: number): Int64 {
  if (precision >= 6) return us
  return addInt64(us, -floorModulo(us, 10 ** (6 - precision)))
}

/** Whole days in an interval, toward the past. */
export const floorToDay = (intervalUs: Int64): Int64 => floorDivide(intervalUs, US_PER_DAY)
