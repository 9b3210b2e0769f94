/** The writing side of the embedded queue. A record is acknowledged when it is on the disk; a
 *  request is stored whole or not at all (law 5), because it becomes part of one log frame; if its
 *  rows decide to which splits they go, that holds for each split's part. */

import type { Clock } from '../engine/base/clock.ts'
import type { Disk } from '../engine/base/disk.ts'
import { fail, type SqlError } from '../engine/base/errors.ts'
import type { Batch } from '../engine/batch/batch.ts'
import type { Durability, NeededOffsets } from '../engine/graph/protocol.ts'
import { lateOwner } from '../engine/source/late-table.ts'
import type { TableSpec } from '../engine/source/table.ts'
import { keyHash } from './recent-keys.ts'
import { placingColumns, rowsBySplit } from './split-of-row.ts'
import { type SplitStatus, SplitWriter, type StoredRange } from './split-writer.ts'

/** Told after every fsync, in order per split: rows [0, end) of the split are durable. */
export type OnAppended = (tableId: string, split: number, end: number, ended: boolean) => void

export interface StreamsContext {
  readonly disk: Disk
  readonly clock: Clock
  readonly dataFolder: string
  /** Bytes per stream that may be written and not yet durable. */
  readonly unsyncedBytesMax: number
  readonly segmentBytesMax: number
  /** Of streams that do not say. */
  readonly durability: Durability
  readonly onAppended: OnAppended
}

export interface AppendResult {
  readonly count: number
  /** Offsets are row numbers in the split; `last` is inclusive. */
  readonly offsets: readonly StoredRange[]
}

export interface AppendOptions {
  /** Default: the splits take turns, request by request. */
  readonly split?: number | undefined
  /** A request with a key that was seen before stores nothing and answers as the first one did. */
  readonly idempotencyKey?: string | undefined
}

interface Stream {
  readonly table: TableSpec
  readonly splits: readonly SplitWriter[]
  nextSplit: number
}

interface Part {
  readonly writer: SplitWriter
  readonly rows: Batch
}

const REMOVE_DELAY_MS = 5000
/** How often retention is applied to streams that nobody writes to. */
const RETENTION_INTERVAL_MS = 10_000

export class Streams {
  readonly #context: StreamsContext
  readonly #streams = new Map<string, Stream>()
  #needed: NeededOffsets | undefined
  readonly #holds = new Map<object, readonly string[]>()
  #stalled: SqlError | undefined
  #cancelTimer = () => {}

  constructor(context: StreamsContext) {
    this.#context = context
    this.#armRetention()
  }

  /** Removes the records of all streams but these: a crash can come between dropping a stream and
   *  dropping its records. */
  removeOthers(tableIds: readonly string[]): void {
    const { disk, dataFolder } = this.#context
    for (const id of disk.list(`${dataFolder}/streams`)) {
      if (!tableIds.includes(lateOwner(id) ?? id)) disk.remove(streamFolder(dataFolder, id))
    }
  }

  /** Opens the stream's log, or makes it, and tells where its splits end. A torn tail left by a
   *  crash is cut off. */
  async open(table: TableSpec): Promise<void> {
    const { disk, clock, dataFolder, segmentBytesMax, durability, onAppended } = this.#context
    const count = Number(table.options.splits ?? 1)
    const splits = Array.from({ length: count }, (_, split) => {
      const folder = `${streamFolder(dataFolder, table.id)}/${split}`
      return new SplitWriter({
        ...{ disk, clock, folder, split, segmentBytesMax },
        durability: (table.options.durability as Durability | undefined) ?? durability,
        retention: {
          bytesMax: optionNumber(table, 'retention.bytes'),
          ageMsMax: optionNumber(table, 'retention.ms'),
          dropsNeeded: table.options['retention.policy'] === 'drop',
        },
        onDurable: (end, ended) => onAppended(table.id, split, end, ended),
      })
    })
    this.#streams.set(table.id, { table, splits, nextSplit: 0 })
    await Promise.all(splits.map((split) => split.start()))
    this.#tellNeeded(table.id)
  }

  /** The engine cannot take more: neither do the streams, until it says undefined. */
  stall(error: SqlError | undefined): void {
    this.#stalled = error
  }

