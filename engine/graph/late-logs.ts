/** Gathers the rows that an epoch's queries left out because they were late, and writes them behind
 *  those of earlier epochs, per table. */

import type { Disk } from '../base/disk.ts'
import { Batch, type Origin } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import { concat } from '../batch/concat.ts'
import { VARCHAR } from '../batch/types.ts'
import type { Appended } from '../source/appended.ts'
import { lateName, lateOwner, lateSchema } from '../source/late-table.ts'
import { LateLog, type LateLogOptions } from './late-log.ts'
import type { Durability, NeededOffsets } from './protocol.ts'

export interface LateLogsOptions extends LateLogOptions {
  readonly disk: Disk
  readonly dataFolder: string
  readonly durability: Durability
  /** Told how far the rows may be read. */
  readonly appended: Appended
}

/** Rows of one batch that a query left out. */
interface Left {
  readonly query: string
  readonly batch: Batch
  readonly rows: Set<number>
}

const SPLIT = '0'

export class LateLogs {
  readonly #options: LateLogsOptions
  /** By the id of the table that the rows are of. */
  readonly #logs = new Map<string, LateLog>()
  readonly #left = new Map<string, Left[]>()

  constructor(options: LateLogsOptions) {
    this.#options = options
  }

  /** Opens what is there and drops the rows of epochs after `lastEpoch`. Once, before a replay. */
  async open(lastEpoch: number): Promise<void> {
    const { disk, dataFolder } = this.#options
    for (const name of disk.list(`${dataFolder}/streams`)) {
      const tableId = lateOwner(name)
      if (tableId === undefined) continue
      await this.#log(tableId).dropAfter(lastEpoch)
      this.#show(tableId, this.#log(tableId).end)
    }
  }

  /** Epochs after `epoch` never happened. */
  async dropAfter(epoch: number): Promise<void> {
    for (const [tableId, log] of this.#logs) {
      await log.dropAfter(epoch)
      this.#show(tableId, log.end)
    }
  }

  #log(tableId: string): LateLog {
    const log =
      this.#logs.get(tableId) ?? new LateLog(this.#options.disk, this.#path(tableId), this.#options)
    this.#logs.set(tableId, log)
    return log
  }

  #path(tableId: string): string {
    return `${this.#options.dataFolder}/streams/${lateName(tableId)}/${SPLIT}`
  }

  #show(tableId: string, end: number): void {
    this.#options.appended.set(lateName(tableId), SPLIT, { end, ended: false })
  }

  /** Notes the rows of a late batch that know where they came from: each once for a query. A row
   *  that was to be taken back is not noted. */
  add(query: string, { origin, weights, rowCount }: Batch): void {
    if (origin === null) return
    const left = this.#leftBy(query, origin)
    for (let i = 0; i < rowCount; i++) {
      if (weights !== null && weights[i] < 0) continue
      left.rows.add(origin.rows === null ? i : origin.rows[i])
    }
  }

  #leftBy(query: string, { tableId, batch }: Origin): Left {
    const all = this.#left.get(tableId) ?? []
    this.#left.set(tableId, all)
    const known = all.find((left) => left.query === query && left.batch === batch)
    if (known !== undefined) return known
    const left = { query, batch, rows: new Set<number>() }
    all.push(left)
    return left
  }

  /** Writes what the epoch left. What a full disk leaves over see `writeRest`. */
  write(epoch: number, nowUs: number): void {
    for (const [tableId, all] of this.#left) {
      const filled = all.filter(({ rows }) => rows.size > 0)
      if (filled.length > 0) this.#log(tableId).append(epoch, nowUs, concat(filled.map(rowsOf)))
    }
    this.#left.clear()
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
    for (const [tableId, log] of this.#logs) {
      const end = log.reveal(epoch)
      if (end === undefined) continue
      if (this.#options.durability === 'sync') await log.sync()
      // A later call may have been faster.
      const shown = this.#options.appended.get(lateName(tableId), SPLIT).end
      if (end > shown) this.#show(tableId, end)
    }
  }

  /** What queries and checkpoints still have to read. */
  need(offsets: NeededOffsets): void {
    for (const [tableId, log] of this.#logs) {
      log.need(offsets[lateName(tableId)]?.[SPLIT] ?? Infinity)
    }
  }

  trim(): void {
    for (const log of this.#logs.values()) log.trim()
  }

  async sync(): Promise<void> {
    await Promise.all([...this.#logs.values()].map((log) => log.sync()))
  }

  /** The table is no more. */
  forget(tableId: string): void {
    this.#logs.get(tableId)?.close()
    this.#logs.delete(tableId)
    const { disk, dataFolder } = this.#options
    disk.remove(`${dataFolder}/streams/${lateName(tableId)}`)
  }

  close(): void {
    for (const log of this.#logs.values()) log.close()
  }
}

/** The rows in the order in which they came, with the query. */
function rowsOf({ query, batch, rows }: Left): Batch {
  const picked = Int32Array.from(rows).sort()
  const { columns, rowCount } = batch.keep(picked, picked.length)
  const names = columnOf(VARCHAR, new Array<string>(rowCount).fill(query))
  return new Batch(lateSchema(batch.schema), [...columns, names], rowCount)
}
