/** Replays the flights into the stream, as fast in event time as asked. */

import { sleep } from '../../../engine/base/clock.ts'
import { Batch } from '../../../engine/batch/batch.ts'
import { Column } from '../../../engine/batch/column.ts'
import type { Schema } from '../../../engine/batch/schema.ts'

export interface FeedOptions {
  /** Batches of the file, in order. */
  readonly source: AsyncIterable<Batch>
  /** The stream's stored columns. */
  readonly schema: Schema
  /** The row of the file to begin with, and the row to stop before. */
  readonly fromRow: number
  readonly untilRow: number
  /** Event seconds per second; Infinity: as fast as the disk takes them. */
  readonly speed: number
  /** Resolves when the rows are durable. */
  readonly append: (rows: Batch) => Promise<void>
  /** Told after every durable append: the next row, and the event time of the last one. */
  readonly onAppended: (row: number, eventTimeUs: number) => void
  readonly signal: AbortSignal
}

/** Appends under way at the same time: they share an fsync. */
const IN_FLIGHT_MAX = 4
/** How long to wait when no row is due. */
const TICK_MS = 25
const TIME_COLUMN = 0

/** Appends rows [fromRow, untilRow) in the order of the file, each when its event time is due;
 *  resolves when all are durable, or soon after `signal` aborts. */
export async function feed(options: FeedOptions): Promise<void> {
  const { source, fromRow, untilRow, signal } = options
  const pace = new Pace(options.speed)
  const sender = new Sender(options)
  let row = 0
  for await (const batch of source) {
    const first = Math.max(0, fromRow - row)
    const last = Math.min(batch.rowCount, untilRow - row)
    if (first < last) await replay(batch.slice(first, last), pace, sender, signal)
    row += batch.rowCount
    if (row >= untilRow || signal.aborted) break
  }
  await sender.drain()
}

async function replay(
  batch: Batch,
  pace: Pace,
  sender: Sender,
  signal: AbortSignal,
): Promise<void> {
  const times = batch.columns[TIME_COLUMN].values as BigInt64Array
  let from = 0
  while (from < batch.rowCount && !signal.aborted) {
    const to = firstAfter(times, from, pace.dueUs(Number(times[from])))
    if (to > from) await sender.send(batch.slice(from, to))
    else await sleep(TICK_MS, signal)
    from = to
  }
}

/** The first row at or after `from` whose time is beyond `dueUs`. The times are sorted. */
function firstAfter(times: BigInt64Array, from: number, dueUs: number): number {
  let low = from
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (Number(times[middle]) <= dueUs) low = middle + 1
    else high = middle
  }
  return low
}

/** Which event time is due now. */
class Pace {
  readonly #speed: number
  #startMs: number | undefined
  #startUs = 0

  constructor(speed: number) {
    this.#speed = speed
  }

  /** `nextUs` is the next row's time: the first one starts the clock. */
  dueUs(nextUs: number): number {
    if (this.#speed === Infinity) return Infinity
    if (this.#startMs === undefined) {
      this.#startMs = performance.now()
      this.#startUs = nextUs
    }
    return this.#startUs + (performance.now() - this.#startMs) * 1000 * this.#speed
  }
}

/** Appends in order, a few at a time. */
class Sender {
  readonly #options: FeedOptions
  readonly #pending: Promise<void>[] = []
  #row: number
  /** Told of in order. */
  #last: Promise<void> = Promise.resolve()

  constructor(options: FeedOptions) {
    this.#options = options
    this.#row = options.fromRow
  }

  async send(rows: Batch): Promise<void> {
    const { schema, append, onAppended } = this.#options
    const times = rows.columns[TIME_COLUMN].values as BigInt64Array
    const lastUs = Number(times[rows.rowCount - 1])
    const end = (this.#row += rows.rowCount)
    const appended = append(withSchema(rows, schema))
    const done = Promise.all([this.#last, appended]).then(() => onAppended(end, lastUs))
    this.#last = done
    // A failure is met when its turn comes; until then it is not an unhandled one.
    done.catch(() => {})
    this.#pending.push(done)
    if (this.#pending.length >= IN_FLIGHT_MAX) await this.#pending.shift()
  }

  async drain(): Promise<void> {
    for (const pending of this.#pending.splice(0)) await pending
  }
}

/** The same values under the stream's types: the file's TIMESTAMP(6) is the stream's TIMESTAMP(3),
 *  both are microseconds in memory, and the file has whole minutes. */
function withSchema(batch: Batch, schema: Schema): Batch {
  const columns = batch.columns.map(
    (column, i) => new Column({ ...column, type: schema.fields[i].type }),
  )
  return new Batch(schema, columns, batch.rowCount)
}
