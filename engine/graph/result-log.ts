/** One query's results on disk: one frame per epoch that had any, numbered without gaps (law 4).
 *  A replayed epoch whose result is already here is recognised by its number and not written
 *  again. */

import { crashPoint } from '../base/crash-point.ts'
import type { Disk } from '../base/disk.ts'
import { asSqlError, fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { encodeBatch } from '../batch/ipc.ts'
import { PAYLOAD_BYTES_MAX } from '../log/frame.ts'
import { LogReader } from '../log/reader.ts'
import { LogWriter } from '../log/writer.ts'
import type { ResultFrame } from './protocol.ts'

const KIND_CHANGES = 1

export interface ResultLogOptions {
  readonly segmentBytesMax: number
  /** Older results go when the log is larger than this. */
  readonly retentionBytesMax: number
  /** There is no log any more: results are only counted. */
  readonly isGone?: boolean
}

interface Unwritten {
  readonly frame: ResultFrame
  readonly nowUs: number
}

export class ResultLog {
  readonly #disk: Disk
  readonly #queryId: string
  readonly #folder: string
  /** undefined: the log is gone. */
  readonly #writer: LogWriter | undefined
  readonly #options: ResultLogOptions
  /** The number of the next result. A query starts at 0, also when a replay starts it again: it is
   *  behind the writer's end until the replay has caught up with what is written. */
  #nextSeq = 0
  /** Results that the disk had no room for; they must be written before the next epoch runs. */
  #unwritten: Unwritten[] = []
  /** Results from here on have a reader that has not seen them: all, before anyone has spoken. */
  #neededSeq = 0

  constructor(disk: Disk, folder: string, queryId: string, options: ResultLogOptions) {
    this.#disk = disk
    this.#queryId = queryId
    this.#folder = folder
    this.#options = options
    if (options.isGone !== true) this.#writer = LogWriter.open(disk, folder, options)
  }

  get nextSeq(): number {
    return this.#nextSeq
  }

  /** Whether the disk had no room for some results. */
  get hasUnwritten(): boolean {
    return this.#unwritten.length > 0
  }

  /** Goes to where a checkpoint stands: the results from here on come again by replay. DATA_DAMAGED
   *  if results are missing that the checkpoint was made after. */
  resume(seq: number): void {
    const nextOffset = this.#writer?.nextOffset ?? seq
    if (nextOffset < seq) {
      fail('DATA_DAMAGED', `${this.#folder} ends before result ${nextOffset} of ${seq}`, {
        hint: 'Restore the data folder from a backup, or restart the query.',
        details: { file: this.#folder, position: nextOffset },
      })
    }
    this.#nextSeq = seq
  }

  /** The query goes no further: what was released of it before this replay stays. */
  keepAll(): void {
    this.#nextSeq = Math.max(this.#nextSeq, this.#writer?.nextOffset ?? 0)
  }

  /** Writes one epoch's result and returns its frame; null if the log has it from before the
   *  crash. A full disk keeps the result in memory: see `writeRest`. DISK_FAILED; LIMIT_EXCEEDED,
   *  without a trace of the result, if it is too large for a frame. */
  append(epoch: number, nowUs: number, watermarkUs: number, batch: Batch): ResultFrame | null {
    const seq = this.#nextSeq
    if (this.#writer === undefined || seq < this.#writer.nextOffset) {
      this.#nextSeq++
      return null
    }
    const payload = encodeBatch(batch)
    if (payload.length > PAYLOAD_BYTES_MAX) {
      fail('LIMIT_EXCEEDED', `An epoch's result of ${payload.length} bytes is too large`, {
        hint: 'Does a key of a join have very many partners?',
      })
    }
    this.#nextSeq++
    const frame = { queryId: this.#queryId, seq, epoch, watermarkUs, payload }
    this.#unwritten.push({ frame, nowUs })
    this.writeRest()
    return frame
  }

  /** Writes what the disk had no room for. True if nothing is left. */
  writeRest(): boolean {
    for (;;) {
      const [next] = this.#unwritten
      if (next === undefined) return true
      try {
        this.#write(this.#writer!, next)
      } catch (error) {
        if (asSqlError(error).code === 'DISK_FULL') return false
        throw error
      }
      this.#unwritten.shift()
    }
  }

  #write(log: LogWriter, { frame, nowUs }: Unwritten): void {
    crashPoint('results.before-write')
    const { epoch, watermarkUs, payload } = frame
    log.append({
      kind: KIND_CHANGES,
      count: 1,
      timestampUs: nowUs,
      epoch,
      watermarkUs,
      payload: [payload],
    })
    crashPoint('results.after-write')
  }

  /** Drops results of epochs after `epoch`: a power cut can keep a result and lose its journal
   *  entry, and then the epoch never happened. */
  static dropAfterEpoch(disk: Disk, folder: string, epoch: number): void {
    const writer = LogWriter.open(disk, folder, { segmentBytesMax: 1 << 30 })
    try {
      const keep = endOfEpoch(new LogReader(disk, folder), writer, epoch)
      if (keep < writer.nextOffset) writer.truncateAfter(keep)
    } finally {
      writer.close()
    }
  }

  /** Drops the results of epochs after `epoch`, which never happened. For recovery only. */
  async dropAfter(epoch: number): Promise<void> {
    const log = this.#writer
    if (log === undefined) return
    await log.sync()
    const keep = endOfEpoch(this.#reader(), log, epoch)
    if (keep < log.nextOffset) log.truncateAfter(keep)
    this.#nextSeq = Math.min(this.#nextSeq, keep)
  }

  /** Someone outside still needs the results from `seq` on. */
  need(seq: number): void {
    this.#neededSeq = seq
  }

  /** Removes the oldest results beyond the retention size, but none that is needed. Returns the
   *  bytes freed. */
  trim(): number {
    const { retentionBytesMax: bytesMax } = this.#options
    if (this.#writer === undefined || this.#writer.bytes <= bytesMax) return 0
    const before = Math.min(this.#neededSeq, this.#writer.durableOffset)
    return this.#writer.trim({ bytesMax, before })
  }

  #reader(): LogReader {
    return new LogReader(this.#disk, this.#folder)
  }

  async sync(): Promise<void> {
    await this.#writer?.sync()
  }

  close(): void {
    this.#writer?.close()
  }
}

/** The offset after the last result of an epoch up to `epoch`. Results of later epochs can only be
 *  at the very end: it looks backwards. Closes the reader. */
function endOfEpoch(reader: LogReader, log: LogWriter, epoch: number): number {
  let keep = log.nextOffset
  try {
    while (keep > log.firstOffset) {
      reader.seek(keep - 1)
      const frame = reader.next(keep)
      if (frame === null || frame.epoch <= epoch) break
      keep--
    }
  } finally {
    reader.close()
  }
  return keep
}
