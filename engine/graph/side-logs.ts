/** Writes the side tables, one log each: rows that the epochs left beside their results, like late
 *  rows and bad records. They are read as streams of the embedded queue are. */

import type { Disk } from '../base/disk.ts'
import type { Batch } from '../batch/batch.ts'
import type { Schema } from '../batch/schema.ts'
import type { Appended } from '../source/appended.ts'
import { lateName, lateTable } from '../source/late-table.ts'
import { layoutHeader } from '../source/layout.ts'
import { isOfEngine, sideOwner } from '../source/side-table.ts'
import type { TableSpec } from '../source/table.ts'
import type { Durability, NeededOffsets } from './protocol.ts'
import { SideLog, type SideLogOptions } from './side-log.ts'

export interface SideLogsOptions extends SideLogOptions {
  readonly disk: Disk
  readonly dataFolder: string
  readonly durability: Durability
  /** Told how far the rows may be read. */
  readonly appended: Appended
}

const SPLIT = '0'

export class SideLogs {
  readonly #options: SideLogsOptions
  /** By the side table's id. */
  readonly #logs = new Map<string, SideLog>()
  /** What the logs say of their rows' columns, where tables were altered. */
  readonly #headers = new Map<string, Uint8Array>()

  constructor(options: SideLogsOptions) {
    this.#options = options
  }

  /** Late rows that come now have the columns that the table has now. */
  know(table: TableSpec): void {
    if (table.layout === undefined) return
    const { id } = table
    const header = layoutHeader(lateTable(table))
    this.#headers.set(lateName(id), header)
    this.#logs.get(lateName(id))?.useHeader(header)
  }

  /** Opens what is there and drops the rows of epochs after `lastEpoch`. Once, before a replay. */
  async open(lastEpoch: number): Promise<void> {
    const { disk, dataFolder } = this.#options
    for (const id of disk.list(`${dataFolder}/streams`)) {
      if (!isOfEngine(id)) continue
      await this.#log(id).dropAfter(lastEpoch)
      this.#show(id, this.#log(id).end)
    }
  }

  /** Epochs after `epoch` never happened. */
  async dropAfter(epoch: number): Promise<void> {
    for (const [id, log] of this.#logs) {
      await log.dropAfter(epoch)
      this.#show(id, log.end)
    }
  }

  #log(id: string): SideLog {
    const known = this.#logs.get(id)
    if (known !== undefined) return known
    const header = this.#headers.get(id) ?? new Uint8Array(0)
    const log = new SideLog(this.#options.disk, this.#path(id), { ...this.#options, header })
    this.#logs.set(id, log)
    return log
  }

  #path(id: string): string {
    return `${this.#options.dataFolder}/streams/${id}/${SPLIT}`
  }

  #show(id: string, end: number): void {
    this.#options.appended.set(id, SPLIT, { end, ended: false })
  }

  /** Of the side tables that have a log. */
  ids(): string[] {
    return [...this.#logs.keys()]
  }

  /** All rows of a side table that are kept, oldest first. */
  rows(id: string, schema: Schema): AsyncGenerator<Batch> {
    return this.#log(id).rows(schema)
  }

  /** Writes one epoch's rows of a side table. What a full disk leaves over see `writeRest`. */
  append(id: string, epoch: number, nowUs: number, rows: Batch): void {
    this.#log(id).append(epoch, nowUs, rows)
  }

  writeRest(): boolean {
    return [...this.#logs.values()].every((log) => log.writeRest())
  }

  get hasUnwritten(): boolean {
    return [...this.#logs.values()].some((log) => log.hasUnwritten)
  }

  /** Lets the rows of epochs up to `epoch`, whose journal entries are durable, be read as soon as
   *  they are durable themselves: what a query reads must never have to be made again. */
  async release(epoch: number): Promise<void> {
    for (const [id, log] of this.#logs) {
      const end = log.reveal(epoch)
      if (end === undefined) continue
      if (this.#options.durability === 'sync') await log.sync()
      // A later call may have been faster.
      if (end > this.#options.appended.get(id, SPLIT).end) this.#show(id, end)
    }
  }

  /** What queries and checkpoints still have to read. */
  need(offsets: NeededOffsets): void {
    for (const [id, log] of this.#logs) log.need(offsets[id]?.[SPLIT] ?? Infinity)
  }

  trim(): void {
    for (const log of this.#logs.values()) log.trim()
  }

  async sync(): Promise<void> {
    await Promise.all([...this.#logs.values()].map((log) => log.sync()))
  }

  /** The table is no more: its side tables go with it. */
  forget(tableId: string): void {
    const { disk, dataFolder } = this.#options
    for (const id of disk.list(`${dataFolder}/streams`)) {
      if (sideOwner(id) !== tableId) continue
      this.#logs.get(id)?.close()
      this.#logs.delete(id)
      disk.remove(`${dataFolder}/streams/${id}`)
    }
  }

  close(): void {
    for (const log of this.#logs.values()) log.close()
  }
}
