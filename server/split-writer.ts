/** One split of an embedded stream: requests that arrive while an fsync is under way share the next
 *  frame and the next fsync (group commit). */

import type { Clock } from '../engine/base/clock.ts'
import { crashPoint } from '../engine/base/crash-point.ts'
import type { Disk } from '../engine/base/disk.ts'
import { asSqlError, fail, type SqlError } from '../engine/base/errors.ts'
import type { Batch } from '../engine/batch/batch.ts'
import { concat } from '../engine/batch/concat.ts'
import { encodeBatch } from '../engine/batch/ipc.ts'
import { SYNC_INTERVAL_MS } from '../engine/graph/journal-sync.ts'
import type { Durability } from '../engine/graph/protocol.ts'
import type { TrimLimits } from '../engine/log/retention.ts'
import { LogWriter } from '../engine/log/writer.ts'
import { KEYED_FLAG, keyHash, RecentKeys } from './recent-keys.ts'

export interface SplitWriterOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly folder: string
  readonly split: number
  readonly segmentBytesMax: number
  readonly durability: Durability
  readonly retention: Retention
  /** Rows [0, end) may be read: they are as durable as the level says. */
  readonly onDurable: (end: number, ended: boolean) => void
}

/** Absent limits do not apply. */
export interface Retention {
  readonly bytesMax: number | undefined
  readonly ageMsMax: number | undefined
  /** Whether records go that someone has yet to read. */
  readonly dropsNeeded?: boolean
}

export interface StoredRange {
  readonly split: number
  readonly first: number
  /** Inclusive. */
  readonly last: number
}

export interface SplitStatus {
  readonly split: number
  /** The first offset that is still kept, and the offset after the last. */
  readonly first: number
  readonly end: number
  readonly ended: boolean
}

interface Waiting {
  readonly batch: Batch
  /** The hash of its idempotency key. */
  readonly key: number | undefined
  readonly bytes: number
  readonly resolve: (range: StoredRange) => void
  readonly reject: (error: SqlError) => void
}

/** Rows of a shared frame; a single request may bring more. */
const FRAME_ROWS_MAX = 16_384
const KIND_ROWS = 1

export class SplitWriter {
  readonly #options: SplitWriterOptions
  readonly #log: LogWriter
  #waiting: Waiting[] = []
  /** Read from the log when the first keyed request comes. */
  #keys: RecentKeys | undefined
  readonly #keysOnTheWay = new Map<number, Promise<StoredRange>>()
  #ending = false
  #ended = false
  #busy: Promise<void> | undefined
  #failure: SqlError | undefined
  #cancelSync: (() => void) | undefined
  /** Records before this offset are needed by nobody. */
  #neededFrom = 0
  unsyncedBytes = 0

