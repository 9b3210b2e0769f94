/** One split of an embedded stream: requests that arrive while an fsync is under way share the next
 *  frames and the next fsync (group commit). */

import type { Clock } from '../engine/base/clock.ts'
import { crashPoint } from '../engine/base/crash-point.ts'
import type { Disk } from '../engine/base/disk.ts'
import { asSqlError, fail, type SqlError } from '../engine/base/errors.ts'
import { concat } from '../engine/batch/concat.ts'
import { SYNC_INTERVAL_MS } from '../engine/graph/journal-sync.ts'
import type { Durability } from '../engine/graph/protocol.ts'
import { LogWriter } from '../engine/log/writer.ts'
import { encodeStreamRows, JOINT_FLAG, KEYED_FLAG } from '../engine/source/stream-frame.ts'
import type { TableSpec } from '../engine/source/table.ts'
import { bytesOf, takeGroups, type WaitingRequest } from './append-group.ts'
import { compactSplit } from './compaction.ts'
import type { StreamRows } from './envelope.ts'
import type { JointMark } from './joint-mark.ts'
import { OnceByKey } from './once-by-key.ts'
import { RecentKeys, type RowRange } from './recent-keys.ts'
import { type Retention, segmentBytes, trimLimits } from './retention.ts'

export interface SplitWriterOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly folder: string
  readonly split: number
  readonly segmentBytesMax: number
  readonly durability: Durability
  readonly retention: Retention
  /** Old rows go that were replaced, tombstones after so long. Absent: they stay. */
  readonly tombstoneMs?: number | undefined
  /** What the log says of the rows' columns: see engine/source/layout.ts. */
  readonly header?: Uint8Array
  /** Frames are compressed. */
  readonly packed: boolean
  /** What a frame says that is no part of a joint request: see joint-mark.ts. */
  readonly mark?: () => JointMark
  /** Records from this offset on have yet to be read, beside what `needFrom` says. */
  readonly neededToo?: () => number
  /** Rows [0, end) may be read: they are as durable as the level says. */
  readonly onDurable: (end: number, ended: boolean) => void
}

export interface StoredRange {
  readonly split: number
  readonly first: number
  /** Inclusive. */
  readonly last: number
}

interface Waiting extends WaitingRequest {
  readonly rows: StreamRows
  readonly resolve: (range: StoredRange) => void
  readonly reject: (error: SqlError) => void
}

export interface SplitStatus {
  readonly split: number
  /** The first offset that is still kept, and the offset after the last that may be read. */
  readonly first: number
  readonly end: number
  readonly ended: boolean
}

/** Frames of one fsync. */
const FRAMES_MAX = 256
const KIND_ROWS = 1

export class SplitWriter {
  #options: SplitWriterOptions
  readonly #log: LogWriter
  #waiting: Waiting[] = []
  /** Read from the log when the first keyed request comes. */
  #keys: RecentKeys | undefined
  readonly #once = new OnceByKey<StoredRange>()
  #ending = false
  #ended = false
  #busy: Promise<void> | undefined
  /** Set while someone has the split for itself: resolves when that is over. */
  #turn: Promise<void> | undefined
  #failure: SqlError | undefined
  #cancelSync: (() => void) | undefined
  /** Records before this offset are needed by nobody. */
  #neededFrom = 0
  /** What was told last: records beyond may not be durable yet. */
  #readableEnd: number
  #isClosed = false
  unsyncedBytes = 0