  /** What queries and checkpoints still have to read, of all streams. */
  need(offsets: NeededOffsets): void {
    this.#needed = offsets
    for (const tableId of this.#streams.keys()) this.#tellNeeded(tableId)
  }

  /** Keeps all records of the streams that are there now until the result is called: what needs
   *  them is not known to the engine yet. */
  hold(tableIds: readonly string[]): () => void {
    const holder = {}
    this.#holds.set(holder, tableIds)
    for (const id of tableIds) if (this.#streams.has(id)) this.#tellNeeded(id)
    return () => {
      this.#holds.delete(holder)
      for (const id of tableIds) if (this.#streams.has(id)) this.#tellNeeded(id)
    }
  }

  /** Before the engine has spoken, everything is needed. A stream that it does not name is read by
   *  nobody. */
  #tellNeeded(tableId: string): void {
    if (this.#needed === undefined) return
    const held = [...this.#holds.values()].some((ids) => ids.includes(tableId))
    const offsets = this.#needed[tableId] ?? {}
    for (const [i, split] of this.#stream(tableId).splits.entries()) {
      split.needFrom(held ? 0 : (offsets[i] ?? Infinity))
    }
  }

  /** Makes everything stored so far durable, whatever the level. */
  async sync(): Promise<void> {
    const streams = [...this.#streams.values()]
    await Promise.all(streams.flatMap(({ splits }) => splits.map((split) => split.sync())))
  }

  /** Stores the rows and resolves when they are durable. Errors: STREAM_ENDED, INVALID_ARGUMENT for
   *  a split that does not exist, TOO_MANY_REQUESTS when the disk cannot keep up, DISK_FULL. */
  async append(tableId: string, batch: Batch, options: AppendOptions = {}): Promise<AppendResult> {
    const stream = this.#stream(tableId)
    const parts = this.#parts(stream, batch, options)
    if (this.#stalled !== undefined) throw this.#stalled
    if (batch.rowCount === 0) return { count: 0, offsets: [] }
    const unsynced = stream.splits.reduce((sum, split) => sum + split.unsyncedBytes, 0)
    if (unsynced > this.#context.unsyncedBytesMax) {
      fail('TOO_MANY_REQUESTS', `The disk cannot keep up with stream ${stream.table.name}`, {
        hint: 'Send the request again in a moment.',
        details: { unsyncedBytes: unsynced },
      })
    }
    const { idempotencyKey } = options
    const append = async ({ writer, rows }: Part) => writer.append(rows, idempotencyKey)
    return { count: batch.rowCount, offsets: await Promise.all(parts.map(append)) }
  }

  /** What goes to which split: all rows to one, unless each row's content decides. */
  #parts(stream: Stream, batch: Batch, options: AppendOptions): Part[] {
    const { table, splits } = stream
    const columns = placingColumns(table)
    if (columns === undefined || splits.length === 1) {
      return [{ writer: this.#split(stream, options), rows: batch }]
    }
    if (options.split !== undefined) {
      fail(
        'INVALID_ARGUMENT',
        `The rows of ${table.name} decide by themselves to which split they go`,
        {
          hint: 'Leave the split out.',
        },
      )
    }
    return rowsBySplit(batch, columns, splits.length).flatMap((rows, i) =>
      rows === undefined ? [] : [{ writer: splits[i], rows }],
    )
  }

  #split(stream: Stream, { split, idempotencyKey }: AppendOptions): SplitWriter {
    const { table, splits } = stream
    if (split !== undefined) {
      return (
        splits[split] ??
        fail('INVALID_ARGUMENT', `Stream ${table.name} has no split ${split}`, {
          hint: `Its splits are 0 to ${splits.length - 1}.`,
        })
      )
    }
    // A retry must come to the split that knows its key.
    if (idempotencyKey !== undefined) return splits[keyHash(idempotencyKey) % splits.length]
    const writer = splits[stream.nextSplit]
    stream.nextSplit = (stream.nextSplit + 1) % splits.length
    return writer
  }

  /** Declares that no record will follow: windows close, bounded queries finish. Ending an ended
   *  stream changes nothing. */
  async end(tableId: string): Promise<void> {
    await Promise.all(this.#stream(tableId).splits.map((split) => split.end()))
  }

  status(tableId: string): SplitStatus[] {
    return this.#stream(tableId).splits.map((split) => split.status())
  }

  /** Removes the stream with all its records: the files a little later, when no reader that was
   *  still at work on them can miss them. */
  async drop(tableId: string): Promise<void> {
    const stream = this.#stream(tableId)
    this.#streams.delete(tableId)
    await Promise.all(stream.splits.map((split) => split.close()))
    const { disk, clock, dataFolder } = this.#context
    clock.after(REMOVE_DELAY_MS, () => disk.remove(streamFolder(dataFolder, tableId)))
  }

  /** Waits for what is under way, then closes all logs. */
  async close(): Promise<void> {
    this.#cancelTimer()
    const streams = [...this.#streams.values()]
    await Promise.all(streams.flatMap(({ splits }) => splits.map((split) => split.close())))
  }

  #armRetention(): void {
    this.#cancelTimer = this.#context.clock.after(RETENTION_INTERVAL_MS, () => {
      for (const { splits } of this.#streams.values()) for (const split of splits) split.trim()
      this.#armRetention()
    })
  }

  #stream(tableId: string): Stream {
    const stream = this.#streams.get(tableId)
    return stream ?? fail('INTERNAL', `stream ${tableId} is not open`)
  }
}

/** The folder of all splits of an embedded stream. */
export const streamFolder = (dataFolder: string, tableId: string): string =>
  `${dataFolder}/streams/${tableId}`

function optionNumber(table: TableSpec, key: string): number | undefined {
  const text = table.options[key]
  return text === undefined ? undefined : Number(text)
}
