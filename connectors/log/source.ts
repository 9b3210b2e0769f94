/** The embedded queue as a source: reads the segments that the writing thread appends to, up to
 *  where they are durable. An offset is a row number in its split, so every position can be read
 *  again exactly. */

import { fail } from '../../engine/base/errors.ts'
import { type Batch, emptyBatch } from '../../engine/batch/batch.ts'
import { decodeBatch } from '../../engine/batch/ipc.ts'
import { type Schema, schemaOf } from '../../engine/batch/schema.ts'
import { LogReader } from '../../engine/log/reader.ts'
import type { Appended } from '../../engine/source/appended.ts'
import type {
  Chunk,
  Offset,
  PollLimit,
  SourceConnector,
  SplitReader,
} from '../../engine/source/source.ts'
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
  readonly #split: string
  readonly #stored: Schema
  readonly #appended: Appended
  readonly #reader: LogReader
  #position: number
  #sought = false
  /** The frame being cut into chunks, and how many of its rows are used. */
  #frame: Batch | null = null
  #used = 0
  #stopListening = () => {}

  constructor(context: ConnectorContext, table: TableSpec, split: string, from: Offset) {
    this.#table = table.id
    this.#split = split
    this.#stored = schemaOf(table.schema.fields.slice(0, table.storedCount))
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
      return end ? this.#chunk(null, true) : null
    }
    const frame = this.#frame ?? this.#nextFrame(until)
    const rows = Math.min(frame.rowCount - this.#used, limit.rowsMax, until - this.#position)
    const batch = frame.slice(this.#used, this.#used + rows)
    this.#used += rows
    if (this.#used === frame.rowCount) this.#frame = null
    const last = durable.ended && this.#position + rows === durable.end
    return this.#chunk(batch, last)
  }

  #chunk(batch: Batch | null, end: boolean): Chunk {
    const from = this.#position
    const rowCount = batch?.rowCount ?? 0
    this.#position += rowCount
    return {
      from: String(from),
      to: String(this.#position),
      rowCount,
      end,
      batch: batch ?? emptyBatch(this.#stored),
    }
  }

  #nextFrame(until: number): Batch {
    if (!this.#sought && this.#position > 0) this.#reader.seek(this.#position)
    const frame = this.#reader.next(until)
    if (frame === null) {
      fail('DATA_DAMAGED', `Split ${this.#split} of stream ${this.#table} ends before row ${until}`)
    }
    // The beginning of a split is the oldest row that its retention kept.
    if (!this.#sought && this.#position === 0) this.#position = frame.first
    this.#sought = true
    const batch = decodeBatch(frame.payload, this.#stored)
    this.#frame = batch
    this.#used = this.#position - frame.first
    return batch
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
