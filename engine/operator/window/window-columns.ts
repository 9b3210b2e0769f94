/** The columns that a window adds to its rows. */

import { Column } from '../../batch/column.ts'
import type { Field } from '../../batch/schema.ts'
import type { DataType } from '../../batch/types.ts'
import type { WindowColumn } from '../nodes.ts'

/** window_time is the last millisecond of the window, as in Flink. */
export const WINDOW_TIME_LAG_US = 1000

/** The value of a window column, in microseconds. */
export function windowValue(column: WindowColumn, startUs: number, endUs: number): number {
  if (column === 'window_start') return startUs
  return column === 'window_end' ? endUs : endUs - WINDOW_TIME_LAG_US
}

/** The fields of a window over a time column of this type. */
export function windowFields(time: DataType): Field[] {
  const type = boundType(time)
  return (['window_start', 'window_end', 'window_time'] as const).map((name) => ({
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

/** A column of `length` times the same instant. */
export function constantTime(type: DataType, valueUs: number, length: number): Column {
  return new Column({ type, length, values: new BigInt64Array(length).fill(BigInt(valueUs)) })
}
