/** Takes back the end of a log, in an order that leaves a valid log at every moment: later segments
 *  go newest first, and a file's durable mark is lowered before the file is. */

import type { Disk } from '../base/disk.ts'
import { fail } from '../base/errors.ts'
import { frameBytes } from './frame.ts'
import type { ActiveSegment } from './recover.ts'
import { SegmentScanner } from './scanner.ts'
import { damagedHeader, markDurable, readHeader, type SegmentInfo, segmentPath } from './segment.ts'

/** Drops every frame that reaches beyond `offset`. `segments` is brought up to date; the segment
 *  that is now the last one is returned open. Blocks for the device. */
export function truncateLog(
  disk: Disk,
  folder: string,
  segments: SegmentInfo[],
  offset: number,
): ActiveSegment & { readonly next: number } {
  if (offset < segments[0].first) {
    fail('GONE', `Offset ${offset} is older than the log, which begins at ${segments[0].first}`)
  }
  while (segments.length > 1 && segments.at(-1)!.first >= offset) {
    disk.remove(segmentPath(folder, segments.pop()!.first))
    disk.syncFolder(folder)
  }
  const segment = segments.at(-1)!
  const file = disk.openWrite(segmentPath(folder, segment.first))
  const scanner = new SegmentScanner(file)
  const start = readHeader(file, scanner) ?? damagedHeader(file.path)
  let { end } = start
  let next = segment.first
  let firstUs: number | undefined
  for (;;) {
    const head = scanner.headAt(end)
    if (head === undefined || next + head.count > offset || head.count === 0) break
    firstUs ??= head.timestampUs
    next += head.count
    end += frameBytes(head.payloadBytes)
  }
  markDurable(file, end)
  file.syncNow()
  file.truncate(end)
  file.syncNow()
  segment.bytes = end
  const used = end > start.end
  return { file, header: start.header, used, ended: false, firstUs, next }
}
