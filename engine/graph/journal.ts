/** The epoch journal: what each epoch read and what time it was, written before its results may be
 *  seen. Replaying it from the last checkpoint gives the same results with the same ids (law 1). */

import { crashPoint } from '../base/crash-point.ts'
import type { Disk } from '../base/disk.ts'
import { LogReader } from '../log/reader.ts'
import { LogWriter } from '../log/writer.ts'
import type { Offset } from '../source/source.ts'
import type { Change } from './change.ts'

/** Records [from, to) of one split, read through one cursor. */
export interface ReadRange {
  readonly cursor: string
  readonly table: string
  readonly split: string
  readonly from: Offset
  readonly to: Offset
  /** The split ended here. */
  readonly end: boolean
}

export interface JournalEntry {
  readonly epoch: number
  readonly nowUs: number
  readonly seed: number
  /** The first epoch after a start of the server: the time before it was nobody's silence. */
  readonly resumed: boolean
  /** What happened to the dataflow before the epoch reads anything, in order. */
  readonly changes: readonly Change[]
  readonly ranges: readonly ReadRange[]
}

const JOURNAL = { segmentBytesMax: 8 << 20 }
const KIND_EPOCH = 1

export class Journal {
  readonly #disk: Disk
  readonly #folder: string
  readonly #writer: LogWriter

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
    this.#writer = LogWriter.open(disk, folder, JOURNAL)
  }

  /** The number of the next epoch to append. */
  get nextEpoch(): number {
    return this.#writer.nextOffset
  }

  get firstEpoch(): number {
    return this.#writer.firstOffset
  }

  /** DISK_FULL leaves nothing of the entry: it can be appended again. */
  append(entry: JournalEntry): void {
    crashPoint('journal.before-write')
    this.#writer.append({
      kind: KIND_EPOCH,
      count: 1,
      timestampUs: entry.nowUs,
      epoch: entry.epoch,
      watermarkUs: 0,
      payload: [Buffer.from(JSON.stringify(entry))],
    })
    crashPoint('journal.after-write')
  }

  /** Resolves when every entry appended so far is durable. */
  async sync(): Promise<void> {
    await this.#writer.sync()
    crashPoint('journal.after-sync')
  }

  /** Forgets the entries from `epoch` on. For recovery only. */
  dropFrom(epoch: number): void {
    this.#writer.truncateAfter(epoch)
  }

  /** The entries from `epoch` on, in order. */
  *entries(epoch: number): Generator<JournalEntry> {
    const reader = new LogReader(this.#disk, this.#folder)
    try {
      if (epoch >= this.nextEpoch) return
      reader.seek(epoch)
      for (;;) {
        const frame = reader.next(this.nextEpoch)
        if (frame === null) return
        yield JSON.parse(Buffer.from(frame.payload).toString()) as JournalEntry
      }
    } finally {
      reader.close()
    }
  }

  /** Forgets the epochs that no checkpoint needs. */
  trim(beforeEpoch: number): void {
    this.#writer.trim({ before: beforeEpoch })
  }

  close(): void {
    this.#writer.close()
  }
}
