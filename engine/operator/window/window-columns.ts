/** The columns that a window adds to its rows. */

import { Column } from '../../batch/column.ts'
import type { Field, Schema } from '../../batch/schema.ts'
import type { DataType } from '../../batch/types.ts'
import type { WindowColumn } from '../nodes.ts'

/** window_time is the last millisecond of the window, as in Flink. */
export const WINDOW_TIME_LAG_US = 1000

const WINDOW_COLUMNS: readonly WindowColumn[] = ['window_start', 'window_end', 'window_time']

/** The value of a window column, in microseconds. */
export function windowValue(column: WindowColumn, startUs: number, endUs: number): number {
  if (column === 'window_start') return startUs
  return column === 'window_end' ? endUs : endUs - WINDOW_TIME_LAG_US
}

/** The fields of a window over a time column of this type. */
export function windowFields(time: DataType): Field[] {
  const type = boundType(time)
  return WINDOW_COLUMNS.map((name) => ({
    name,
    type,
    nullable: false,
  }))
}

/** The time column's type with room for milliseconds: window_time needs them. */
export function boundType(time: DataType): DataType {
  if (time.kind !== 'timestamp' && time.kind !== 'timestamp_ltz') return time
  return { ...time, precision: Math.max(3, time.precision) }
}

/** A window column of many windows. */
export function boundsColumn(
  type: DataType,
  column: WindowColumn,
  starts: Float64Array,
  ends: Float64Array,
): Column {
  const { length } = starts
  const values = new BigInt64Array(length)
  // Two lanes at a time: a bigint for every value would be many times slower.
  const lanes = new Int32Array(values.buffer)
  for (let i = 0; i < length; i++) {
    const us = windowValue(column, starts[i], ends[i])
    lanes[i * 2] = us | 0
    lanes[i * 2 + 1] = Math.floor(us / 4294967296)
  }
  return new Column({ type, length, values })
}

/** The three columns of rows whose windows have these bounds; `schema` ends with them. */
export function boundsOfRows(
  { fields }: Schema,
  starts: Float64Array,
  ends: Float64Array,
): Column[] {
  return WINDOW_COLUMNS.map((column, i) =>
    boundsColumn(fields[fields.length - WINDOW_COLUMNS.length + i].type, column, starts, ends),
  )
}

/** A column of `length` times the same instant. */
export function constantTime(type: DataType, valueUs: number, length: number): Column {
  return new Column({ type, length, values: new BigInt64Array(length).fill(BigInt(valueUs)) })
}