  constructor(options: SplitWriterOptions) {
    this.#options = options
    const { ageMsMax } = options.retention
    this.#log = LogWriter.open(options.disk, options.folder, {
      segmentBytesMax: segmentBytes(options.segmentBytesMax, options.retention),
      header: options.header ?? new Uint8Array(0),
      // Whole segments are removed: several per retention time keep it close to the wish.
      ...(ageMsMax === undefined ? {} : { segmentSpanUsMax: ageMsMax * 250 }),
    })
    this.#ended = this.#log.ended
    this.#readableEnd = this.#log.nextOffset
  }

  /** Rows that come from now on have other columns, or are kept otherwise. Nobody may append before
   *  it resolves. Segments have their new size after the next start. */
  async alter(
    form: Pick<SplitWriterOptions, 'durability' | 'retention' | 'header' | 'tombstoneMs'>,
  ): Promise<void> {
    await this.idle()
    this.#options = { ...this.#options, ...form }
    if (form.header !== undefined) this.#log.useHeader(form.header)
  }

  /** Makes what recovery found durable and tells how far it reaches. */
  async start(): Promise<void> {
    await this.#log.sync()
    this.publish()
  }

  /** Lets everything written so far be read. */
  publish(): void {
    this.#readableEnd = this.#log.nextOffset
    this.#options.onDurable(this.#readableEnd, this.#ended)
  }

  /** Resolves when the rows are durable. With a key that was seen before, nothing is stored, and
   *  the answer is where the rows are. STREAM_ENDED, or what the disk says. */
  append(rows: StreamRows, key?: number): Promise<StoredRange> {
    const find = (known: number) => this.find(known)
    return this.#once.answer(key, find, () => this.#enqueue(rows, key))
  }

  /** Where the rows of a request with this key are; undefined if it is new. What the disk said if
   *  the split can take none: what is in it then is not known. */
  find(key: number): StoredRange | undefined {
    if (this.#failure !== undefined) throw this.#failure
    const { disk, folder, split } = this.#options
    this.#keys ??= RecentKeys.load(disk, folder, this.#log)
    const known = this.#keys.get(key)
    return known && { split, first: known.first, last: known.next - 1 }
  }

  /** STREAM_ENDED if no record may follow; what the disk said if the split can take none. */
  refuseIfClosed(): void {
    if (this.#ended || this.#ending) {
      fail('STREAM_ENDED', 'The stream has ended and takes no more records')
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #enqueue(rows: StreamRows, key: number | undefined): Promise<StoredRange> {
    this.refuseIfClosed()
    const { batch, enveloped } = rows
    const bytes = bytesOf(batch)
    this.unsyncedBytes += bytes
    return new Promise((resolve, reject) => {
      const request = { key, rowCount: batch.rowCount, enveloped, bytes }
      this.#waiting.push({ ...request, rows, resolve, reject })
      this.#work()
    })
  }

  /** Resolves when the end is durable. */
  async end(): Promise<void> {
    if (this.#ended) return
    this.#ending = true
    this.#work()
    await this.idle()
    if (!this.#ended) throw this.#failure ?? fail('DISK_FAILED', 'The end could not be written')
  }

  /** Resolves when every row that was given is durable, or refused. */
  async idle(): Promise<void> {
    for (;;) {
      const underWay = this.#busy ?? this.#turn
      if (underWay === undefined) return
      await underWay
    }
  }

  #work(): void {
    if (this.#busy !== undefined || this.#turn !== undefined || this.#failure !== undefined) return
    if (this.#waiting.length === 0 && (!this.#ending || this.#ended)) return
    this.#busy = this.#run().finally(() => {
      this.#busy = undefined
      // A request may have come after the last look and before now.
      this.#work()
    })
  }

  async #run(): Promise<void> {
    // One turn later, so that requests which arrive together are written together.
    await Promise.resolve()
    while (this.#failure === undefined && this.#turn === undefined) {
      const groups = takeGroups(this.#waiting, FRAMES_MAX)
      if (groups.length > 0) await this.#commit(groups)
      else if (this.#ending && !this.#ended) await this.#commitEnd()
      else return
    }
    if (this.#failure !== undefined) this.#reject(this.#waiting.splice(0), this.#failure)
  }

  async #commit(groups: readonly Waiting[][]): Promise<void> {
    crashPoint('stream.before-write')
    const written = this.#writeAll(groups)
    if (written.length === 0) return
    crashPoint('stream.after-write')
    try {
      await this.makeDurable()
    } catch {
      for (const { group } of written) this.#reject(group, this.#failure!)
      return
    }
    crashPoint('stream.after-sync')
    this.publish()
    for (const { group, range } of written) {
      const [{ key }] = group
      if (key !== undefined) this.remember(key, range)
      this.#resolve(group, range)
    }
    this.trim()
  }

  #resolve(group: readonly Waiting[], { first: begin }: RowRange): void {
    let first = begin
    for (const { rowCount, bytes, resolve } of group) {
      const next = first + rowCount
      this.unsyncedBytes -= bytes
      resolve({ split: this.#options.split, first, last: next - 1 })
      first = next
    }
  }

  /** What was written. Where the disk takes a request no more, it takes none of those behind it:
   *  who sent several together, and sends them again, finds them in their order. */
  #writeAll(groups: readonly Waiting[][]) {
    const written: { group: Waiting[]; range: RowRange }[] = []
    for (const [i, group] of groups.entries()) {
      const [{ rows, key }] = group
      const batch = concat(group.map((waiting) => waiting.rows.batch))
      try {
        written.push({ group, range: this.write({ ...rows, batch }, key) })
      } catch (thrown) {
        // The log has taken back what it wrote: there may be room for what is sent later.
        const error = asSqlError(thrown)
        this.#reject(group, error)
        if (error.retry !== 'backoff') continue
        this.#reject([...groups.slice(i + 1).flat(), ...this.#waiting.splice(0)], error)
        break
      }
    }
    return written
  }

  async #commitEnd(): Promise<void> {
    try {
      this.#log.end(this.#options.clock.nowUs())
      await this.makeDurable()
    } catch {
      this.#ending = false
      return
    }
    this.#ended = true
    this.publish()
  }

  /** The request of this key is durable. */
  remember(key: number, range: RowRange): void {
    this.#keys?.add(key, range)
  }

  /** Resolves when nothing is under way in the split. Until the result is called, nothing begins
   *  but by `write`. */
  async takeTurn(): Promise<() => void> {
    let letGo = () => {}
    this.#turn = new Promise((resolve) => {
      letGo = resolve
    })
    while (this.#busy !== undefined) await this.#busy
    return () => {
      this.#turn = undefined
      letGo()
      if (this.#failure !== undefined) this.#reject(this.#waiting.splice(0), this.#failure)
      this.#work()
    }
  }

  /** One frame: whole, or not there at all. `joint`: it is a part of a request that has others. */
  write({ batch, enveloped }: StreamRows, key?: number, joint?: JointMark): RowRange {
    const { clock, packed, mark } = this.#options
    const { flags, payload } = encodeStreamRows(batch, { enveloped, packed })
    return this.#log.append({
      kind: KIND_ROWS,
      flags: flags | (key === undefined ? 0 : KEYED_FLAG) | (joint === undefined ? 0 : JOINT_FLAG),
      count: batch.rowCount,
      timestampUs: clock.nowUs(),
      epoch: key ?? 0,
      watermarkUs: joint ?? mark?.() ?? 0,
      payload: [payload],
    })
  }

  /** Removes what was written from `first` on, which nobody may have read. Only in a turn. After a
   *  failed try the split takes nothing until it is reopened. */
  async takeBack(first: number): Promise<void> {
    try {
      await this.#log.sync()
      this.#log.truncateAfter(first)
      this.#keys = undefined
    } catch (error) {
      this.break(asSqlError(error))
    }
  }

  /** The split takes nothing any more until it is reopened. */
  break(error: SqlError): void {
    this.#failure ??= error
  }

  /** What the level asks for before an answer. */
  async makeDurable(): Promise<void> {
    const { durability, clock } = this.#options
    if (durability === 'sync') return this.sync()
    if (durability === 'off' || this.#cancelSync !== undefined) return
    this.#cancelSync = clock.after(SYNC_INTERVAL_MS, () => {
      this.#cancelSync = undefined
      this.sync().catch(() => {})
    })
  }

  /** Makes everything written so far durable. After a failed try the split takes nothing until it
   *  is reopened: what the device lost is not known. */
  async sync(): Promise<void> {
    try {
      await this.#log.sync()
    } catch (error) {
      this.break(asSqlError(error))
      throw this.#failure
    }
  }

  #reject(group: readonly Waiting[], error: SqlError): void {
    for (const { bytes, reject } of group) {
      this.unsyncedBytes -= bytes
      reject(error)
    }
  }

  /** Everything before `offset` has been read by all who must read it. */
  needFrom(offset: number): void {
    this.#neededFrom = offset
  }

  get #needed(): number {
    if (this.#isClosed) return 0
    return Math.min(this.#neededFrom, this.#options.neededToo?.() ?? Infinity)
  }

  /** Removes what retention no longer keeps. A disk that will not do so now is asked again. */
  trim(): void {
    const { bytesMax, ageMsMax } = this.#options.retention
    if (bytesMax === undefined && ageMsMax === undefined) return
    if (this.#failure !== undefined) return
    try {
      const nowUs = this.#options.clock.nowUs()
      this.#log.trim(trimLimits(this.#options.retention, this.#needed, nowUs))
    } catch (error) {
      if (asSqlError(error).fault === 'internal') throw error
    }
  }

  /** Removes old rows that were replaced, if the table says so and it is worth it. A disk that will
   *  not do so now is asked again. */
  async compact(table: TableSpec, onSwapped: () => void): Promise<void> {
    const { disk, folder, clock, packed, segmentBytesMax, tombstoneMs } = this.#options
    if (tombstoneMs === undefined || this.#failure !== undefined || this.#isClosed) return
    const nowUs = clock.nowUs()
    const neededFrom = () => this.#needed
    const job = { disk, folder, log: this.#log, table, packed, segmentBytesMax, tombstoneMs, nowUs }
    try {
      await compactSplit({ ...job, neededFrom, onSwapped })
    } catch (error) {
      if (asSqlError(error).fault === 'internal') throw error
    }
  }

  status(): SplitStatus {
    const { firstOffset: first } = this.#log
    return { split: this.#options.split, first, end: this.#readableEnd, ended: this.#ended }
  }

  /** Waits for what is under way, makes it durable and lets go of the files. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.idle()
    this.#cancelSync?.()
    if (this.#failure === undefined) await this.sync().catch(() => {})
    this.#log.close()
  }
}
