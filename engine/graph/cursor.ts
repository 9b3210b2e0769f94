/** Queries that read the same records in the same epochs. There is one main cursor; a query that
 *  starts later reads its tables from the beginning through a cursor of its own and joins the main
 *  one when it has caught up. So each query's result is right for a prefix of its input, and all
 *  caught-up queries agree on the prefix. */

import type { EpochClock } from '../base/clock.ts'
import { asSqlError, type SqlError } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { isLogged } from '../source/table.ts'
import type { ReadBounds, TableReader, TableReaderState } from '../source/table-reader.ts'
import type { ReadRange } from './journal.ts'
import type { Pipeline } from './pipeline.ts'

export const MAIN_CURSOR = 'main'

/** A table that cannot be read for the moment. */
export interface Trouble {
  readonly error: SqlError
  /** How often it was tried in vain. */
  readonly tries: number
  /** When it is tried again, monotonic milliseconds. */
  readonly againMs: number
}

export interface CursorPoll {
  readonly rowsMax: number
  readonly batchRowsMax: number
  readonly bounds: (table: string, split: string) => ReadBounds
  readonly nowMs: number
  /** A new reader that stands where the old one stood. */
  readonly reopen: (reader: TableReader, state: TableReaderState) => TableReader
}

const RETRY_MS_MIN = 200
const RETRY_MS_MAX = 30_000

export class Cursor {
  readonly id: string
  readonly readers = new Map<string, TableReader>()
  readonly pipelines = new Set<Pipeline>()
  /** Tables that can no longer be read, with the reason; their queries fail in the next epoch. */
  readonly broken = new Map<string, SqlError>()
  /** Tables that are tried again in a while; until then nothing new comes from them. */
  readonly troubles = new Map<string, Trouble>()
  /** Its query rests: nothing is read. */
  paused = false
  /** Other tables keep what they have. */
  onlyStreams = false
  /** The tables that it looks rows up in are read, or there are none. */
  #hasBegun = false

  constructor(id: string) {
    this.id = id
  }

  /** A query that asks outside keeps to itself: when nobody answers, it alone waits. */
  get staysAlone(): boolean {
    for (const { asking } of this.pipelines) if (asking.size > 0) return true
    return false
  }

