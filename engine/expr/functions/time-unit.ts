/** The units of time that EXTRACT, DATE_TRUNC, FLOOR and CEIL TO, TIMESTAMPADD and -DIFF know. */

import { fail } from '../../base/errors.ts'
import { nearestName } from '../../base/nearest-name.ts'
import { civilOf, daysOf } from '../../base/time-text.ts'
import { type DataType, isTimestamp, VARCHAR } from '../../batch/types.ts'
import {
  addMonthsToDate,
  dayOf,
  dayOfYear,
  isoDayOfWeek,
  isoWeek,
  timeOfDay,
  timestampOf,
  US_PER_DAY,
  US_PER_HOUR,
  US_PER_MINUTE,
  US_PER_MS,
  US_PER_SECOND,
} from '../calendar.ts'
import { coerce, literalText } from '../coerce.ts'
import type { Apply, Signature } from '../function.ts'
import { addInt64, floorDivide, floorModulo, type Int64 } from '../int64.ts'
import type { CallExpr, Expr } from '../ir.ts'

/** Units that are a fixed number of microseconds. */
export const FIXED_US = {
  MICROSECOND: 1,
  MILLISECOND: US_PER_MS,
  SECOND: US_PER_SECOND,
  MINUTE: US_PER_MINUTE,
  HOUR: US_PER_HOUR,
  DAY: US_PER_DAY,
  WEEK: 7 * US_PER_DAY,
} as const

/** Units that are a number of months. */
export const MONTHS = {
  MONTH: 1,
  QUARTER: 3,
  YEAR: 12,
  DECADE: 120,
  CENTURY: 1200,
  MILLENNIUM: 12000,
} as const

type FixedUnit = keyof typeof FIXED_US
type MonthUnit = keyof typeof MONTHS
export type TimeUnit = FixedUnit | MonthUnit
export type Field = TimeUnit | 'DOW' | 'ISODOW' | 'DOY' | 'ISOYEAR' | 'EPOCH'

const UNITS: readonly TimeUnit[] = [
  ...(Object.keys(FIXED_US) as FixedUnit[]),
  ...(Object.keys(MONTHS) as MonthUnit[]),
]
const FIELDS: readonly Field[] = [...UNITS, 'DOW', 'ISODOW', 'DOY', 'ISOYEAR', 'EPOCH']

export const isFixed = (unit: Field): unit is FixedUnit => unit in FIXED_US
export const isMonths = (unit: Field): unit is MonthUnit => unit in MONTHS

/** A unit's name in any case, singular, plural or with Flink's SQL_TSI_ prefix. */
function nameOf<Name extends string>(text: string, known: readonly Name[]): Name | undefined {
  const name = text
    .trim()
    .toUpperCase()
    .replace(/^SQL_TSI_/, '')
  return known.find((unit) => unit === name || `${unit}S` === name)
}

function read<Name extends string>(expr: Expr, known: readonly Name[], what: string): Name {
  const text = literalText(expr)
  if (text === undefined) {
    return fail('INVALID_ARGUMENT', `The ${what} must be a constant text`, { at: expr.at })
  }
  const name = nameOf(text, known)
  if (name !== undefined) return name
  const near = nearestName(text, known)
  const hint = near === undefined ? `One of ${known.join(', ')}.` : `Did you mean ${near}?`
  return fail('INVALID_ARGUMENT', `No ${what} '${text}'`, { at: expr.at, hint })
}

/** The unit a literal argument names. INVALID_ARGUMENT if it names none or is no literal. */
export const unitOf = (expr: Expr): TimeUnit => read(expr, UNITS, 'time unit')

/** The field (for EXTRACT) a literal argument names. INVALID_ARGUMENT as for `unitOf`. */
export const fieldOf = (expr: Expr): Field => read(expr, FIELDS, 'field of a date or time')

/** The start of the unit that the date is in. */
function floorDate(days: number, unit: TimeUnit): number {
  if (unit === 'WEEK') return days - (isoDayOfWeek(days) - 1)
  if (isFixed(unit)) return days
  const { year, month } = civilOf(days)
  const size = MONTHS[unit]
  if (size < 12) return daysOf(year, month - ((month - 1) % size), 1)
  const years = size / 12
  // Centuries and millennia begin with the year 1, decades with the year 0.
  const first = years >= 100 ? 1 : 0
  return daysOf(Math.max(year - ((year - first) % years), 1), 1, 1)
}

