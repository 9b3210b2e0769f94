/** Fields of dates, times and timestamps, and their rounding to a unit. */

import { BIGINT, type DataType, isInterval, VARCHAR } from '../../batch/types.ts'
import type { Value } from '../../batch/value.ts'
import type { PlainFunction, Signature } from '../function.ts'
import type { Int64 } from '../int64.ts'
import type { Expr } from '../ir.ts'
import { date, months, seconds, text, timestamp } from '../literal.ts'
import { intervalField, intervalFields } from './interval-field.ts'
import {
  dateField,
  type Field,
  fieldOf,
  isClockField,
  pointType,
  resolveToUnit,
  roundToUnit,
  timeField,
  timestampField,
} from './time-unit.ts'

const plain = { family: 'temporal', nulls: 'strict' } as const
const TS = timestamp('2024-02-29 13:45:30.123')

function resolveField(args: readonly Expr[], field: Field): Signature | undefined {
  const [point] = args
  if (isInterval(point.type)) {
    return intervalFields(point.type).includes(field)
      ? { args: [point.type], type: BIGINT }
      : undefined
  }
  if (point.type.kind === 'time' && isClockField(field)) return { args: [point.type], type: BIGINT }
  const type = pointType(point)
  return type && { args: [type], type: BIGINT }
}

function fieldValue(type: DataType, field: Field): (value: never) => number {
  if (isInterval(type)) return intervalField(type, field)
  if (type.kind === 'date') return (days: number) => dateField(days, field)
  if (type.kind === 'time' && isClockField(field)) return (us: number) => timeField(us, field)
  return (us: Int64) => timestampField(us, field)
}

const extract: PlainFunction = {
  ...plain,
  name: 'EXTRACT',
  aliases: ['DATE_PART'],
  doc: 'A field of a date, time, timestamp or interval, as BIGINT: YEAR, QUARTER, MONTH, WEEK (ISO), DAY, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND (within the second), DOW (1 = Sunday), ISODOW (1 = Monday), DOY, ISOYEAR, EPOCH, DECADE, CENTURY, MILLENNIUM.',
  syntax: ['EXTRACT(field FROM timestamp)', 'EXTRACT(field FROM interval)'],
  examples: [
    { args: [text('HOUR'), TS], result: '13' },
    { args: [text('DOY'), date('2024-02-29')], result: '60' },
    { args: [text('MONTH'), months(27)], result: '3' },
    { args: [text('HOUR'), seconds(100_000)], result: '3' },
  ],
  resolve(args) {
    if (args.length !== 2) return undefined
    const signature = resolveField(args.slice(1), fieldOf(args[0]))
    return signature && { ...signature, args: [VARCHAR, ...signature.args] }
  },
  evaluate({ args }) {
    const read = fieldValue(args[1].type, fieldOf(args[0]))
    return (_field: string, value: never) => read(value)
  },
}

const fieldEntry = (name: string, field: Field, doc: string, result: string): PlainFunction => ({
  ...plain,
  name,
  doc,
  syntax: [`${name}(timestamp)`],
  examples: [{ args: [TS], result }],
  resolve: (args) => (args.length === 1 ? resolveField(args, field) : undefined),
  evaluate: ({ args }) => fieldValue(args[0].type, field),
})

const FIELDS: readonly PlainFunction[] = [
  fieldEntry('YEAR', 'YEAR', 'The year.', '2024'),
  fieldEntry('QUARTER', 'QUARTER', 'The quarter, 1 to 4.', '1'),
  fieldEntry('MONTH', 'MONTH', 'The month, 1 to 12.', '2'),
  fieldEntry('WEEK', 'WEEK', 'The ISO week, 1 to 53.', '9'),
  fieldEntry('DAYOFYEAR', 'DOY', 'The day of the year, 1 to 366.', '60'),
  fieldEntry('DAYOFMONTH', 'DAY', 'The day of the month, 1 to 31.', '29'),
  fieldEntry('DAYOFWEEK', 'DOW', 'The day of the week, 1 (Sunday) to 7.', '5'),
  fieldEntry('HOUR', 'HOUR', 'The hour, 0 to 23.', '13'),
  fieldEntry('MINUTE', 'MINUTE', 'The minute, 0 to 59.', '45'),
  fieldEntry('SECOND', 'SECOND', 'The second, 0 to 59.', '30'),
]

const dateTrunc: PlainFunction = {
  ...plain,
  name: 'DATE_TRUNC',
  doc: 'The start of the unit that the date or timestamp is in. Weeks begin on Monday.',
  syntax: ["DATE_TRUNC('unit', timestamp)"],
  examples: [
    { args: [text('hour'), TS], result: '2024-02-29 13:00:00.000' },
    { args: [text('month'), date('2024-02-29')], result: '2024-02-01' },
  ],
  resolve(args) {
    if (args.length !== 2) return undefined
    const signature = resolveToUnit([args[1], args[0]])
    return signature && { ...signature, args: [VARCHAR, signature.args[0]] }
  },
  evaluate(call) {
    const [unit, point] = call.args
    const round = roundToUnit({ ...call, args: [point, unit] }, false) as (value: Value) => Value
    return (_unit: string, value: Value) => round(value)
  },
}

export const timeFields: readonly PlainFunction[] = [extract, ...FIELDS, dateTrunc]