  constructor(options: SplitWriterOptions) {
    this.#options = options
    const { ageMsMax } = options.retention
    this.#log = LogWriter.open(options.disk, options.folder, {
      segmentBytesMax: segmentBytes(options),
      // Whole segments are removed: several per retention time keep it close to the wish.
      ...(ageMsMax === undefined ? {} : { segmentSpanUsMax: ageMsMax * 250 }),
    })
    this.#ended = this.#log.ended
  }

  /** Makes what recovery found durable and tells how far it reaches. */
  async start(): Promise<void> {
    await this.#log.sync()
    this.#options.onDurable(this.#log.nextOffset, this.#ended)
  }

  /** Resolves when the rows are durable. With a key that was seen before, nothing is stored, and
   *  the answer is where the rows are. STREAM_ENDED, or what the disk says. */
  append(batch: Batch, idempotencyKey?: string): Promise<StoredRange> {
    if (idempotencyKey === undefined) return this.#enqueue(batch, undefined)
    const key = keyHash(idempotencyKey)
    const onTheWay = this.#keysOnTheWay.get(key)
    if (onTheWay !== undefined) return onTheWay
    const { disk, folder, split } = this.#options
    this.#keys ??= RecentKeys.load(disk, folder, this.#log)
    const known = this.#keys.get(key)
    if (known !== undefined) {
      return Promise.resolve({ split, first: known.first, last: known.next - 1 })
    }
    const stored = this.#enqueue(batch, key).finally(() => this.#keysOnTheWay.delete(key))
    this.#keysOnTheWay.set(key, stored)
    return stored
  }

  #enqueue(batch: Batch, key: number | undefined): Promise<StoredRange> {
    if (this.#ended || this.#ending) {
      fail('STREAM_ENDED', 'The stream has ended and takes no more records')
    }
    if (this.#failure !== undefined) throw this.#failure
    const bytes = bytesOf(batch)
    this.unsyncedBytes += bytes
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, key, bytes, resolve, reject })
      this.#work()
    })
  }

  /** Resolves when the end is durable. */
  async end(): Promise<void> {
    if (this.#ended) return
    this.#ending = true
    this.#work()
    await this.#idle()
    if (!this.#ended) throw this.#failure ?? fail('DISK_FAILED', 'The end could not be written')
  }

  async #idle(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy
  }

  #work(): void {
    if (this.#busy !== undefined || this.#failure !== undefined) return
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
    while (this.#failure === undefined) {
      const group = this.#takeGroup()
      if (group.length === 0 && (!this.#ending || this.#ended)) return
      await this.#commit(group)
    }
    this.#reject(this.#waiting.splice(0), this.#failure)
  }

  /** The requests of the next frame. */
  #takeGroup(): Waiting[] {
    let rows = 0
    let count = 0
    for (const { batch, key } of this.#waiting) {
      rows += batch.rowCount
      if (count > 0 && (key !== undefined || rows > FRAME_ROWS_MAX)) break
      count++
      if (key !== undefined) break
    }
    return this.#waiting.splice(0, count)
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const log = this.#log
    let first = log.nextOffset
    crashPoint('stream.before-write')
    try {
      if (group.length > 0) this.#write(group)
      else log.end(this.#options.clock.nowUs())
    } catch (error) {
      // The log has taken back what it wrote: a full disk may have room for the next request.
      if (group.length === 0) this.#ending = false
      this.#reject(group, asSqlError(error))
      return
    }
    crashPoint('stream.after-write')
    try {
      await this.#makeDurable()
    } catch {
      this.#reject(group, this.#failure!)
      return
    }
    crashPoint('stream.after-sync')
    if (group.length === 0) this.#ended = true
    this.#options.onDurable(log.nextOffset, this.#ended)
    for (const { batch, key, bytes, resolve } of group) {
      const next = first + batch.rowCount
      this.unsyncedBytes -= bytes
      if (key !== undefined) this.#keys?.add(key, { first, next })
      resolve({ split: this.#options.split, first, last: next - 1 })
      first = next
    }
    this.trim()
  }

  /** What the level asks for before an answer. */
  async #makeDurable(): Promise<void> {
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
      this.#failure = asSqlError(error)
      throw this.#failure
    }
  }

  /** One frame for all of them: it is whole or not there. A keyed request is alone in its group. */
  #write(group: readonly Waiting[]): void {
    const batch = concat(group.map((waiting) => waiting.batch))
    const [{ key }] = group
    this.#log.append({
      kind: KIND_ROWS,
      flags: key === undefined ? 0 : KEYED_FLAG,
      count: batch.rowCount,
      timestampUs: this.#options.clock.nowUs(),
      epoch: key ?? 0,
      watermarkUs: 0,
      payload: [encodeBatch(batch)],
    })
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

  /** Removes what retention no longer keeps. A disk that will not do so now is asked again. */
  trim(): void {
    const { bytesMax, ageMsMax } = this.#options.retention
    if (bytesMax === undefined && ageMsMax === undefined) return
    if (this.#failure !== undefined) return
    try {
      this.#log.trim(this.#limits())
    } catch (error) {
      if (asSqlError(error).fault === 'internal') throw error
    }
  }

  #limits(): TrimLimits {
    const { bytesMax, ageMsMax, dropsNeeded } = this.#options.retention
    const beforeUs = this.#options.clock.nowUs() - (ageMsMax ?? 0) * 1000
    return {
      ...(dropsNeeded ? {} : { before: this.#neededFrom }),
      ...(bytesMax === undefined ? {} : { bytesMax }),
      ...(ageMsMax === undefined ? {} : { beforeUs }),
    }
  }

  status(): SplitStatus {
    const { firstOffset: first, nextOffset: end } = this.#log
    return { split: this.#options.split, first, end, ended: this.#ended }
  }

  /** Waits for what is under way, makes it durable and lets go of the files. */
  async close(): Promise<void> {
    await this.#idle()
    this.#cancelSync?.()
    if (this.#failure === undefined) await this.sync().catch(() => {})
    this.#log.close()
  }
}

/** Whole segments are removed, so a small retention needs small ones. */
const segmentBytes = ({ segmentBytesMax, retention }: SplitWriterOptions): number =>
  Math.max(4096, Math.min(segmentBytesMax, (retention.bytesMax ?? Infinity) / 4))

/** About how much memory the rows take. */
function bytesOf({ columns, rowCount }: Batch): number {
  let bytes = rowCount
  for (const { values, starts } of columns) bytes += values.byteLength + starts.byteLength * 2
  return bytes
}