/** The start of the unit that the timestamp is in. */
function floorTimestamp(us: Int64, unit: TimeUnit): Int64 {
  if (isFixed(unit) && unit !== 'WEEK') return addInt64(us, -floorModulo(us, FIXED_US[unit]))
  return timestampOf(floorDate(dayOf(us), unit), 0)
}

function ceilDate(days: number, unit: TimeUnit): number {
  const floor = floorDate(days, unit)
  if (floor === days) return days
  return isMonths(unit) ? addMonthsToDate(floor, MONTHS[unit]) : floor + 7
}

function ceilTimestamp(us: Int64, unit: TimeUnit): Int64 {
  const floor = floorTimestamp(us, unit)
  if (floor === us) return us
  if (isFixed(unit)) return addInt64(floor, FIXED_US[unit])
  return timestampOf(addMonthsToDate(dayOf(floor), MONTHS[unit]), 0)
}

const isPoint = (type: DataType): boolean => isTimestamp(type) || type.kind === 'date'

/** The point in time an argument is taken as; a text literal is a timestamp. */
export function pointType(arg: Expr): DataType | undefined {
  if (isPoint(arg.type)) return arg.type
  const timestamp: DataType = { kind: 'timestamp', precision: 3 }
  return coerce(arg, timestamp) === undefined ? undefined : timestamp
}

/** The signature of FLOOR(point, 'unit'). */
export function resolveToUnit(args: readonly Expr[]): Signature | undefined {
  const type = pointType(args[0])
  if (type === undefined) return undefined
  unitOf(args[1])
  return { args: [type, VARCHAR], type }
}

/** FLOOR or CEIL of a point in time to the literal unit. */
export function roundToUnit({ args }: CallExpr, up: boolean): Apply {
  const unit = unitOf(args[1])
  if (args[0].type.kind === 'date') {
    return (days: number) => (up ? ceilDate(days, unit) : floorDate(days, unit))
  }
  return (us: Int64) => (up ? ceilTimestamp(us, unit) : floorTimestamp(us, unit))
}

/** A field of a date. */
export function dateField(days: number, field: Field): number {
  switch (field) {
    case 'DAY':
      return civilOf(days).day
    case 'DOW':
      return (isoDayOfWeek(days) % 7) + 1
    case 'ISODOW':
      return isoDayOfWeek(days)
    case 'DOY':
      return dayOfYear(days)
    case 'WEEK':
      return isoWeek(days).week
    case 'ISOYEAR':
      return isoWeek(days).year
    case 'EPOCH':
      return days * 86400
    default:
      return isFixed(field) ? 0 : monthField(days, field)
  }
}

function monthField(days: number, field: MonthUnit): number {
  const { year, month } = civilOf(days)
  switch (field) {
    case 'MONTH':
      return month
    case 'QUARTER':
      return Math.floor((month - 1) / 3) + 1
    case 'YEAR':
      return year
    case 'DECADE':
      return Math.floor(year / 10)
    default:
      return Math.floor((year - 1) / (MONTHS[field] / 12)) + 1
  }
}

/** A field of the time of day. MILLISECOND and MICROSECOND count within the second. */
export function timeField(us: number, field: FixedUnit): number {
  switch (field) {
    case 'HOUR':
      return Math.floor(us / US_PER_HOUR)
    case 'MINUTE':
      return Math.floor(us / US_PER_MINUTE) % 60
    case 'SECOND':
      return Math.floor(us / US_PER_SECOND) % 60
    case 'MILLISECOND':
      return Math.floor((us % US_PER_SECOND) / US_PER_MS)
    case 'MICROSECOND':
      return us % US_PER_SECOND
    default:
      return 0
  }
}

const CLOCK: readonly Field[] = ['HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND']

/** Whether the field is one of the time of day. */
export const isClockField = (field: Field): field is FixedUnit => CLOCK.includes(field)

/** A field of a timestamp. */
export function timestampField(us: Int64, field: Field): number {
  if (isClockField(field)) return timeField(timeOfDay(us), field)
  if (field === 'EPOCH') return Number(floorDivide(us, US_PER_SECOND))
  return dateField(dayOf(us), field)
}
