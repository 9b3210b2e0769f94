/** Fields of intervals: what is left over of a unit, towards zero, with the interval's sign. */

import type { DataType } from '../../batch/types.ts'
import type { Int64 } from '../int64.ts'
import type { Field } from './time-unit.ts'

type FieldOf = (value: bigint) => bigint

const MONTH_FIELDS: Partial<Record<Field, FieldOf>> = {
  MILLENNIUM: (months) => months / 12_000n,
  CENTURY: (months) => months / 1200n,
  DECADE: (months) => months / 120n,
  YEAR: (months) => months / 12n,
  QUARTER: (months) => (months % 12n) / 3n + 1n,
  MONTH: (months) => months % 12n,
}

const SECOND = 1_000_000n
const DAY = 86_400n * SECOND

const TIME_FIELDS: Partial<Record<Field, FieldOf>> = {
  DAY: (us) => us / DAY,
  HOUR: (us) => (us % DAY) / (3600n * SECOND),
  MINUTE: (us) => (us % (3600n * SECOND)) / (60n * SECOND),
  SECOND: (us) => (us % (60n * SECOND)) / SECOND,
  MILLISECOND: (us) => (us % SECOND) / 1000n,
  MICROSECOND: (us) => us % SECOND,
  EPOCH: (us) => us / SECOND,
}

const fieldsOf = ({ kind }: DataType) => (kind === 'interval_month' ? MONTH_FIELDS : TIME_FIELDS)

/** The fields that an interval of the type has. */
export const intervalFields = (type: DataType): readonly Field[] =>
  Object.keys(fieldsOf(type)) as Field[]

/** The field of months or microseconds. */
export function intervalField(type: DataType, field: Field): (value: Int64) => number {
  const read = fieldsOf(type)[field] as FieldOf
  return (value) => Number(read(BigInt(value)))
}
