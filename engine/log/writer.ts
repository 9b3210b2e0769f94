/** The one writer of a log: appends frames to the page cache, makes them durable in groups, and
 *  begins a new segment when one is full. What `sync` has resolved for survives a crash; the rest
 *  is there whole or not at all (law 5). */

import { assert } from '../base/assert.ts'
import { crashPoint } from '../base/crash-point.ts'
import type { Disk, DiskFile } from '../base/disk.ts'
import { asSqlError, fail, type SqlError } from '../base/errors.ts'
import { type SegmentDraft, swapIn } from './draft.ts'
import { bytesOf, encodeHead, frameBytes, KIND_END, PAYLOAD_BYTES_MAX, paddingOf } from './frame.ts'
import { GroupSync } from './group-sync.ts'
import { type ActiveSegment, type RecoveredLog, recoverLog } from './recover.ts'
import { segmentsToTrim, type TrimLimits } from './retention.ts'
import {
  createSegment,
  emptySegmentBytes,
  markDurable,
  type SegmentInfo,
  type SegmentInit,
  segmentPath,
} from './segment.ts'
import { truncateLog } from './truncate.ts'

export interface LogOptions {
  /** A segment that would grow beyond this is closed and a new one begun. At most 1 GiB. */
  readonly segmentBytesMax: number
  /** A segment is also closed when it spans more time than this, by the frames' timestamps, so
   *  that retention by age can remove it. */
  readonly segmentSpanUsMax?: number
  /** Stands at the beginning of each segment, e.g. the records' schema. When it differs from the
   *  log's current one, the next append begins a new segment. */
  readonly header?: Uint8Array
}

export interface Append {
  /** 1 to 254; the owner's. */
  readonly kind: number
  readonly flags?: number
  /** How many offsets the frame takes, at least 1. */
  readonly count: number
  readonly timestampUs: number
  readonly epoch: number
  readonly watermarkUs: number
  /** Written one after the other; not kept. */
  readonly payload: readonly Uint8Array[]
}

export interface OldSegment extends SegmentInfo {
  /** The offset after its last. */
  readonly next: number
}

/** Frames up to this size are written by one call, from one copy. */
const COALESCE_BYTES_MAX = 64 << 10
const SEGMENT_BYTES_MAX = 1 << 30
const NO_HEADER = new Uint8Array(0)

export class LogWriter {
  /** Bytes that recovery cut off: frames that were being written when the process died. */
  readonly tornBytes: number
  readonly #disk: Disk
  readonly #folder: string
  readonly #options: LogOptions
  readonly #segments: SegmentInfo[]
  readonly #sync = new GroupSync(() => this.#flush())
  readonly #scratch = new Uint8Array(COALESCE_BYTES_MAX)
  /** Full segments that are not durable yet, oldest first. */
  #unsynced: { readonly file: DiskFile; readonly bytes: number }[] = []
  #file: DiskFile
  #header: Uint8Array | undefined
  #activeHeader: Uint8Array
  #used: boolean
  #firstUs: number | undefined
  #ended: boolean
  #next: number
  #durable: number
  /** Frames appended, and how many of them are durable. */
  #appended = 0
  #synced = 0
  #broken: SqlError | undefined
  #closed = false

  private constructor(
    place: { readonly disk: Disk; readonly folder: string; readonly options: LogOptions },
    log: RecoveredLog,
    active: ActiveSegment,
  ) {
    this.#disk = place.disk
    this.#folder = place.folder
    this.#options = place.options
    this.#segments = log.segments
    this.tornBytes = log.tornBytes
    this.#file = active.file
    this.#header = place.options.header
    this.#activeHeader = active.header
    this.#used = active.used
    this.#firstUs = active.firstUs
    this.#ended = active.ended
    this.#next = log.next
    this.#durable = log.next
  }

  /** Opens or creates the log in `folder` and recovers it: a torn tail is cut off. Raises
   *  DATA_DAMAGED if acknowledged frames of the last segment are not whole, DATA_VERSION,
   *  DISK_FULL, DISK_FAILED. There must be no other writer. */
  static open(disk: Disk, folder: string, options: LogOptions): LogWriter {
    const header = options.header ?? NO_HEADER
    assert(options.segmentBytesMax <= SEGMENT_BYTES_MAX, 'segmentBytesMax is at most 1 GiB')
    disk.makeFolder(folder)
    const log = recoverLog(disk, folder, header)
    return new LogWriter({ disk, folder, options }, log, log.active ?? begin())

    function begin(): ActiveSegment {
      const init = { first: log.next, header, timestampUs: 0, previousBytes: -1 }
      const file = createSegment(disk, folder, init)
      log.segments.push({ first: log.next, bytes: emptySegmentBytes(header), generation: 0 })
      return { file, header, used: false, ended: false, firstUs: undefined }
    }
  }

