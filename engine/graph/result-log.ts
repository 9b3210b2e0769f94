/** One query's results on disk: one frame per epoch that had any, numbered without gaps (law 4).
 *  A replayed epoch whose result is already here is recognised by its number and not written
 *  again. */

import type { Disk } from '../base/disk.ts'
import type { Batch } from '../batch/batch.ts'
import { encodeBatch } from '../batch/ipc.ts'
import { LogReader } from '../log/reader.ts'
import { LogWriter } from '../log/writer.ts'
import type { ResultFrame } from './protocol.ts'

const KIND_CHANGES = 1

export interface ResultLogOptions {
  readonly segmentBytesMax: number
  /** Older results go when the log is larger than this. */
  readonly retentionBytesMax: number
}

export class ResultLog {
  readonly #queryId: string
  readonly #writer: LogWriter
  readonly #options: ResultLogOptions
  /** The number of the next result. A query starts at 0, also when a replay starts it again: it is
   *  behind the writer's end until the replay has caught up with what is written. */
  #nextSeq = 0

  constructor(disk: Disk, folder: string, queryId: string, options: ResultLogOptions) {
    this.#queryId = queryId
    this.#options = options
    this.#writer = LogWriter.open(disk, folder, options)
  }

  get nextSeq(): number {
    return this.#nextSeq
  }

  /** Goes to where a checkpoint stands: the results from here on come again by replay. */
  resume(seq: number): void {
    this.#nextSeq = seq
  }

  /** Writes one epoch's result and returns its frame; null if the log has it from before the
   *  crash. */
  append(epoch: number, nowUs: number, watermarkUs: number, batch: Batch): ResultFrame | null {
    const seq = this.#nextSeq++
    if (seq < this.#writer.nextOffset) return null
    const payload = encodeBatch(batch)
    this.#writer.append({
      kind: KIND_CHANGES,
      count: 1,
      timestampUs: nowUs,
      epoch,
      watermarkUs,
      payload: [payload],
    })
    return { queryId: this.#queryId, seq, epoch, watermarkUs, payload }
  }

  /** Drops results of epochs after `epoch`: a power cut can keep a result and lose its journal
   *  entry, and then the epoch never happened. */
  static dropAfterEpoch(disk: Disk, folder: string, epoch: number): void {
    const writer = LogWriter.open(disk, folder, { segmentBytesMax: 1 << 30 })
    const reader = new LogReader(disk, folder)
    let keep = writer.nextOffset
    try {
      // Results of lost epochs can only be at the very end: look backwards.
      while (keep > writer.firstOffset) {
        reader.seek(keep - 1)
        const frame = reader.next(keep)
        if (frame === null || frame.epoch <= epoch) break
        keep--
      }
      if (keep < writer.nextOffset) writer.truncateAfter(keep)
    } finally {
      reader.close()
      writer.close()
    }
  }

  /** Removes the oldest results beyond the retention size, but none from `neededSeq` on. */
  trim(neededSeq: number): void {
    this.#writer.trim({ bytesMax: this.#options.retentionBytesMax, before: neededSeq })
  }

  sync(): Promise<void> {
    return this.#writer.sync()
  }

  close(): void {
    this.#writer.close()
  }
}
