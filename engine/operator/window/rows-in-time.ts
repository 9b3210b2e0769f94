/** Which rows of a batch come in time for their session. */

import type { Batch } from '../../batch/batch.ts'

/** Row numbers. A row is late if it is behind `closedUs`, or behind the watermark that its own
 *  split had when it came: whether it would have joined two sessions must not depend on what other
 *  splits have read meanwhile (law 1). Rows without a time (NaN) are in no session, and not
 *  late. */
export function rowsInTime(
  { rowCount, watermarks }: Batch,
  times: Float64Array,
  closedUs: number,
): { rows: Int32Array; late: number[] } {
  const rows = new Int32Array(rowCount)
  let n = 0
  const late: number[] = []
  for (let i = 0; i < rowCount; i++) {
    const time = times[i]
    if (Number.isNaN(time)) continue
    const mark = Math.max(closedUs, watermarks === null ? -Infinity : watermarks[i])
    if (time < mark) late.push(i)
    else rows[n++] = i
  }
  return { rows: rows.subarray(0, n), late }
}
