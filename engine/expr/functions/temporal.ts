/** Dates and times: the clock, fields, and conversion from and to text, numbers and units. The
 *  session's time zone is UTC. */

import { fail } from '../../base/errors.ts'
import {
  BIGINT,
  DATE,
  type DataType,
  INT,
  isNumeric,
  isTimestamp,
  TIMESTAMP,
  TIMESTAMP_LTZ,
  VARCHAR,
} from '../../batch/types.ts'
import {
  addMonths,
  addMonthsToDate,
  dayOf,
  truncateToPrecision,
  US_PER_SECOND,
} from '../calendar.ts'
import { conversion } from '../cast.ts'
import { coerce, literalInteger, literalText } from '../coerce.ts'
import { compileDatePattern } from '../date-pattern.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import {
  addInt64,
  canonical,
  checkedInt64,
  floorDivide,
  type Int64,
  multiplyInt64,
} from '../int64.ts'
import type { CallExpr, Expr, Value } from '../ir.ts'
import { bigint, date, int, text, timestamp } from '../literal.ts'
import { clocks } from './clock.ts'
import { dateMakers } from './date-make.ts'
import { monthsBetween } from './months-between.ts'
import { oneOf } from './signature.ts'
import { timeFields } from './time-field.ts'
import { FIXED_US, isClockField, isFixed, MONTHS, pointType, unitOf } from './time-unit.ts'
import { zoneFunctions } from './zone.ts'

const plain = { family: 'temporal', nulls: 'strict' } as const
const TS = timestamp('2024-02-29 13:45:30.123')

const DEFAULT_PATTERN = 'yyyy-MM-dd HH:mm:ss'

/** The pattern argument when it is constant, compiled once; else one by one. */
function patternOf(arg: Expr | undefined, at: CallExpr['at']) {
  const constant = arg === undefined ? DEFAULT_PATTERN : literalText(arg)
  if (constant === undefined) return (pattern: string) => compileDatePattern(pattern, at)
  const compiled = compileDatePattern(constant, arg?.at ?? at)
  return () => compiled
}

const dateFormat: PlainFunction = {
  ...plain,
  name: 'DATE_FORMAT',
  doc: "The date or timestamp as text, by a pattern of Java's DateTimeFormatter: yyyy MM dd HH mm ss SSS, a, E, D and so on; text in quotes.",
  syntax: ['DATE_FORMAT(timestamp, pattern)'],
  examples: [
    { args: [TS, text('yyyy/MM/dd HH:mm')], result: '2024/02/29 13:45' },
    { args: [TS, text('EEE d MMM, h a')], result: 'Thu 29 Feb, 1 PM' },
  ],
  resolve(args) {
    const type = args.length === 2 ? pointType(args[0]) : undefined
    if (type === undefined) return undefined
    return { args: [type.kind === 'date' ? TIMESTAMP : type, VARCHAR], type: VARCHAR }
  },
  evaluate({ args, at }) {
    const pattern = patternOf(args[1], at)
    return (us: Int64, format: string) => pattern(format).format(us)
  },
}

/** TO_TIMESTAMP and TO_DATE: text by a pattern; NULL if the text is not in it. */
function parseEntry(
  name: string,
  type: DataType,
  doc: string,
  examples: PlainFunction['examples'],
): PlainFunction {
  return {
    ...plain,
    name,
    doc: `${doc} NULL if the text is not in that form.`,
    syntax: [`${name}(text)`, `${name}(text, pattern)`],
    examples,
    resolve: oneOf([[VARCHAR], type], [[VARCHAR, VARCHAR], type]),
    nullable: 'always',
    evaluate({ args, at }) {
      const isDate = type.kind === 'date'
      const convert = (us: Int64 | undefined): Value => {
        if (us === undefined) return null
        return isDate ? dayOf(us) : truncateToPrecision(us, 3)
      }
      if (args.length === 1) {
        const parse = conversion(VARCHAR, type) as (value: string) => Value | undefined
        return (value: string) => parse(value) ?? null
      }
      const pattern = patternOf(args[1], at)
      return (value: string, format: string) => convert(pattern(format).parse(value))
    },
  }
}