  get #isHeldUp(): boolean {
    for (const pipeline of this.pipelines) if (pipeline.isHeldUp) return true
    return false
  }

  /** Takes what is at hand from every table, at most `rowsMax` rows from each. */
  poll(options: CursorPoll): { ranges: ReadRange[]; rowCount: number } {
    const ranges: ReadRange[] = []
    let rowCount = 0
    if (this.paused || this.#isHeldUp) return { ranges, rowCount }
    const { rowsMax, batchRowsMax, bounds, nowMs } = options
    const first = this.#first(rowsMax)
    for (const [table, reader] of this.readers) {
      if (first !== undefined && !first.has(table)) continue
      if (this.onlyStreams && !isLogged(reader.table)) continue
      if (this.broken.has(table) || (this.troubles.get(table)?.againMs ?? 0) > nowMs) continue
      const before = reader.state()
      try {
        // A replay takes what it took.
        const rows = rowsMax === Infinity ? rowsMax : Math.min(rowsMax, this.#rowsMax(table))
        const poll = reader.poll(rows, batchRowsMax, (split) => bounds(table, split))
        for (const range of poll.ranges) ranges.push({ cursor: this.id, table, ...range })
        rowCount += poll.rowCount
        this.troubles.delete(table)
      } catch (thrown) {
        const error = asSqlError(thrown)
        if (error.retry === 'never') this.broken.set(table, error)
        else this.#retryLater(table, error, nowMs)
        this.readers.set(table, options.reopen(reader, before))
      }
    }
    return { ranges, rowCount }
  }

  /** What the most easily overwhelmed query can take. */
  #rowsMax(table: string): number {
    let most = Infinity
    for (const pipeline of this.pipelines) most = Math.min(most, pipeline.rowsMax(table))
    return most
  }

  /** A query that has just begun reads the tables that it looks rows up in before all others; a
   *  replay knows what was read when. */
  #first(rowsMax: number): ReadonlySet<string> | undefined {
    if (this.#hasBegun || this.id === MAIN_CURSOR) return undefined
    const first = new Set([...this.pipelines].flatMap((pipeline) => [...pipeline.lookedUp]))
    for (const table of first) {
      if ((this.readers.get(table)?.lagRows() ?? 0) > rowsMax) return first
    }
    this.#hasBegun = true
    return undefined
  }

  /** It has yet to read the tables that it looks rows up in. */
  get #looksUp(): boolean {
    return !this.#hasBegun && [...this.pipelines].some(({ lookedUp }) => lookedUp.size > 0)
  }

  #retryLater(table: string, error: SqlError, nowMs: number): void {
    const tries = (this.troubles.get(table)?.tries ?? 0) + 1
    const waitMs = Math.min(RETRY_MS_MIN * 2 ** (tries - 1), RETRY_MS_MAX)
    this.troubles.set(table, { error, tries, againMs: nowMs + waitMs })
  }

  /** Decodes what was polled, once, and pushes it through every query. `failed` takes the queries
   *  that could not go on; the others do. */
  push(clock: EpochClock, failed: (pipeline: Pipeline, error: unknown) => void): void {
    if (this.paused) return
    const { batches, undecodable } = this.#take(clock)
    for (const pipeline of [...this.pipelines]) {
      const lost = pipeline.leaves.find((leaf) => undecodable.has(leaf.tableId))
      if (lost !== undefined) {
        failed(pipeline, undecodable.get(lost.tableId))
        continue
      }
      try {
        for (const leaf of pipeline.leaves) {
          leaf.readAs(this.readers.get(leaf.tableId)!.table)
          for (const batch of batches.get(leaf.tableId) ?? []) leaf.batch(batch)
        }
        for (const leaf of pipeline.leaves) {
          leaf.watermark(this.readers.get(leaf.tableId)!.watermarkUs)
        }
      } catch (error) {
        failed(pipeline, error)
      }
    }
  }

  /** The polled records of each table as batches. What cannot be decoded is the records' fault: a
   *  replay fails in the same way. */
  #take(clock: EpochClock) {
    const batches = new Map<string, Batch[]>()
    const undecodable = new Map<string, unknown>()
    for (const [table, reader] of this.readers) {
      try {
        batches.set(table, reader.take(clock))
      } catch (error) {
        undecodable.set(table, error)
      }
    }
    return { batches, undecodable }
  }

  /** Queries that read a table which can no longer be read, with the reason. */
  *failing(): Generator<{ pipeline: Pipeline; error: SqlError }> {
    for (const pipeline of this.pipelines) {
      for (const { tableId } of pipeline.leaves) {
        const error = this.broken.get(tableId)
        if (error === undefined) continue
        yield { pipeline, error }
        break
      }
    }
  }

  /** Whether this cursor stands where `main` stands in every table that both read. */
  caughtUpWith(main: Cursor): boolean {
    if (this.staysAlone || this.#looksUp) return false
    if (this.paused || this.troubles.size > 0 || this.broken.size > 0) return false
    for (const [table, reader] of this.readers) {
      const other = main.readers.get(table)
      if (other !== undefined && !reader.standsWith(other)) return false
    }
    return true
  }

  /** Gives all queries to `main`, and the readers of tables that it did not read before. Returns
   *  the readers that are no longer needed. */
  mergeInto(main: Cursor): TableReader[] {
    const spare: TableReader[] = []
    for (const [table, reader] of this.readers) {
      if (main.readers.has(table)) spare.push(reader)
      else main.readers.set(table, reader)
    }
    for (const pipeline of this.pipelines) main.pipelines.add(pipeline)
    this.readers.clear()
    this.pipelines.clear()
    return spare
  }

  /** Removes a query; returns the readers that no query needs any more. */
  drop(pipeline: Pipeline): TableReader[] {
    if (!this.pipelines.delete(pipeline)) return []
    const needed = new Set([...this.pipelines].flatMap((p) => p.leaves.map((l) => l.tableId)))
    const spare: TableReader[] = []
    for (const [table, reader] of this.readers) {
      if (needed.has(table)) continue
      this.readers.delete(table)
      this.broken.delete(table)
      this.troubles.delete(table)
      spare.push(reader)
    }
    return spare
  }
}
