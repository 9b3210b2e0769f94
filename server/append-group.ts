/** Which requests that wait to be written share a frame, and how much memory they take. */

import type { Batch } from '../engine/batch/batch.ts'

/** Rows of a shared frame; a single request may bring more. */
const FRAME_ROWS_MAX = 16_384

/** A request that waits to be written. */
export interface WaitingRequest {
  /** The hash of its idempotency key. */
  readonly key: number | undefined
  readonly rowCount: number
  readonly enveloped: boolean
  readonly bytes: number
}

/** Takes the requests of the next frames away, in their order. */
export function takeGroups<Waiting extends WaitingRequest>(
  waiting: Waiting[],
  most: number,
): Waiting[][] {
  const groups: Waiting[][] = []
  while (waiting.length > 0 && groups.length < most) {
    groups.push(waiting.splice(0, sharedCount(waiting)))
  }
  return groups
}

/** How many of the first requests share a frame: those with a key stay alone. */
function sharedCount(waiting: readonly WaitingRequest[]): number {
  const [first] = waiting
  if (first.key !== undefined) return 1
  let rows = 0
  let count = 0
  for (const one of waiting) {
    rows += one.rowCount
    const differs = one.key !== undefined || one.enveloped !== first.enveloped
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
