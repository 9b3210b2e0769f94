/** CAST among dates, times and timestamps. The session's time zone is UTC, so TIMESTAMP and
 *  TIMESTAMP_LTZ hold the same number. */

import type { DataType } from '../batch/types.ts'
import { dayOf, timeOfDay, timestampOf, truncateToPrecision } from './calendar.ts'
import type { Conversion } from './cast.ts'
import type { Int64 } from './int64.ts'

/** The conversion between two types of which none is text or a number. */
export function castTime(from: DataType, to: DataType): Conversion | undefined {
  if (from.kind === 'timestamp' || from.kind === 'timestamp_ltz') {
    switch (to.kind) {
      case 'timestamp':
      case 'timestamp_ltz':
        return (value: Int64) => truncateToPrecision(value, to.precision)
      case 'date':
        return dayOf
      case 'time':
        return (value: Int64) => truncateToPrecision(timeOfDay(value), to.precision)
      default:
        return undefined
    }
  }
  if (from.kind === 'date') {
    if (to.kind !== 'timestamp' && to.kind !== 'timestamp_ltz') return undefined
    return (value: number) => timestampOf(value, 0)
  }
  if (from.kind === 'time' && to.kind === 'time') {
    return (value: Int64) => truncateToPrecision(value, to.precision)
  }
  return undefined
}
