/** One side table on disk, one frame per epoch that had any rows for it. A replayed epoch whose
 *  rows are here already is recognised by its number and not written again. */

import type { Disk } from '../base/disk.ts'
import { asSqlError } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { decodeBatch, encodeBatch } from '../batch/ipc.ts'
import type { Schema } from '../batch/schema.ts'
import { LogReader } from '../log/reader.ts'
import { type Append, LogWriter } from '../log/writer.ts'

const KIND_ROWS = 1

export interface SideLogOptions {
  readonly segmentBytesMax: number
  /** The oldest rows go when the log is larger than this. */
  readonly retentionBytesMax: number
  /** See LogOptions. */
  readonly header?: Uint8Array
}

export class SideLog {
  readonly #disk: Disk
  readonly #folder: string
  readonly #options: SideLogOptions
  readonly #writer: LogWriter
  /** The last epoch whose rows are here. */
  #lastEpoch = -1
  /** Frames that the disk had no room for; they must be written before the next epoch runs. */
  #unwritten: Append[] = []
  /** Where each epoch's rows end that nobody may read yet. */
  #hidden: { readonly epoch: number; readonly end: number }[] = []
  #neededFrom = 0

  constructor(disk: Disk, folder: string, options: SideLogOptions) {
    this.#disk = disk
    this.#folder = folder
    this.#options = options
    this.#writer = LogWriter.open(disk, folder, options)
  }

  useHeader(header: Uint8Array): void {
    this.#writer.useHeader(header)
  }

  get end(): number {
    return this.#writer.nextOffset
  }

  /** All rows that are kept, oldest first. */
  async *rows(schema: Schema): AsyncGenerator<Batch> {
    await this.#writer.sync()
    const reader = new LogReader(this.#disk, this.#folder)
    try {
      if (this.end > this.#writer.firstOffset) reader.seek(this.#writer.firstOffset)
      for (let frame = reader.next(this.end); frame !== null; frame = reader.next(this.end)) {
        yield decodeBatch(frame.payload, schema)
      }
    } finally {
      reader.close()
    }
  }

  /** Drops the rows of epochs after `epoch`, which never happened. For recovery only. */
  async dropAfter(epoch: number): Promise<void> {
    await this.#writer.sync()
    const reader = new LogReader(this.#disk, this.#folder)
    try {
      while (this.end > this.#writer.firstOffset) {
        reader.seek(this.end - 1)
        const frame = reader.next(this.end)
        if (frame === null) break
        this.#lastEpoch = frame.epoch
        if (frame.epoch <= epoch) break
        this.#lastEpoch = -1
        this.#writer.truncateAfter(frame.first)
      }
    } finally {
      reader.close()
    }
    this.#hidden = []
  }

  /** Writes one epoch's rows, unless they are here. A full disk keeps them in memory. */
  append(epoch: number, nowUs: number, rows: Batch): void {
    if (epoch <= this.#lastEpoch) return
    this.#lastEpoch = epoch
    this.#unwritten.push({
      kind: KIND_ROWS,
      count: rows.rowCount,
      timestampUs: nowUs,
      epoch,
      watermarkUs: 0,
      payload: [encodeBatch(rows)],
    })
    this.writeRest()
  }

  get hasUnwritten(): boolean {
    return this.#unwritten.length > 0
  }

  /** Writes what the disk had no room for. True if nothing is left. DISK_FAILED. */
  writeRest(): boolean {
    for (;;) {
      const [next] = this.#unwritten
      if (next === undefined) return true
      try {
        this.#writer.append(next)
      } catch (error) {
        if (asSqlError(error).code === 'DISK_FULL') return false
        throw error
      }
      this.#hidden.push({ epoch: next.epoch, end: this.end })
      this.#unwritten.shift()
    }
  }

  /** Takes the end of the rows up to `epoch` out of hiding; undefined if none was hidden. */
  reveal(epoch: number): number | undefined {
    const shown = this.#hidden.filter((entry) => entry.epoch <= epoch)
    this.#hidden = this.#hidden.slice(shown.length)
    return shown.at(-1)?.end
  }

  need(from: number): void {
    this.#neededFrom = from
  }

  /** Removes the oldest rows beyond the retention size, but none that a query has yet to read. */
  trim(): void {
    const { retentionBytesMax: bytesMax } = this.#options
    if (this.#writer.bytes <= bytesMax) return
    this.#writer.trim({ bytesMax, before: Math.min(this.#neededFrom, this.#writer.durableOffset) })
  }

  sync(): Promise<void> {
    return this.#writer.sync()
  }

  close(): void {
    this.#writer.close()
  }
}
