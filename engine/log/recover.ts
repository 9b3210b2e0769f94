/** What a writer does before its first append: find the log's end. Frames beyond the durable mark
 *  that are not whole were never acknowledged and are cut off; anything broken before the mark is
 *  DATA_DAMAGED (law 5). Every segment but the last few is known to be whole by its mark. */

import type { Disk, DiskFile } from '../base/disk.ts'
import { removeLeftOvers } from './draft.ts'
import { frameBytes, KIND_END } from './frame.ts'
import { SegmentScanner } from './scanner.ts'
import {
  damaged,
  damagedHeader,
  durableMark,
  emptySegmentBytes,
  generationOf,
  listSegments,
  markDurable,
  readHeader,
  type SegmentInfo,
  segmentPath,
} from './segment.ts'

export interface RecoveredLog {
  /** Ascending, the active one last; empty if the log is new. */
  readonly segments: SegmentInfo[]
  /** The last segment; undefined if the log is new or has lost its only, still empty segment. */
  readonly active: ActiveSegment | undefined
  /** The next offset to append. */
  readonly next: number
  /** Bytes cut off the end. */
  readonly tornBytes: number
}

export interface ActiveSegment {
  readonly file: DiskFile
  readonly header: Uint8Array
  /** Whether it holds records. */
  readonly used: boolean
  readonly ended: boolean
  /** Timestamp of the segment's first frame; undefined if there is none. */
  readonly firstUs: number | undefined
}

interface Scanned {
  readonly end: number
  readonly next: number
  readonly ended: boolean
  readonly firstUs: number | undefined
}

/** Finds the end of the log in `folder` and leaves everything before it durable. `header` is the
 *  payload a fresh segment would get: it tells an unfinished fresh segment from a damaged one. */
export function recoverLog(disk: Disk, folder: string, header: Uint8Array): RecoveredLog {
  const segments = removeLeftOvers(disk, folder, listSegments(disk, folder))
  const unborn = unbornBytes(disk, folder, segments.at(-1)?.first, header)
  let tornBytes = unborn ?? 0
  if (unborn !== undefined) {
    const { first } = segments.pop()!
    // The writer creates it again: until then its name keeps the log's next offset.
    if (segments.length === 0) return { segments: [], active: undefined, next: first, tornBytes }
    disk.remove(segmentPath(folder, first))
    disk.syncFolder(folder)
  }
  if (segments.length === 0) return { segments: [], active: undefined, next: 0, tornBytes }
  const firsts = segments.map(({ first }) => first)
  for (let i = firstUnsealed(disk, folder, firsts); ; i++) {
    const last = i === segments.length - 1
    const file = disk.openWrite(segmentPath(folder, firsts[i]))
    const scanned = scanOrClose(file, firsts[i])
    const torn = segments[i].bytes - scanned.end
    if (last || torn > 0 || scanned.next !== firsts[i + 1]) {
      if (!last) refuseIfAcknowledged(disk, folder, firsts.slice(i + 1), { file, end: scanned.end })
      tornBytes += torn + removeAfter(disk, folder, segments, i)
      settle(file, segments[i], scanned.end)
      return { segments, active: activeOf(file, scanned), next: scanned.next, tornBytes }
    }
    settle(file, segments[i], scanned.end)
    file.close()
  }
}

function activeOf(file: DiskFile, { end, ended, firstUs }: Scanned): ActiveSegment {
  const { header, end: begin } = readHeader(file)!
  return { file, header, ended, firstUs, used: end > begin }
}

/** The size of a last segment whose creation did not finish; undefined if it did, or if there is
 *  none. Nothing was ever written behind such a header. */
function unbornBytes(
  disk: Disk,
  folder: string,
  first: number | undefined,
  header: Uint8Array,
): number | undefined {
  if (first === undefined) return undefined
  const file = disk.openRead(segmentPath(folder, first))!
  try {
    if (readHeader(file) !== undefined) return undefined
    const size = file.size()
    if (size > emptySegmentBytes(header)) damagedHeader(file.path)
    return size
  } finally {
    file.close()
  }
}

/** The first of the trailing segments that are not known to be durable as a whole. */
function firstUnsealed(disk: Disk, folder: string, firsts: readonly number[]): number {
  let i = firsts.length - 1
  while (i > 0 && !isSealed(disk, folder, firsts[i - 1], firsts[i])) i--
  return i
}

/** Whether the mark says that all of a segment is durable, and the next one that this is all. One
 *  that took the place of others is durable before it does. */
function isSealed(disk: Disk, folder: string, first: number, nextFirst: number): boolean {
  const file = disk.openRead(segmentPath(folder, first))!
  const next = disk.openRead(segmentPath(folder, nextFirst))!
  const size = file.size()
  const isAll = () =>
    generationOf(readHeader(file)?.head) > 0 || readHeader(next)?.head.epoch === size
  const sealed = durableMark(file) === size && isAll()
  file.close()
  next.close()
  return sealed
}

function scanOrClose(file: DiskFile, first: number): Scanned {
  try {
    return scan(file, first)
  } catch (error) {
    file.close()
    throw error
  }
}

/** Checks every frame from the segment's start. Stops at the first that is not whole: beyond the
 *  mark that is the end, before it damage. */
function scan(file: DiskFile, first: number): Scanned {
  const mark = durableMark(file)
  const scanner = new SegmentScanner(file)
  const start = readHeader(file, scanner)
  if (mark === undefined || start === undefined || start.head.first !== first) {
    damagedHeader(file.path)
  }
  let { end } = start
  let next = first
  let ended = false
  let firstUs: number | undefined
  for (;;) {
    const head = scanner.headAt(end)
    if (head === undefined || head.first !== next || !scanner.intactAt(end, head)) break
    firstUs ??= head.timestampUs
    ended = head.kind === KIND_END
    next += head.count
    end += frameBytes(head.payloadBytes)
  }
  if (end < mark) damaged(file.path, end, 'a frame that was acknowledged is not whole')
  return { end, next, ended, firstUs }
}

/** Cuts the file at `end` and makes what remains durable, so that the mark may say so. */
function settle(file: DiskFile, segment: SegmentInfo, end: number): void {
  if (durableMark(file) === end && segment.bytes === end) return
  file.truncate(end)
  file.syncNow()
  markDurable(file, end)
  segment.bytes = end
}

/** A segment is synced before the next one's records are. So if a later one holds acknowledged
 *  records, what is missing here was acknowledged too, and is damage. */
function refuseIfAcknowledged(
  disk: Disk,
  folder: string,
  later: readonly number[],
  { file, end }: { readonly file: DiskFile; readonly end: number },
): void {
  for (const first of later) {
    const next = disk.openRead(segmentPath(folder, first))!
    const header = readHeader(next)
    const acknowledged = header === undefined || durableMark(next)! > header.end
    next.close()
    if (acknowledged) damaged(file.path, end, 'a frame that was acknowledged is not whole')
  }
}

/** Removes the segments behind the i-th, newest first, so that a crash leaves no gap. Returns
 *  their bytes. */
function removeAfter(disk: Disk, folder: string, segments: SegmentInfo[], i: number): number {
  let bytes = 0
  while (segments.length > i + 1) {
    const { first, bytes: size } = segments.pop()!
    disk.remove(segmentPath(folder, first))
    disk.syncFolder(folder)
    bytes += size
  }
  return bytes
}
