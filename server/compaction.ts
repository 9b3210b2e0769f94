/** Compaction of one split of a table with a key: old segments are rewritten without the rows that
 *  a later one of their key has replaced. Offsets stay, with holes. Only what everybody has read is
 *  rewritten, so that a replay from any checkpoint meets the rows that it met before. */

import type { Disk } from '../engine/base/disk.ts'
import { Batch } from '../engine/batch/batch.ts'
import { textOf } from '../engine/batch/json-rows.ts'
import { breathe } from '../engine/graph/wake-up.ts'
import { SegmentDraft } from '../engine/log/draft.ts'
import type { Frame } from '../engine/log/frame.ts'
import { LogReader } from '../engine/log/reader.ts'
import { segmentHeader } from '../engine/log/segment.ts'
import type { LogWriter, OldSegment } from '../engine/log/writer.ts'
import { StreamDecoder } from '../engine/source/stream-decoder.ts'
import {
  ENVELOPE_KEYS,
  type EncodedRows,
  encodeStreamRows,
  envelopedSchema,
  JOINT_FLAG,
  KEYED_FLAG,
  offsetAt,
  SPARSE_FLAG,
  type StreamFrame,
} from '../engine/source/stream-frame.ts'
import { recordKey, type TableSpec } from '../engine/source/table.ts'
import { ROWS_REMEMBERED } from './recent-keys.ts'

export interface CompactionJob {
  readonly disk: Disk
  readonly folder: string
  readonly log: LogWriter
  readonly table: TableSpec
  readonly packed: boolean
  readonly segmentBytesMax: number
  /** Tombstones, and idempotency keys of rows that are gone, stay for so long. */
  readonly tombstoneMs: number
  readonly nowUs: number
  /** Records from this offset on have yet to be read by someone. */
  readonly neededFrom: () => number
  /** Called as soon as a segment has another content. */
  readonly onSwapped: () => void
}

/** Keys of one pass: bounds its memory. */
const KEYS_MAX = 500_000

/** Rewrites the old segments if those that never were have half of their bytes or more. Ends early
 *  when someone comes to need them. DISK_FULL, DISK_FAILED, DATA_DAMAGED: the log is as it was, or
 *  rewritten in part. */
export async function compactSplit(job: CompactionJob): Promise<void> {
  const { log, neededFrom } = job
  const limit = Math.min(neededFrom(), log.durableOffset)
  const old = log.oldSegments.filter(({ next }) => next <= limit)
  const clean = old.findIndex(({ generation }) => generation === 0)
  if (clean < 0) return
  const bytesOf = (of: readonly OldSegment[]) => of.reduce((sum, { bytes }) => sum + bytes, 0)
  if (bytesOf(old.slice(clean)) < bytesOf(old.slice(0, clean))) return
  const pass = new Pass(job)
  const read = await pass.learn(old.slice(clean))
  for (let left: readonly OldSegment[] = old.slice(0, clean + read); left.length > 0; ) {
    const count = await pass.rewrite(left)
    if (count === 0) return
    left = left.slice(count)
  }
}

class Pass {
  readonly #job: CompactionJob
  readonly #decoder: StreamDecoder
  readonly #key: readonly number[]
  /** Where the last row of each key is, of those that were never compacted. */
  readonly #lastOf = new Map<string, number>()

  constructor(job: CompactionJob) {
    this.#job = job
    this.#decoder = new StreamDecoder(job.table)
    this.#key = recordKey(job.table)!
  }

  /** Learns the keys of as many of the segments as the memory allows: at least of one. */
  async learn(segments: readonly OldSegment[]): Promise<number> {
    for (const [i, segment] of segments.entries()) {
      for await (const { frame, header } of this.#frames(segment)) {
        const rows = this.#decoder.decode(frame, header)
        const keyOf = this.#keyOf(rows)
        for (let row = 0; row < rows.records.rowCount; row++) {
          this.#lastOf.set(keyOf(row), offsetAt(rows, row))
        }
      }
      if (this.#lastOf.size > KEYS_MAX) return i + 1
    }
    return segments.length
  }

  #keyOf({ records }: StreamFrame): (row: number) => string {
    const texts = this.#key.map((column) => textOf(records.columns[column]))
    return (row) => texts.map((text) => text(row)).join(',')
  }

