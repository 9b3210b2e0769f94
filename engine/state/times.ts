/** Event times out of a TIMESTAMP column. */

import type { Column } from '../batch/column.ts'

/** Microseconds of the rows [from, to); NaN where the time is NULL. */
export function timesOf(column: Column, from: number, to: number): Float64Array {
  const times = new Float64Array(to - from)
  const { lanes, validity } = column
  for (let row = from; row < to; row++) {
    const isNull = validity !== null && ((validity[row >> 3] >> (row & 7)) & 1) === 0
    times[row - from] = isNull
      ? Number.NaN
      : lanes[row * 2 + 1] * 4294967296 + (lanes[row * 2] >>> 0)
  }
  return times
}

/** A whole number of two lanes, as of a time or a BIGINT, that is not NULL. */
export const numberAt = ({ lanes }: Column, row: number): number =>
  lanes[row * 2 + 1] * 4294967296 + (lanes[row * 2] >>> 0)