  get nextOffset(): number {
    return this.#next
  }

  /** Everything before this offset survives a crash. */
  get durableOffset(): number {
    return this.#durable
  }

  /** The oldest offset that is still kept; equals `nextOffset` if there is none. */
  get firstOffset(): number {
    return this.#segments[0].first
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  /** Whether `end` was called, now or in an earlier life. */
  get ended(): boolean {
    return this.#ended
  }

  /** Writes one frame to the page cache and returns its offsets [first, next). On DISK_FULL or
   *  DISK_FAILED nothing is left of it. Raises STREAM_ENDED after `end`, LIMIT_EXCEEDED for a
   *  payload beyond 1 GiB, and the first sync error for ever after it. */
  append(frame: Append): { first: number; next: number } {
    assert(frame.kind >= 1 && frame.kind < KIND_END, `a frame's kind is 1 to 254`)
    assert(frame.count >= 1, 'a frame takes at least one offset')
    return this.#append(frame)
  }

  /** Ends the log for good: no append will follow. Durable after the next `sync`. */
  end(timestampUs: number): void {
    if (this.#ended) return
    const none = { epoch: -1, watermarkUs: Infinity, payload: [] }
    this.#append({ kind: KIND_END, count: 0, timestampUs, ...none })
    this.#ended = true
  }

  /** Resolves when everything appended before the call is durable. Callers share one device sync.
   *  After a failed one the log takes no more appends: what the device lost cannot be known. */
  sync(): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    if (this.#synced >= this.#appended) return Promise.resolve()
    return this.#sync.reach(this.#appended)
  }

  /** Drops every frame that reaches beyond `offset`, so that `nextOffset` is `offset` if a frame
   *  ends there. Blocks for the device. For recovery only: no reader may be beyond it and no sync
   *  may be running. */
  truncateAfter(offset: number): void {
    this.#refuseIfUnusable()
    assert(this.#synced === this.#appended, 'a log is truncated only when all of it is durable')
    if (offset >= this.#next) return
    this.#file.close()
    const cut = truncateLog(this.#disk, this.#folder, this.#segments, offset)
    this.#file = cut.file
    this.#activeHeader = cut.header
    this.#used = cut.used
    this.#firstUs = cut.firstUs
    this.#ended = false
    this.#next = cut.next
    this.#durable = cut.next
  }

  /** Removes whole old segments by `limits`, never the one being written. Returns the bytes freed.
   *  A reader that is inside a removed segment finishes it. */
  trim(limits: TrimLimits): number {
    this.#refuseIfUnusable()
    // The log's last frame stays, also when a crash has left an empty segment behind it.
    const kept = this.#used ? 1 : 2
    const count = Math.min(
      segmentsToTrim(this.#disk, this.#folder, this.#segments, limits),
      Math.max(0, this.#segments.length - kept),
    )
    let freed = 0
    for (let i = 0; i < count; i++) {
      const [{ first, bytes }] = this.#segments
      this.#disk.remove(segmentPath(this.#folder, first))
      this.#segments.shift()
      // One by one: a power cut must not bring an older one back without those that follow it.
      this.#disk.syncFolder(this.#folder)
      crashPoint('log.trimmed')
      freed += bytes
    }
    return freed
  }

  /** The segments that may be rewritten, oldest first: all but the last two. What a start looks at
   *  stays as it was written. */
  get oldSegments(): readonly OldSegment[] {
    const all = this.#segments
    return all.slice(0, -2).map((segment, i) => ({ ...segment, next: all[i + 1].first }))
  }

  /** Puts a finished draft in the place of old segments. False if they are not all there any
   *  more. */
  swapIn(draft: SegmentDraft): boolean {
    this.#refuseIfUnusable()
    return swapIn(this.#disk, this.#folder, this.#segments, draft)
  }

  /** Lets go of the files. What was not synced is left to the operating system. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    const files = [...this.#unsynced.map(({ file }) => file), this.#file]
    const closeAll = () => {
      for (const file of files) file.close()
    }
    // A file must not go away under a running sync.
    if (this.#sync.running === null) closeAll()
    else this.#sync.running.then(closeAll, closeAll)
  }

  #refuseIfBroken(): void {
    if (this.#broken !== undefined) throw this.#broken
  }

  #refuseIfUnusable(): void {
    this.#refuseIfBroken()
    assert(!this.#closed, `the log ${this.#folder} is closed`)
  }

  #append(frame: Append): { first: number; next: number } {
    this.#refuseIfUnusable()
    if (this.#ended) fail('STREAM_ENDED', 'The stream has ended and takes no more records')
    const payloadBytes = bytesOf(frame.payload)
    if (payloadBytes > PAYLOAD_BYTES_MAX) {
      fail('LIMIT_EXCEEDED', `A frame of ${payloadBytes} bytes is over ${PAYLOAD_BYTES_MAX}`)
    }
    const size = frameBytes(payloadBytes)
    if (this.#mustRoll(size, frame.timestampUs)) this.#roll(frame.timestampUs)
    const first = this.#next
    const head = encodeHead({ ...frame, flags: frame.flags ?? 0, first }, frame.payload)
    this.#write([head, ...frame.payload, paddingOf(payloadBytes)], size)
    this.#used = true
    this.#firstUs ??= frame.timestampUs
    this.#next += frame.count
    this.#appended++
    return { first, next: this.#next }
  }

  #write(parts: readonly Uint8Array[], size: number): void {
    const segment = this.#segments.at(-1)!
    try {
      let position = segment.bytes
      for (const part of size <= COALESCE_BYTES_MAX ? [this.#coalesce(parts)] : parts) {
        this.#file.write(part, position)
        position += part.length
      }
    } catch (error) {
      this.#takeBack(segment.bytes)
      throw error
    }
    segment.bytes += size
  }

  #coalesce(parts: readonly Uint8Array[]): Uint8Array {
    let length = 0
    for (const part of parts) {
      this.#scratch.set(part, length)
      length += part.length
    }
    return this.#scratch.subarray(0, length)
  }

  #takeBack(bytes: number): void {
    try {
      this.#file.truncate(bytes)
    } catch (error) {
      this.#broken = asSqlError(error)
    }
  }

  /** What segments to come begin with: see `LogOptions.header`. */
  useHeader(header: Uint8Array): void {
    this.#header = header
  }

  /** Whether the active segment has another header than is wanted. */
  get #hasStaleHeader(): boolean {
    const wanted = this.#header
    return wanted !== undefined && Buffer.compare(wanted, this.#activeHeader) !== 0
  }

  #mustRoll(size: number, timestampUs: number): boolean {
    const { segmentBytesMax, segmentSpanUsMax = Infinity } = this.#options
    if (this.#hasStaleHeader) return true
    if (!this.#used) return false
    if (this.#segments.at(-1)!.bytes + size > segmentBytesMax) return true
    return timestampUs - (this.#firstUs ?? timestampUs) > segmentSpanUsMax
  }

  #roll(timestampUs: number): void {
    const header = this.#header ?? NO_HEADER
    const first = this.#next
    const last = this.#segments.at(-1)!
    // An empty segment has no record to keep: it is made anew under its own name.
    const renewed = last.first === first
    const previousBytes = (renewed ? this.#segments.at(-2) : last)?.bytes ?? -1
    const init = { first, header, timestampUs, previousBytes }
    const file = this.#create(init, renewed)
    if (renewed) this.#segments.pop()
    this.#unsynced.push({ file: this.#file, bytes: last.bytes })
    this.#file = file
    this.#segments.push({ first, bytes: emptySegmentBytes(header), generation: 0 })
    this.#activeHeader = header
    this.#used = false
    this.#firstUs = undefined
    crashPoint('log.segment-rolled')
  }

  #create(init: SegmentInit, renewed: boolean): DiskFile {
    try {
      return createSegment(this.#disk, this.#folder, init)
    } catch (error) {
      // The log goes on in the old segment, and its next one may have another name.
      if (renewed) this.#broken = asSqlError(error)
      else this.#disk.remove(segmentPath(this.#folder, init.first))
      throw error
    }
  }

  async #flush(): Promise<void> {
    this.#refuseIfBroken()
    const next = this.#next
    const appended = this.#appended
    const active = { file: this.#file, bytes: this.#segments.at(-1)!.bytes }
    const full = this.#unsynced
    this.#unsynced = []
    try {
      // Oldest first: recovery relies on it.
      for (const { file, bytes } of [...full, active]) {
        await file.sync()
        crashPoint('log.between-syncs')
        noteDurable(file, bytes)
      }
    } catch (error) {
      this.#broken = asSqlError(error)
      throw this.#broken
    } finally {
      for (const { file } of full) file.close()
    }
    this.#synced = appended
    this.#durable = next
  }
}

/** The mark is allowed to lag, so a device that cannot take it now does no harm. */
function noteDurable(file: DiskFile, bytes: number): void {
  try {
    markDurable(file, bytes)
  } catch (error) {
    if (asSqlError(error).code !== 'DISK_FULL') throw error
  }
}
