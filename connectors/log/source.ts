/** The embedded queue as a source: reads the segments that the writing thread appends to, up to
 *  where they are durable. An offset is a row number in its split, so every position can be read
 *  again exactly. A stream holds rows in columns; the log of an intake, messages as they came. */

import { asSqlError, fail } from '../../engine/base/errors.ts'
import { type Batch, emptyBatch } from '../../engine/batch/batch.ts'
import { type Column, slice } from '../../engine/batch/column.ts'
import type { Frame } from '../../engine/log/frame.ts'
import { LogReader } from '../../engine/log/reader.ts'
import type { Appended } from '../../engine/source/appended.ts'
import { refuseGone } from '../../engine/source/gone-records.ts'
import { intakeKeys } from '../../engine/source/intake.ts'
import type {
  Chunk,
  Offset,
  PollLimit,
  SourceConnector,
  SplitReader,
} from '../../engine/source/source.ts'
import { StreamDecoder } from '../../engine/source/stream-decoder.ts'
import {
  metadataOf,
  offsetAt,
  rowFrom,
  type StreamFrame,
} from '../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { ConnectorContext } from '../context.ts'

/** The folder of one split of an embedded stream. */
export const splitFolder = (dataFolder: string, tableId: string, split: string): string =>
  `${dataFolder}/streams/${tableId}/${split}`

/** How many splits the table was declared with. */
export const splitCount = (table: TableSpec): number => Number(table.options.splits ?? 1)

export const logSource = (context: ConnectorContext): SourceConnector => ({
  name: 'log',
  replay: 'offset',
  listSplits: (table) => Array.from({ length: splitCount(table) }, (_, i) => ({ id: String(i) })),
  open: (table, split, from) => new LogSplitReader(context, table, split.id, from),
})

class LogSplitReader implements SplitReader {
  readonly #table: string
  readonly #name: string
  readonly #split: string
  readonly #decoder: StreamDecoder
  readonly #isIntake: boolean
  /** What the table's METADATA columns ask for. */
  readonly #keys: ReadonlySet<string>
  readonly #appended: Appended
  readonly #reader: LogReader
  #position: number
  #sought = false
  /** The frame being cut into chunks, its metadata, and how many of its rows are used. */
  #frame: StreamFrame | null = null
  #metadata: Readonly<Record<string, Column>> = {}
  #used = 0
  #stopListening = () => {}

  constructor(context: ConnectorContext, table: TableSpec, split: string, from: Offset) {
    this.#table = table.id
    this.#name = table.name
    this.#split = split
    this.#isIntake = table.intake === true
    this.#decoder = new StreamDecoder(table)
    this.#keys = new Set(this.#isIntake ? [] : table.metadata?.map(({ key }) => key))
    this.#appended = context.appended
    this.#reader = new LogReader(context.disk, splitFolder(context.dataFolder, table.id, split))
    this.#position = from === '' ? 0 : Number(from)
  }

  poll(limit: PollLimit): Chunk | null {
    const durable = this.#appended.get(this.#table, this.#split)
    const until = limit.until === undefined ? durable.end : Number(limit.until)
    if (until > durable.end) return null
    if (this.#position >= until) {
      const end = durable.ended && this.#position === durable.end
      return end ? this.#chunk(this.#position, null, 0, true) : null
    }
    const frame = this.#frame ?? this.#nextFrame(until)
    const from = this.#position
    const first = this.#used
    const last = Math.min(rowFrom(frame, until), first + limit.rowsMax)
    this.#used = last
    // What compaction removed is passed with the records before it.
    const isDone = last === frame.records.rowCount
    this.#position = Math.min(until, isDone ? frame.next : offsetAt(frame, last))
    if (this.#position === frame.next) this.#frame = null
    const end = durable.ended && this.#position === durable.end
    return this.#chunk(from, frame, first, end, last)
  }

  #chunk(start: number, frame: StreamFrame | null, first: number, end: boolean, last = 0): Chunk {
    const rows = frame?.records.slice(first, last) ?? emptyBatch(this.#decoder.schema)
    const from = String(start)
    const base = { from, to: String(this.#position), rowCount: rows.rowCount, end }
    if (this.#isIntake) return { ...base, ...messagesOf(rows) }
    if (this.#keys.size === 0) return { ...base, batch: rows }
    const cut = ([key, column]: [string, Column]) => [key, slice(column, first, last)]
    const all = frame === null ? {} : this.#metadata
    const metadata = Object.fromEntries(Object.entries(all).map(cut))
    return { ...base, batch: rows, metadata }
  }

  #nextFrame(until: number): StreamFrame {
    const stored = this.#stored(until)
    if (stored === null) {
      fail('DATA_DAMAGED', `Split ${this.#split} of stream ${this.#name} ends before row ${until}`)
    }
    // The beginning of a split is the oldest row that its retention kept.
    if (!this.#sought && this.#position === 0) this.#position = stored.first
    this.#sought = true
    const frame = this.#decoder.decode(stored, this.#reader.header)
    this.#frame = frame
    this.#metadata = metadataOf(frame, Number(this.#split), this.#keys)
    this.#used = rowFrom(frame, this.#position)
    return frame
  }

  #stored(until: number): Frame | null {
    try {
      if (!this.#sought && this.#position > 0) this.#reader.seek(this.#position)
      return this.#reader.next(until)
    } catch (error) {
      const { code, details } = asSqlError(error)
      if (code !== 'GONE') throw error
      return refuseGone(this.#name, this.#split, details as { offset: number; first: number })
    }
  }

  onReady(callback: () => void): void {
    this.#stopListening()
    this.#stopListening = this.#appended.listen(this.#table, this.#split, callback)
  }

  /** '' while the split is empty, as a reader that has read nothing stands at ''. */
  end(): Offset {
    const { end } = this.#appended.get(this.#table, this.#split)
    return end === 0 ? '' : String(end)
  }

  lagRows(): number {
    return this.#appended.get(this.#table, this.#split).end - this.#position
  }

  /** The queue keeps its records by retention, not by what was read. */
  async commit(): Promise<void> {}

  async close(): Promise<void> {
    this.#stopListening()
    this.#reader.close()
  }
}

/** The messages of an intake's rows, and what its connector told of each. */
function messagesOf({ schema, columns }: Batch) {
  const [{ values, starts, ends }] = columns
  const metadata = Object.fromEntries(intakeKeys(schema).map((key, i) => [key, columns[i + 1]]))
  return { bytes: values as Uint8Array, starts, ends, metadata }
}
