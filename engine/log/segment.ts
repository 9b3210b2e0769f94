/** A segment: one file of the log, named by its first offset (20 digits). It begins with 16 bytes
 *  (magic, format version, and how many bytes of the file are known to be durable, with its
 *  complement) and a header frame whose payload is the owner's, e.g. the schema of the records.
 *
 *  The durable mark is written after every successful sync. It tells a torn tail (never
 *  acknowledged, may go) from damage (acknowledged, must never go silently). It may lag behind the
 *  truth, never run ahead of it. */

import { crashPoint } from '../base/crash-point.ts'
import type { Disk, DiskFile } from '../base/disk.ts'
import { fail } from '../base/errors.ts'
import { encodeHead, type FrameHead, frameBytes, KIND_HEADER, paddingOf } from './frame.ts'
import { SegmentScanner } from './scanner.ts'

export const FORMAT_VERSION = 1
export const PREAMBLE_BYTES = 16

const MAGIC = 0x47_53_52_4d
const SUFFIX = '.segment'
const NAME = /^\d{20}\.segment$/

const nameOf = (first: number): string => String(first).padStart(20, '0')

export const segmentPath = (folder: string, first: number): string =>
  `${folder}/${nameOf(first)}${SUFFIX}`

/** Where a segment is written that is to take the place of others. */
export const draftPath = (folder: string, first: number): string =>
  `${folder}/${nameOf(first)}.draft`

/** First offsets of the folder's segments, ascending. Other files are none of ours. */
export const listSegments = (disk: Disk, folder: string): number[] =>
  disk
    .list(folder)
    .filter((name) => NAME.test(name))
    .map((name) => Number(name.slice(0, 20)))
    .sort((a, b) => a - b)

/** Bytes of a segment without any record. */
export const emptySegmentBytes = (header: Uint8Array): number =>
  PREAMBLE_BYTES + frameBytes(header.length)

/** A segment as the writer keeps it in mind. */
export interface SegmentInfo {
  readonly first: number
  bytes: number
  /** How often its offsets were rewritten; 0: never. */
  readonly generation: number
}

export interface SegmentInit {
  readonly first: number
  readonly header: Uint8Array
  /** No record before this segment is younger. */
  readonly timestampUs: number
  /** The size of the segment before this one; -1 if there is none. It stands in the header frame,
   *  as its epoch: a segment that is cut off at a frame's end looks whole by itself. */
  readonly previousBytes: number
}

/** Writes a fresh segment and makes it durable before any record goes into it. Blocks for the
 *  device: once per segment. */
export function createSegment(disk: Disk, folder: string, init: SegmentInit): DiskFile {
  const { first, header, timestampUs, previousBytes: epoch } = init
  const file = disk.openWrite(segmentPath(folder, first))
  const frame = { kind: KIND_HEADER, flags: 0, first, count: 0, timestampUs, epoch }
  const head = encodeHead({ ...frame, watermarkUs: -Infinity }, [header])
  const size = emptySegmentBytes(header)
  const bytes = Buffer.concat([preamble(size), head, header, paddingOf(header.length)])
  try {
    file.truncate(0)
    file.write(bytes, 0)
    file.syncNow()
    disk.syncFolder(folder)
    crashPoint('log.segment-created')
  } catch (error) {
    file.close()
    throw error
  }
  return file
}

/** What a segment begins with that is durable up to there. */
export function preamble(durableBytes: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(PREAMBLE_BYTES))
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, FORMAT_VERSION, true)
  view.setUint32(8, durableBytes, true)
  view.setUint32(12, ~durableBytes, true)
  return new Uint8Array(view.buffer)
}

/** Notes that the file is durable up to `bytes`. Itself not synced: it goes out with the next
 *  sync, and is allowed to be lost. */
export function markDurable(file: DiskFile, bytes: number): void {
  file.write(preamble(bytes).subarray(8), 8)
}

/** How far the file is known to be durable: 0 if the mark itself is torn, undefined if the file
 *  does not begin like a segment. Raises DATA_VERSION for a segment of another format. */
export function durableMark(file: DiskFile): number | undefined {
  const bytes = new Uint8Array(PREAMBLE_BYTES)
  const view = new DataView(bytes.buffer)
  if (file.read(bytes, 0) < PREAMBLE_BYTES || view.getUint32(0, true) !== MAGIC) return undefined
  const version = view.getUint32(4, true)
  if (version !== FORMAT_VERSION) {
    fail('DATA_VERSION', `${file.path} has log format ${version}, this server ${FORMAT_VERSION}`)
  }
  const mark = view.getUint32(8, true)
  return ~mark >>> 0 === view.getUint32(12, true) ? mark : 0
}

export interface SegmentHeader {
  readonly head: FrameHead
  readonly header: Uint8Array
  /** Where the records begin. */
  readonly end: number
}

/** The header frame of a segment; undefined if it is not whole. */
export function readHeader(file: DiskFile, scanner?: SegmentScanner): SegmentHeader | undefined {
  if (durableMark(file) === undefined) return undefined
  const scan = scanner ?? new SegmentScanner(file, 4096)
  const head = scan.headAt(PREAMBLE_BYTES)
  if (head === undefined || head.kind !== KIND_HEADER) return undefined
  const header = scan.payloadAt(PREAMBLE_BYTES, head)
  return header && { head, header, end: PREAMBLE_BYTES + frameBytes(head.payloadBytes) }
}

/** The header frame of the segment with this name; undefined if there is none, or not whole. */
export function segmentHeader(
  disk: Disk,
  folder: string,
  first: number,
): SegmentHeader | undefined {
  const file = disk.openRead(segmentPath(folder, first))
  try {
    return file && readHeader(file)
  } finally {
    file?.close()
  }
}

/** How often the offsets below a segment's header were rewritten; 0: never. Two files of one name
 *  differ in it. */
export const generationOf = (head: FrameHead | undefined): number =>
  Math.max(0, head?.watermarkUs ?? 0)

/** Raises DATA_DAMAGED, naming the file and the byte. */
export function damaged(path: string, position: number, what: string): never {
  fail('DATA_DAMAGED', `${path} is damaged at byte ${position}: ${what}`, {
    hint: 'Restore the file from a backup.',
    details: { file: path, position },
  })
}

export function damagedHeader(path: string): never {
  damaged(path, 0, 'the header frame is not whole')
}
