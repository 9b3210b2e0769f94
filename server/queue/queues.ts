/** All streams of the embedded queue as queues. */

import type { SourceStatus } from '../../engine/graph/protocol.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { QueueFigures } from './figures.ts'
import { isEmbedded } from './readable-stream.ts'
import {
  type ConsumerFigures,
  groupsFolder,
  type QueueContext,
  StreamQueue,
} from './stream-queue.ts'

/** Figures of one stream. */
export interface StreamFigures {
  /** λ: records that come, per second, over the last minute. */
  readonly arrivalRate: number
  /** Of each consumer group, and of the queries together. */
  readonly consumers: readonly ConsumerFigures[]
}

export interface QueuesContext extends QueueContext {
  /** How far the queries have read, and how long they have worked. */
  readonly engineStatus: () => Promise<{
    readonly sources: readonly SourceStatus[]
    readonly busyMs: number
  }>
}

interface QueryFigures {
  readonly figures: QueueFigures
  rowsIn: number
  busyMs: number
  /** Records that queries read, per second in which they worked. */
  serviceRate: number | null
}

const SAMPLE_MS = 1000

export class Queues {
  readonly #context: QueuesContext
  /** By table id. */
  readonly #queues = new Map<string, StreamQueue>()
  readonly #queries = new Map<string, QueryFigures>()
  #cancelTimer = () => {}
  #closed = false

  constructor(context: QueuesContext) {
    this.#context = context
  }

  /** Begins to look how far the queries are. */
  start(): void {
    this.#cancelTimer = this.#context.clock.after(SAMPLE_MS, () => {
      void this.#sample()
        .catch(() => {})
        .finally(() => {
          if (!this.#closed) this.start()
        })
    })
  }

  /** Opens those of the tables that are streams, and removes the groups of all others.
   *  DATA_DAMAGED. */
  async openAll(tables: readonly TableSpec[]): Promise<void> {
    const { disk, dataFolder } = this.#context
    for (const id of disk.list(`${dataFolder}/groups`)) {
      if (!tables.some((table) => table.id === id)) disk.remove(groupsFolder(dataFolder, id))
    }
    await Promise.all(tables.filter(isEmbedded).map((table) => this.open(table)))
  }

  /** The stream, which is open, becomes a queue. DATA_DAMAGED. */
  async open(table: TableSpec): Promise<void> {
    const queue = new StreamQueue(this.#context, table)
    this.#queues.set(table.id, queue)
    await queue.open()
  }

  /** The queue of a stream; undefined if it is none of the embedded queue. */
  of(table: TableSpec): StreamQueue | undefined {
    return this.#queues.get(table.id)?.use(table)
  }

  /** Whether a group of the stream has given up a record. */
  isGivenUp(tableId: string): boolean {
    return this.#queues.get(tableId)?.undelivered.isOpen === true
  }

  appended(tableId: string, split: number, end: number): void {
    this.#queues.get(tableId)?.appended(split, end)
  }

  /** The stream's log was rewritten in part. */
  compacted(tableId: string): void {
    this.#queues.get(tableId)?.records.forget()
  }

  neededFrom(tableId: string, split: number): number {
    return this.#queues.get(tableId)?.neededFrom(split) ?? Infinity
  }

  /** Until the result is called, no file of any group goes. */
  async hold(): Promise<() => void> {
    const all = await Promise.all([...this.#queues.values()].map((queue) => queue.hold()))
    return () => {
      for (const letGo of all) letGo()
    }
  }

  async drop(tableId: string): Promise<void> {
    const queue = this.#queues.get(tableId)
    if (queue === undefined) return
    this.#queues.delete(tableId)
    this.#queries.delete(tableId)
    await queue.close()
    await queue.undelivered.drop()
    const { disk, dataFolder } = this.#context
    disk.remove(groupsFolder(dataFolder, tableId))
  }

  /** undefined if the stream is none of the embedded queue. */
  figures(tableId: string): StreamFigures | undefined {
    const queue = this.#queues.get(tableId)
    if (queue === undefined) return undefined
    const nowUs = this.#context.clock.nowUs()
    const { arrivalRate } = queue.arrivals.values(nowUs)
    const consumers = queue.groupFigures()
    const read = this.#queries.get(tableId)
    if (read !== undefined) {
      const { serviceRate } = read
      const load = serviceRate === null ? null : arrivalRate / serviceRate
      const values = { ...read.figures.values(nowUs), arrivalRate, serviceRate, load }
      const waitSeconds = arrivalRate > 0 ? values.backlog / arrivalRate : null
      consumers.push({ consumer: 'queries', ...values, waitSeconds })
    }
    return { arrivalRate, consumers }
  }

  async #sample(): Promise<void> {
    for (const queue of this.#queues.values()) {
      queue.rest()
      queue.observe()
    }
    if (this.#queues.size === 0) return
    const { sources, busyMs } = await this.#context.engineStatus()
    const nowUs = this.#context.clock.nowUs()
    const read = new Set<string>()
    for (const { tableId, rowsIn, lagRows } of sources) {
      if (!this.#queues.has(tableId) || read.has(tableId)) continue
      read.add(tableId)
      const before = this.#queries.get(tableId)
      const figures = before?.figures ?? new QueueFigures(lagRows ?? 0, nowUs)
      const rows = Math.max(0, rowsIn - (before?.rowsIn ?? rowsIn))
      figures.observed(lagRows ?? 0, rows, nowUs)
      const seconds = (busyMs - (before?.busyMs ?? busyMs)) / 1000
      const serviceRate = rows > 0 && seconds > 0 ? rows / seconds : (before?.serviceRate ?? null)
      this.#queries.set(tableId, { figures, rowsIn, busyMs, serviceRate })
    }
    for (const tableId of this.#queries.keys())
      if (!read.has(tableId)) this.#queries.delete(tableId)
  }

  /** Those who wait for records get none; before the streams are closed. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelTimer()
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()))
  }
}
