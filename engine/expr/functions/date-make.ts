/** Making dates and timestamps of numbers and of each other, and differences in days. */

import { civilOf, daysInMonth, daysOf } from '../../base/time-text.ts'
import { DATE, type DataType, DOUBLE, INT, TIMESTAMP, VARCHAR } from '../../batch/types.ts'
import { dayOf, isoDayOfWeek, timestampOf, truncateToPrecision } from '../calendar.ts'
import { coerce } from '../coerce.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { Int64 } from '../int64.ts'
import type { Expr, Value } from '../ir.ts'
import { bigint, date, int, text } from '../literal.ts'
import { oneOf } from './signature.ts'
import { pointType } from './time-unit.ts'

const plain = { family: 'temporal', nulls: 'strict' } as const

/** A date, also of a text or a timestamp. */
function dateType(arg: Expr): DataType | undefined {
  if (arg.type.kind === 'varchar') return coerce(arg, DATE) === undefined ? pointType(arg) : DATE
  return pointType(arg)
}

/** The day of an argument of `dateType`. */
const toDay = (type: DataType): ((value: Int64) => number) =>
  type.kind === 'date' ? Number : dayOf

const isDay = (year: number, month: number, day: number): boolean =>
  year >= 1 &&
  year <= 9999 &&
  month >= 1 &&
  month <= 12 &&
  day >= 1 &&
  day <= daysInMonth(year, month)

const makeDate: PlainFunction = {
  ...plain,
  name: 'MAKE_DATE',
  doc: 'The date of a year, month and day; NULL if there is no such day.',
  syntax: ['MAKE_DATE(year, month, day)'],
  examples: [
    { args: [int(2024), int(2), int(29)], result: '2024-02-29' },
    { args: [int(2023), int(2), int(29)], result: 'NULL' },
  ],
  resolve: oneOf([[INT, INT, INT], DATE]),
  nullable: 'always',
  evaluate: () => (year: number, month: number, day: number) =>
    isDay(year, month, day) ? daysOf(year, month, day) : null,
}

const makeTimestamp: PlainFunction = {
  ...plain,
  name: 'MAKE_TIMESTAMP',
  doc: 'The timestamp of a year, month, day, hour, minute and second (with a fraction); NULL if there is no such time.',
  syntax: ['MAKE_TIMESTAMP(year, month, day, hour, minute, second)'],
  examples: [
    {
      args: [int(2024), int(2), int(29), int(13), int(45), int(30)],
      result: '2024-02-29 13:45:30.000',
    },
  ],
  resolve: oneOf([[INT, INT, INT, INT, INT, DOUBLE], TIMESTAMP]),
  nullable: 'always',
  evaluate:
    () =>
    (year: number, month: number, day: number, hour: number, minute: number, second: number) => {
      const isTime = hour >= 0 && hour < 24 && minute >= 0 && minute < 60
      if (!isDay(year, month, day) || !isTime || !(second >= 0 && second < 60)) return null
      const us = (hour * 60 + minute) * 60_000_000 + Math.floor(second * 1e6)
      return truncateToPrecision(timestampOf(daysOf(year, month, day), us), 3)
    },
}

const lastDay: PlainFunction = {
  ...plain,
  name: 'LAST_DAY',
  doc: 'The last day of the month that the date or timestamp is in.',
  syntax: ['LAST_DAY(date)'],
  examples: [{ args: [date('2024-02-10')], result: '2024-02-29' }],
  resolve(args) {
    const type = args.length === 1 ? dateType(args[0]) : undefined
    return type && { args: [type], type: DATE }
  },
  evaluate({ args }) {
    const day = toDay(args[0].type)
    return (value: Int64) => {
      const { year, month } = civilOf(day(value))
      return daysOf(year, month, daysInMonth(year, month))
    }
  },
}