  async *#frames({ first, next }: OldSegment) {
    const { disk, folder } = this.#job
    const reader = new LogReader(disk, folder)
    try {
      reader.seek(first)
      for (let frame = reader.next(next); frame !== null; frame = reader.next(next)) {
        yield { frame, header: reader.header }
        // The server's thread has other things to do.
        await breathe()
      }
    } finally {
      reader.close()
    }
  }

  /** Rewrites the first of the segments as one, and returns how many it were: as many as fit. 0:
   *  someone needs them, or they are gone. */
  async rewrite(segments: readonly OldSegment[]): Promise<number> {
    const { disk, folder, log, neededFrom, onSwapped } = this.#job
    const generation = Math.max(...segments.map((segment) => segment.generation)) + 1
    const draft = new SegmentDraft(disk, folder, segments[0].first, generation)
    try {
      let isSame = true
      let count = 0
      while (count < segments.length && this.#belongs(draft, segments[count], count === 0)) {
        isSame = (await this.#write(draft, segments[count])) && isSame
        count++
      }
      // What was compacted before and loses nothing stays as it is.
      if (isSame && count === 1 && segments[0].generation > 0) return 1
      await draft.finish()
      if (neededFrom() < draft.next || !log.swapIn(draft)) return 0
      onSwapped()
      return count
    } finally {
      draft.discard()
    }
  }

  /** Whether the segment can stand in the draft behind what is there. */
  #belongs(draft: SegmentDraft, { first, next, bytes }: OldSegment, isFirst: boolean): boolean {
    const { disk, folder, neededFrom, segmentBytesMax } = this.#job
    if (isFirst) return true
    if (draft.next !== first || draft.bytes + bytes > segmentBytesMax) return false
    if (neededFrom() < next) return false
    const header = segmentHeader(disk, folder, first)?.header
    return header !== undefined && Buffer.compare(header, draft.header) === 0
  }

  /** Writes what is left of a segment. Whether it is all. */
  async #write(draft: SegmentDraft, segment: OldSegment): Promise<boolean> {
    let isSame = true
    let hole: Frame | undefined
    for await (const { frame, header } of this.#frames(segment)) {
      const kept = this.#kept(frame, header)
      if (kept !== undefined) isSame = false
      const { flags, payload } = kept ?? frame
      const isHole = payload.length === 0 && (flags & KEYED_FLAG) === 0
      if (isHole && hole !== undefined) isSame = false
      if (!isHole && hole !== undefined) draft.add(hole, hole.payload)
      if (!isHole) draft.add({ ...frame, flags }, payload)
      const begin = hole ?? { ...frame, flags, payload, epoch: 0, watermarkUs: 0 }
      hole = isHole ? { ...begin, count: frame.next - begin.first, next: frame.next } : undefined
      // Nothing of it is of use any more.
      if (this.#job.neededFrom() < segment.next) break
    }
    if (hole !== undefined) draft.add(hole, hole.payload)
    return isSame
  }

  /** What is left of the frame; undefined: all of it. */
  #kept(frame: Frame, header: Uint8Array): EncodedRows | undefined {
    const { tombstoneMs, nowUs, log, packed } = this.#job
    const isOld = frame.timestampUs + tombstoneMs * 1000 <= nowUs
    const rows = this.#decoder.decode(frame, header)
    const { rowCount, weights } = rows.records
    const keyOf = this.#keyOf(rows)
    const left: number[] = []
    for (let row = 0; row < rowCount; row++) {
      const isReplaced = (this.#lastOf.get(keyOf(row)) ?? 0) > offsetAt(rows, row)
      const isTombstone = (weights?.[row] ?? 1) < 0
      if (!isReplaced && !(isTombstone && isOld)) left.push(row)
    }
    const isForgotten = isOld || frame.next <= log.nextOffset - ROWS_REMEMBERED
    const flags = frame.flags & (isForgotten && left.length === 0 ? 0 : KEYED_FLAG | JOINT_FLAG)
    if (left.length === 0 && rowCount === 0 && flags === (frame.flags & ~SPARSE_FLAG)) {
      return undefined
    }
    if (left.length === 0) return { flags: flags | SPARSE_FLAG, payload: new Uint8Array(0) }
    if (left.length === rowCount) return undefined
    const stored = this.#decoder.decodeStored(frame, header)
    const encoded = encodeRows(stored, Int32Array.from(left), packed)
    return { flags: flags | encoded.flags, payload: encoded.payload }
  }
}

/** Some rows of a frame, as its new payload. */
function encodeRows(frame: StreamFrame, rows: Int32Array, packed: boolean): EncodedRows {
  const { records, envelope, first } = frame
  const said = envelope === null ? [] : ENVELOPE_KEYS.map((key) => envelope[key])
  const schema = envelope === null ? records.schema : envelopedSchema(records.schema)
  const all = new Batch(schema, [...records.columns, ...said], records.rowCount, records.weights)
  const places = rows.map((row) => offsetAt(frame, row) - first)
  const left = all.keep(rows, rows.length)
  const isPlain = left.weights?.every((weight) => weight === 1) === true
  const batch = isPlain ? left.withoutWeights() : left
  return encodeStreamRows(batch, { enveloped: envelope !== null, packed, places })
}
