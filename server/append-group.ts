/** Which requests that wait to be written share a frame, and how much memory they take. */

import type { Batch } from '../engine/batch/batch.ts'
import type { StreamRows } from './envelope.ts'

/** Rows of a shared frame; a single request may bring more. */
export const FRAME_ROWS_MAX = 16_384

/** Rows that wait to be written. */
export interface WaitingRows {
  readonly rows: StreamRows
  /** The hash of its idempotency key. */
  readonly key: number | undefined
  readonly bytes: number
}

/** How many of the first requests share a frame: those with a key stay alone. */
export function sharedCount(waiting: readonly WaitingRows[]): number {
  const [{ rows: first, key }] = waiting
  if (key !== undefined) return 1
  let rows = 0
  let count = 0
  for (const one of waiting) {
    rows += one.rows.batch.rowCount
    const differs = one.key !== undefined || one.rows.enveloped !== first.enveloped
    if (count > 0 && (differs || rows > FRAME_ROWS_MAX)) break
    count++
  }
  return count
}

/** About how much memory the rows take. */
export function bytesOf({ columns, rowCount }: Batch): number {
  let bytes = rowCount
  for (const { values, starts } of columns) bytes += values.byteLength + starts.byteLength * 2
  return bytes
}
