/** A segment that is to take the place of several neighbours, none of them the last two of its
 *  log: the same offsets in fewer bytes. It is written beside them under another name; one rename
 *  puts it in their place. Its header frame says how many offsets it covers: so those are known
 *  which it replaced and which are still there after a crash. */

import { assert } from '../base/assert.ts'
import { crashPoint } from '../base/crash-point.ts'
import type { Disk, DiskFile } from '../base/disk.ts'
import { encodeHead, type FrameHead, KIND_HEADER, paddingOf } from './frame.ts'
import {
  damagedHeader,
  draftPath,
  emptySegmentBytes,
  generationOf,
  preamble,
  readHeader,
  type SegmentInfo,
  segmentHeader,
  segmentPath,
} from './segment.ts'

export class SegmentDraft {
  readonly first: number
  readonly header: Uint8Array
  readonly path: string
  readonly #disk: Disk
  readonly #file: DiskFile
  readonly #timestampUs: number
  readonly #generation: number
  #bytes: number
  #next: number
  #state: 'open' | 'finished' | 'over' = 'open'

  /** Begins where the segment named `first` does, with the same header. `generation`: higher than
   *  that of any segment that it replaces. */
  constructor(disk: Disk, folder: string, first: number, generation: number) {
    const { header, head } =
      segmentHeader(disk, folder, first) ?? damagedHeader(segmentPath(folder, first))
    this.first = first
    this.header = header
    this.path = draftPath(folder, first)
    this.#disk = disk
    this.#timestampUs = head.timestampUs
    this.#generation = generation
    this.#bytes = emptySegmentBytes(header)
    this.#next = first
    this.#file = disk.openWrite(this.path)
    this.#file.truncate(0)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The offset after its last frame. */
  get next(): number {
    return this.#next
  }

  get generation(): number {
    return this.#generation
  }

  /** `head.first` is where the last frame ended. DISK_FULL, DISK_FAILED: discard the draft. */
  add(head: Omit<FrameHead, 'payloadBytes'>, payload: Uint8Array): void {
    assert(head.first === this.#next && head.count > 0, 'a draft has every offset')
    for (const part of [encodeHead(head, [payload]), payload, paddingOf(payload.length)]) {
      this.#file.write(part, this.#bytes)
      this.#bytes += part.length
    }
    this.#next += head.count
  }

  /** Resolves when all of it is durable. */
  async finish(): Promise<void> {
    const { first, header } = this
    const head = encodeHead(
      {
        ...{ kind: KIND_HEADER, flags: 0, first, count: this.#next - first, epoch: -1 },
        ...{ timestampUs: this.#timestampUs, watermarkUs: this.#generation },
      },
      [header],
    )
    const start = Buffer.concat([preamble(this.#bytes), head, header, paddingOf(header.length)])
    this.#file.write(start, 0)
    await this.#file.sync()
    this.#file.close()
    this.#state = 'finished'
    crashPoint('log.draft-written')
  }

  /** It has the place that it was written for. */
  swapped(): void {
    this.#state = 'over'
  }

  /** Removes the draft, unless it was swapped in. */
  discard(): void {
    if (this.#state === 'over') return
    if (this.#state === 'open') this.#file.close()
    this.#state = 'over'
    this.#disk.remove(this.path)
  }
}

/** Puts a finished draft in the place of the segments whose offsets it has; `segments` is brought
 *  up to date. False if they are not all there any more. */
export function swapIn(
  disk: Disk,
  folder: string,
  segments: SegmentInfo[],
  draft: SegmentDraft,
): boolean {
  const { first, bytes, generation, next, path } = draft
  const from = segments.findIndex((segment) => segment.first === first)
  const to = segments.findIndex((segment) => segment.first === next)
  if (from < 0 || to < 0) return false
  disk.rename(path, segmentPath(folder, first))
  draft.swapped()
  const replaced = segments.splice(from, to - from, { first, bytes, generation })
  // Only then may the others go: it has what they had.
  disk.syncFolder(folder)
  crashPoint('log.draft-swapped')
  for (const segment of replaced.slice(1)) disk.remove(segmentPath(folder, segment.first))
  disk.syncFolder(folder)
  return true
}

/** What a crash has left: drafts, and segments that a draft has replaced. Returns those that
 *  count. */
export function removeLeftOvers(disk: Disk, folder: string, firsts: readonly number[]) {
  const segments: SegmentInfo[] = []
  let covered = 0
  for (const first of firsts) {
    const path = segmentPath(folder, first)
    if (first < covered) {
      disk.remove(path)
      continue
    }
    const file = disk.openRead(path)!
    const head = readHeader(file)?.head
    const generation = generationOf(head)
    segments.push({ first, bytes: file.size(), generation })
    if (generation > 0) covered = first + head!.count
    file.close()
  }
  const drafts = disk.list(folder).filter((name) => name.endsWith('.draft'))
  for (const name of drafts) disk.remove(`${folder}/${name}`)
  if (drafts.length > 0 || segments.length < firsts.length) disk.syncFolder(folder)
  return segments
}
