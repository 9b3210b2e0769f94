/** Writes the records that consumer groups give up to the stream's `"s$undelivered"`. */

import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { toMillisecond } from '../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { UNDELIVERED, undeliveredTable } from '../../engine/source/undelivered-table.ts'
import { type Streams, streamFolder } from '../streams.ts'
import type { FoundRecord } from './stream-records.ts'

/** A record that is given up, and why. */
export interface GivenUp extends FoundRecord {
  readonly group: string
  readonly split: number
  readonly offset: number
  readonly deliveries: number
  readonly reason: 'too many deliveries' | 'rejected'
}

export class UndeliveredRecords {
  readonly #streams: Streams
  readonly #clock: Clock
  readonly table: TableSpec
  #opened: Promise<void> | undefined

  constructor(streams: Streams, clock: Clock, of: TableSpec) {
    this.#streams = streams
    this.#clock = clock
    this.table = undeliveredTable(of)
  }

  /** Opens the stream if there is one. */
  async openIfThere(disk: Disk, dataFolder: string): Promise<void> {
    const { length } = disk.list(streamFolder(dataFolder, this.table.id))
    if (length > 0) await this.open()
  }

  open(): Promise<void> {
    this.#opened ??= this.#streams.open(this.table)
    this.#opened.catch(() => {
      this.#opened = undefined
    })
    return this.#opened
  }

  get isOpen(): boolean {
    return this.#opened !== undefined
  }

  /** Resolves when the record is durable. `life` tells groups of one name apart; a record that a
   *  group gave up before is not written again. */
  async write(record: GivenUp, life: number): Promise<void> {
    await this.open()
    const { group, split, offset, texts, row, deliveries, reason } = record
    const said = ['timestamp', 'key', 'headers', 'priority'].map((key) => texts.metadata(key, row))
    const builder = new BatchBuilder(UNDELIVERED)
    const moved = toMillisecond(this.#clock.nowUs())
    builder.append([group, split, offset, ...said, texts.value(row), deliveries, reason, moved])
    const idempotencyKey = JSON.stringify([group, life, split, offset])
    await this.#streams.append(this.table.id, builder.finish(), { idempotencyKey })
  }

  async drop(): Promise<void> {
    if (this.#opened === undefined) return
    await this.#opened
    await this.#streams.drop(this.table.id)
  }
}
