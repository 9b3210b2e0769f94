/** Which old segments may go: retention by size, by age and by need. */

import type { Disk } from '../base/disk.ts'
import { type SegmentInfo, segmentHeader } from './segment.ts'

/** A segment goes if it lies wholly before `before` (when given) and, when `bytesMax` or
 *  `beforeUs` is given, at least one of them asks for it. The segment being written stays. */
export interface TrimLimits {
  /** Records from this offset on stay. */
  readonly before?: number
  /** Remove while the whole log is larger. */
  readonly bytesMax?: number
  /** Remove what is older, by the frames' timestamps. */
  readonly beforeUs?: number
}

/** How many of the oldest segments to remove. */
export function segmentsToTrim(
  disk: Disk,
  folder: string,
  segments: readonly SegmentInfo[],
  limits: TrimLimits,
): number {
  const { before = Infinity, bytesMax, beforeUs } = limits
  const byNeed = limits.before !== undefined && bytesMax === undefined && beforeUs === undefined
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  let count = 0
  while (count < segments.length - 1) {
    const end = segments[count + 1].first
    const tooLarge = bytesMax !== undefined && bytes > bytesMax
    const tooOld = () => beforeUs !== undefined && createdUs(disk, folder, end) < beforeUs
    if (end > before || !(byNeed || tooLarge || tooOld())) break
    bytes -= segments[count].bytes
    count++
  }
  return count
}

/** When the segment was begun: no record before it is younger. */
function createdUs(disk: Disk, folder: string, first: number): number {
  return segmentHeader(disk, folder, first)?.head.timestampUs ?? Infinity
}
