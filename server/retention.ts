/** How long a stream keeps its records. */

import type { TrimLimits } from '../engine/log/retention.ts'

/** Absent limits do not apply. */
export interface Retention {
  readonly bytesMax: number | undefined
  readonly ageMsMax: number | undefined
  /** Whether records go that someone has yet to read. */
  readonly dropsNeeded?: boolean
}

/** What a log may lose now, when nobody needs what is before `neededFrom`. */
export function trimLimits(
  { bytesMax, ageMsMax, dropsNeeded }: Retention,
  neededFrom: number,
  nowUs: number,
): TrimLimits {
  const beforeUs = nowUs - (ageMsMax ?? 0) * 1000
  return {
    ...(dropsNeeded ? {} : { before: neededFrom }),
    ...(bytesMax === undefined ? {} : { bytesMax }),
    ...(ageMsMax === undefined ? {} : { beforeUs }),
  }
}

/** Whole segments are removed, so a small retention needs small ones. */
export const segmentBytes = (most: number, { bytesMax = Infinity }: Retention): number =>
  Math.max(4096, Math.min(most, bytesMax / 4))
