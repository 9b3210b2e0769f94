/** Which rows of a join's input come in time. */

import type { Batch } from '../../batch/batch.ts'
import { timesOf } from '../../state/times.ts'

/** The batch without its late rows, which `late` gets: those whose time is below the watermark that
 *  their split had when they came, or below `passedUs`, to which their input has come. */
export function onTime(
  batch: Batch,
  timeColumn: number,
  passedUs: number,
  late: (batch: Batch) => void,
): Batch {
  if (batch.watermarks === null && passedUs === -Infinity) return batch
  const times = timesOf(batch.columns[timeColumn], 0, batch.rowCount)
  const kept = new Int32Array(batch.rowCount)
  const behind: number[] = []
  let n = 0
  for (let i = 0; i < batch.rowCount; i++) {
    const mark = batch.watermarks === null ? passedUs : Math.max(passedUs, batch.watermarks[i])
    if (times[i] < mark) behind.push(i)
    else kept[n++] = i
  }
  if (behind.length === 0) return batch
  late(batch.keep(Int32Array.from(behind), behind.length))
  return batch.keep(kept, n)
}