const toTimestamp = parseEntry(
  'TO_TIMESTAMP',
  TIMESTAMP,
  'The timestamp a text spells, by default as yyyy-MM-dd HH:mm:ss[.SSS] or in ISO form.',
  [
    { args: [text('2024-02-29 13:45:30')], result: '2024-02-29 13:45:30.000' },
    {
      args: [text('29.02.2024 13:45'), text('dd.MM.yyyy HH:mm')],
      result: '2024-02-29 13:45:00.000',
    },
    { args: [text('not a time')], result: 'NULL' },
  ],
)

const toDate = parseEntry('TO_DATE', DATE, 'The date a text spells, by default as yyyy-MM-dd.', [
  { args: [text('2024-02-29')], result: '2024-02-29' },
  { args: [text('2/29/2024'), text('M/d/yyyy')], result: '2024-02-29' },
])

const toTimestampLtz: PlainFunction = {
  ...plain,
  name: 'TO_TIMESTAMP_LTZ',
  doc: 'The instant of a number since 1970 UTC: seconds (precision 0), milliseconds (3, the default) or microseconds (6); or of a text.',
  syntax: ['TO_TIMESTAMP_LTZ(number[, precision])', 'TO_TIMESTAMP_LTZ(text[, pattern])'],
  examples: [
    { args: [bigint(1709214330), int(0)], result: '2024-02-29 13:45:30.000' },
    { args: [bigint(1709214330123), int(3)], result: '2024-02-29 13:45:30.123' },
    { args: [text('2024-02-29T13:45:30Z')], result: '2024-02-29 13:45:30.000' },
  ],
  resolve(args) {
    if (args.length < 1 || args.length > 2) return undefined
    if (!isNumeric(args[0].type)) {
      return oneOf([[VARCHAR], TIMESTAMP_LTZ], [[VARCHAR, VARCHAR], TIMESTAMP_LTZ])(args)
    }
    const precision = args.length === 1 ? 3n : literalInteger(args[1])
    if (precision !== 0n && precision !== 3n && precision !== 6n) {
      fail('INVALID_ARGUMENT', 'The precision must be 0 (seconds), 3 (milliseconds) or 6', {
        at: args[1].at,
      })
    }
    const type: DataType = { kind: 'timestamp_ltz', precision: precision === 6n ? 6 : 3 }
    return { args: args.length === 1 ? [BIGINT] : [BIGINT, INT], type }
  },
  nullable: 'always',
  evaluate(call) {
    if (call.args[0].type.kind === 'varchar') return toTimestamp.evaluate(call)
    const precision = call.args.length === 1 ? 3 : Number(literalInteger(call.args[1]) ?? 3n)
    const unit = 10 ** (6 - precision)
    return (value: Int64) => checkedInt64(BigInt(value) * BigInt(unit), call.at)
  },
}

const unixTimestamp: PlainFunction = {
  ...plain,
  name: 'UNIX_TIMESTAMP',
  doc: 'Seconds since 1970 UTC of a timestamp, or of a text by a pattern (default yyyy-MM-dd HH:mm:ss).',
  syntax: ['UNIX_TIMESTAMP(timestamp)', 'UNIX_TIMESTAMP(text[, pattern])'],
  examples: [
    { args: [TS], result: '1709214330' },
    { args: [text('2024-02-29 13:45:30')], result: '1709214330' },
  ],
  resolve(args) {
    const [first] = args
    if (args.length === 1 && isTimestamp(first.type)) return { args: [first.type], type: BIGINT }
    return oneOf([[VARCHAR], BIGINT], [[VARCHAR, VARCHAR], BIGINT])(args)
  },
  nullable: 'always',
  evaluate(call) {
    if (call.args[0].type.kind !== 'varchar') return (us: Int64) => floorDivide(us, US_PER_SECOND)
    const parse = toTimestamp.evaluate(call) as (...args: string[]) => Value
    return (...args: string[]) => {
      const us = parse(...args)
      return us === null ? null : floorDivide(us as Int64, US_PER_SECOND)
    }
  },
}

