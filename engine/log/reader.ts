/** Reads a log while another thread or process writes it. It never looks beyond the offset the
 *  caller knows to be durable, checks every frame's CRC, and finds its way by the segments' names
 *  and, inside a segment, by a sparse index of the frames it has passed. */

import type { Disk, DiskFile } from '../base/disk.ts'
import { fail } from '../base/errors.ts'
import { type Frame, type FrameHead, frameBytes, KIND_END } from './frame.ts'
import { BLOCK_BYTES, SegmentScanner } from './scanner.ts'
import {
  damaged,
  damagedHeader,
  generationOf,
  listSegments,
  readHeader,
  segmentPath,
} from './segment.ts'
import { SparseIndex } from './sparse-index.ts'

interface OpenSegment {
  readonly first: number
  readonly file: DiskFile
  readonly scanner: SegmentScanner
  readonly header: Uint8Array
  readonly index: SparseIndex
  /** Tells it from another file that had its name. */
  readonly generation: number
  /** Where the next frame begins, and its first offset. */
  position: number
  next: number
}

const NO_HEADER = new Uint8Array(0)

const isEnd = (head: FrameHead): boolean => head.kind === KIND_END

export class LogReader {
  readonly #disk: Disk
  readonly #folder: string
  readonly #block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  readonly #indexes = new Map<number, Pick<OpenSegment, 'index' | 'generation'>>()
  #segment: OpenSegment | null = null
  /** Frames that end at or before this are passed over. undefined: begin with the oldest. */
  #target: number | undefined
  /** What the caller knew to be durable when the block was read. */
  #blockLimit = 0

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
  }

  /** The header of the segment being read; empty if the log has none or does not exist yet. */
  get header(): Uint8Array {
    return (this.#segment ?? this.#locate())?.header ?? NO_HEADER
  }

  /** Whether the log's end mark stands at the reader's position. It may not be durable yet. */
  get ended(): boolean {
    const segment = this.#segment ?? this.#locate()
    if (segment === null) return false
    segment.scanner.refresh()
    return segment.scanner.headAt(segment.position)?.kind === KIND_END
  }

  /** Makes `next` give the frame that holds `offset` (it may begin before it) and those after it.
   *  `offset` may lie beyond the log's end. Raises GONE if it is no longer kept. */
  seek(offset: number): void {
    this.#target = offset
    this.#leave()
    this.#locate()
  }

  /** The next whole frame that begins before `limitOffset`, which must be durable; null if there
   *  is none. Raises DATA_DAMAGED with the file and byte, GONE if the position was removed. */
  next(limitOffset: number): Frame | null {
    for (;;) {
      const segment = this.#segment ?? this.#locate()
      if (segment === null) return this.#nothing(limitOffset)
      if (segment.next >= limitOffset) return null
      const { position } = segment
      const head = this.#headAt(segment, limitOffset)
      if (head === undefined) {
        if (!this.#advance(segment)) return null
        continue
      }
      if (isEnd(head)) return null
      const wanted = segment.next + head.count > (this.#target ?? 0)
      const payload = wanted ? segment.scanner.payloadAt(position, head) : NO_HEADER
      if (payload === undefined) damaged(segment.file.path, position, 'the checksum is wrong')
      this.#pass(segment, head)
      if (wanted) return { ...head, payload, next: segment.next }
    }
  }

  close(): void {
    this.#leave()
  }

  /** The head at the segment's position; undefined at the file's end. */
  #headAt(segment: OpenSegment, limitOffset: number): FrameHead | undefined {
    const { file, scanner, position, next } = segment
    // What was read ahead before it was durable may have been half written, or taken back.
    if (next >= this.#blockLimit || !scanner.holds(position)) {
      scanner.refresh()
      this.#blockLimit = limitOffset
    }
    const head = scanner.headAt(position)
    if (head === undefined && position >= file.size()) return undefined
    if (head === undefined || head.first !== next)
      damaged(file.path, position, 'no frame begins here')
    return head
  }

  #pass(segment: OpenSegment, head: FrameHead): void {
    segment.index.add(segment.next, segment.position)
    segment.position += frameBytes(head.payloadBytes)
    segment.next += head.count
  }

  /** No segment holds the position: right only if nothing durable is expected there. */
  #nothing(limitOffset: number): null {
    const last = listSegments(this.#disk, this.#folder).at(-1)
    if (last !== undefined && limitOffset > Math.max(last, this.#target ?? 0)) {
      damagedHeader(segmentPath(this.#folder, last))
    }
    return null
  }

  /** Goes on to the next segment; false if there is none yet. */
  #advance(segment: OpenSegment): boolean {
    for (;;) {
      const { first: current, next } = segment
      const firsts = listSegments(this.#disk, this.#folder)
      const after = firsts.find((first) => first > current && first >= next)
      if (after === undefined) return false
      if (after > next) return this.#relocate(segment, after)
      const following = this.#open(after, next)
      if (following === null) damagedHeader(segmentPath(this.#folder, after))
      // It was rewritten or removed since the look.
      if (following === undefined) continue
      this.#leave()
      this.#segment = following
      return true
    }
  }

  /** No segment begins where this one ends: it, and those after it, were rewritten as one. */
  #relocate(segment: OpenSegment, after: number): boolean {
    const { first, generation, next, position, file } = segment
    this.seek(next)
    const found = this.#segment
    if (found === null || (found.first === first && found.generation === generation)) {
      damaged(file.path, position, `offsets ${next} to ${after} are missing`)
    }
    return true
  }

  /** Opens the segment that holds the target; null if the log, or that segment, is not written
   *  yet. */
  #locate(): OpenSegment | null {
    for (;;) {
      const firsts = listSegments(this.#disk, this.#folder)
      if (firsts.length === 0) return null
      const target = this.#target ?? firsts[0]
      if (target < firsts[0]) this.#gone(target, firsts[0])
      for (const known of this.#indexes.keys()) if (known < firsts[0]) this.#indexes.delete(known)
      const first = firsts.findLast((candidate) => candidate <= target)!
      const segment = this.#open(first, target)
      // It was rewritten or removed since the look.
      if (segment === undefined) continue
      // Only the last one can be in the making.
      if (segment === null && first !== firsts.at(-1)) {
        damagedHeader(segmentPath(this.#folder, first))
      }
      this.#segment = segment
      return segment
    }
  }

  /** The segment at the frame nearest before `target`; null while its header is not whole,
   *  undefined if there is no such file. */
  #open(first: number, target: number): OpenSegment | null | undefined {
    const file = this.#disk.openRead(segmentPath(this.#folder, first))
    if (file === undefined) return undefined
    const scanner = new SegmentScanner(file, this.#block)
    const start = readHeader(file, scanner)
    if (start === undefined) {
      file.close()
      return null
    }
    const generation = generationOf(start.head)
    const known = this.#indexes.get(first)
    const index = known?.generation === generation ? known.index : new SparseIndex(first, start.end)
    this.#indexes.set(first, { index, generation })
    this.#blockLimit = 0
    const { header } = start
    return { first, file, scanner, header, index, generation, ...index.find(target) }
  }

  #leave(): void {
    this.#segment?.file.close()
    this.#segment = null
  }

  #gone(offset: number, first: number): never {
    fail('GONE', `Offset ${offset} is no longer kept: the oldest is ${first}`, {
      details: { offset, first },
    })
  }
}
