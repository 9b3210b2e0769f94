/** Queries that read the same records in the same epochs. There is one main cursor; a query that
 *  starts later reads its tables from the beginning through a cursor of its own and joins the main
 *  one when it has caught up. So each query's result is right for a prefix of its input, and all
 *  caught-up queries agree on the prefix. */

import type { EpochClock } from '../base/clock.ts'
import type { Batch } from '../batch/batch.ts'
import type { Offset } from '../source/source.ts'
import type { TableReader } from '../source/table-reader.ts'
import type { ReadRange } from './journal.ts'
import type { Pipeline } from './pipeline.ts'

export const MAIN_CURSOR = 'main'

export class Cursor {
  readonly id: string
  readonly readers = new Map<string, TableReader>()
  readonly pipelines = new Set<Pipeline>()
  /** Tables that can no longer be read, with the reason; their queries fail in the next epoch. */
  readonly broken = new Map<string, unknown>()

  constructor(id: string) {
    this.id = id
  }

  /** Takes what is at hand from every table, at most `rowsMax` rows from each, and not beyond
   *  `until` where that is given. */
  poll(
    rowsMax: number,
    batchRowsMax: number,
    until: (table: string, split: string) => Offset | undefined,
  ): { ranges: ReadRange[]; rowCount: number } {
    const ranges: ReadRange[] = []
    let rowCount = 0
    for (const [table, reader] of this.readers) {
      if (this.broken.has(table)) continue
      try {
        const poll = reader.poll(rowsMax, batchRowsMax, (split) => until(table, split))
        for (const range of poll.ranges) ranges.push({ cursor: this.id, table, ...range })
        rowCount += poll.rowCount
      } catch (error) {
        this.broken.set(table, error)
      }
    }
    return { ranges, rowCount }
  }

  /** Decodes what was polled, once, and pushes it through every query. `failed` takes the queries
   *  that could not go on; the others do. */
  push(clock: EpochClock, failed: (pipeline: Pipeline, error: unknown) => void): void {
    const batches = this.#take(clock)
    for (const pipeline of [...this.pipelines]) {
      const lost = pipeline.leaves.find((leaf) => this.broken.has(leaf.tableId))
      if (lost !== undefined) {
        failed(pipeline, this.broken.get(lost.tableId))
        continue
      }
      try {
        for (const leaf of pipeline.leaves) {
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

  /** The polled records of each table as batches. */
  #take(clock: EpochClock): Map<string, Batch[]> {
    const batches = new Map<string, Batch[]>()
    for (const [table, reader] of this.readers) {
      if (this.broken.has(table)) continue
      try {
        batches.set(table, reader.take(clock))
      } catch (error) {
        this.broken.set(table, error)
      }
    }
    return batches
  }

  /** Whether this cursor stands where `main` stands in every table that both read. */
  caughtUpWith(main: Cursor): boolean {
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
      spare.push(reader)
    }
    return spare
  }
}