const timestampAdd: PlainFunction = {
  ...plain,
  name: 'TIMESTAMPADD',
  doc: 'The date or timestamp moved by a number of units.',
  syntax: ['TIMESTAMPADD(unit, count, timestamp)'],
  examples: [
    { args: [text('DAY'), int(1), TS], result: '2024-03-01 13:45:30.123' },
    { args: [text('YEAR'), int(-1), date('2024-02-29')], result: '2023-02-28' },
  ],
  resolve(args) {
    if (args.length !== 3) return undefined
    const unit = unitOf(args[0])
    const point = pointType(args[2])
    if (point === undefined || coerce(args[1], BIGINT) === undefined) return undefined
    const type = point.kind === 'date' && isClockField(unit) ? TIMESTAMP : point
    return { args: [VARCHAR, BIGINT, type], type }
  },
  evaluate({ args, type, at }) {
    const unit = unitOf(args[0])
    const inRange = (us: Int64): Int64 => {
      if (us >= -62135596800000000n && us <= 253402300799999999n) return us
      return fail('OUT_OF_RANGE', 'The timestamp leaves the years 0001 to 9999', { at })
    }
    if (type.kind === 'date') {
      return (_unit: string, count: Int64, days: number) => {
        const by = Number(count)
        if (Math.abs(by) > 1e7) return Number(inRange(2n ** 60n))
        if (!isFixed(unit)) return addMonthsToDate(days, by * MONTHS[unit])
        return days + by * (unit === 'WEEK' ? 7 : 1)
      }
    }
    if (isFixed(unit)) {
      return (_unit: string, count: Int64, us: Int64) =>
        inRange(addInt64(us, multiplyInt64(count, FIXED_US[unit])))
    }
    return (_unit: string, count: Int64, us: Int64) =>
      inRange(
        Math.abs(Number(count)) > 1e6 ? 2n ** 60n : addMonths(us, Number(count) * MONTHS[unit]),
      )
  },
}

const timestampDiff: PlainFunction = {
  ...plain,
  name: 'TIMESTAMPDIFF',
  doc: 'Whole units from the first to the second date or timestamp, cut toward zero.',
  syntax: ['TIMESTAMPDIFF(unit, from, to)'],
  examples: [
    { args: [text('DAY'), date('2024-02-28'), date('2024-03-01')], result: '2' },
    {
      args: [text('MONTH'), timestamp('2024-01-31 00:00:00'), timestamp('2024-02-29 00:00:00')],
      result: '0',
    },
  ],
  resolve(args) {
    if (args.length !== 3) return undefined
    unitOf(args[0])
    const [from, to] = [pointType(args[1]), pointType(args[2])]
    if (from === undefined || to === undefined) return undefined
    const precision = Math.max(
      'precision' in from ? from.precision : 0,
      'precision' in to ? to.precision : 0,
    )
    const type: DataType = { kind: 'timestamp', precision }
    return { args: [VARCHAR, type, type], type: BIGINT }
  },
  evaluate({ args }) {
    const unit = unitOf(args[0])
    if (isFixed(unit)) {
      return (_unit: string, from: Int64, to: Int64) =>
        canonical((BigInt(to) - BigInt(from)) / BigInt(FIXED_US[unit]))
    }
    return (_unit: string, from: Int64, to: Int64) =>
      Math.trunc(monthsBetween(from, to) / MONTHS[unit]) + 0
  },
} satisfies PlainFunction

export const temporal: readonly ScalarFunction[] = [
  ...clocks,
  ...timeFields,
  dateFormat,
  toTimestamp,
  toDate,
  toTimestampLtz,
  unixTimestamp,
  timestampAdd,
  timestampDiff,
  ...dateMakers,
  ...zoneFunctions,
]