const dateDiff: PlainFunction = {
  ...plain,
  name: 'DATEDIFF',
  doc: 'The days from the second date to the first; of timestamps, their dates count.',
  syntax: ['DATEDIFF(to, from)'],
  examples: [{ args: [date('2024-03-01'), date('2024-02-28')], result: '2' }],
  resolve(args) {
    const types = args.length === 2 ? args.map(dateType) : []
    const [to, from] = types
    return to && from && { args: [to, from], type: INT }
  },
  evaluate({ args }) {
    const [to, from] = args.map((arg) => toDay(arg.type))
    return (a: Int64, b: Int64) => to(a) - from(b)
  },
}

const NAMES = {
  DAYNAME: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
  MONTHNAME: [
    'January',
    'February',
    'March',
    'April',
    'May',
    'June',
    'July',
    'August',
    'September',
    'October',
    'November',
    'December',
  ],
}

const named = (
  name: keyof typeof NAMES,
  index: (day: number) => number,
  result: string,
): PlainFunction => ({
  ...plain,
  name,
  doc: `The English name of the ${name === 'DAYNAME' ? 'day of the week' : 'month'}.`,
  syntax: [`${name}(date)`],
  examples: [{ args: [date('2024-02-29')], result }],
  resolve(args) {
    const type = args.length === 1 ? dateType(args[0]) : undefined
    return type && { args: [type], type: VARCHAR }
  },
  evaluate({ args }) {
    const day = toDay(args[0].type)
    return (value: Int64): Value => NAMES[name][index(day(value)) - 1]
  },
})

export const dateMakers: readonly ScalarFunction[] = [
  makeDate,
  makeTimestamp,
  lastDay,
  dateDiff,
  named('DAYNAME', isoDayOfWeek, 'Thursday'),
  named('MONTHNAME', (day) => civilOf(day).month, 'February'),
  {
    name: 'DATE_DIFF',
    family: 'temporal',
    doc: 'TIMESTAMPDIFF: whole units from the first to the second date or timestamp.',
    syntax: ["DATE_DIFF('unit', from, to)"],
    examples: [{ args: [text('day'), date('2024-02-28'), date('2024-03-01')], result: '2' }],
    nulls: 'macro',
    arity: [3, 3],
    expand: ([unit, from, to], { call }) => call('TIMESTAMPDIFF', unit, from, to),
  },
  {
    name: 'ADD_MONTHS',
    family: 'temporal',
    doc: 'The date or timestamp moved by months; a day that the month does not have becomes its last.',
    syntax: ['ADD_MONTHS(date, months)'],
    examples: [{ args: [date('2024-01-31'), int(1)], result: '2024-02-29' }],
    nulls: 'macro',
    arity: [2, 2],
    expand: ([point, count], { call }) => call('TIMESTAMPADD', text('MONTH'), count, point),
  },
  {
    name: 'DATE_ADD',
    family: 'temporal',
    doc: 'The date or timestamp moved by days.',
    syntax: ['DATE_ADD(date, days)'],
    examples: [{ args: [date('2024-02-28'), int(2)], result: '2024-03-01' }],
    nulls: 'macro',
    arity: [2, 2],
    expand: ([point, count], { call }) => call('TIMESTAMPADD', text('DAY'), count, point),
  },
  {
    name: 'FROM_UNIXTIME',
    family: 'temporal',
    doc: "Seconds since 1970 UTC as text, by a pattern (default yyyy-MM-dd HH:mm:ss), on the session's clock.",
    syntax: ['FROM_UNIXTIME(seconds[, pattern])'],
    examples: [
      { args: [bigint(1709214330)], result: '2024-02-29 13:45:30' },
      { args: [bigint(1709214330), text('dd.MM.yy')], result: '29.02.24' },
    ],
    nulls: 'macro',
    arity: [1, 2],
    expand: ([count, pattern], { call }) =>
      call(
        'DATE_FORMAT',
        call('TO_TIMESTAMP_LTZ', count, int(0)),
        pattern ?? text('yyyy-MM-dd HH:mm:ss'),
      ),
  },
]
