/** All running queries and what they read. Runs one epoch at a time; knows nothing of how epochs
 *  are made durable (engine.ts) or repeated (recovery.ts). */

import type { EpochClock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import { type ErrorJson, fail } from '../base/errors.ts'
import { type QueryPlan, tablesOf } from '../plan/physical.ts'
import type { Offset, SourceConnector } from '../source/source.ts'
import type { TableSpec } from '../source/table.ts'
import { TableReader, type TableReaderState } from '../source/table-reader.ts'
import { Cursor, MAIN_CURSOR } from './cursor.ts'
import type { ReadRange } from './journal.ts'
import { Pipeline } from './pipeline.ts'
import type { ResultFrame } from './protocol.ts'
import { Query } from './query.ts'
import { ResultLog, type ResultLogOptions } from './result-log.ts'

export interface DataflowContext {
  readonly disk: Disk
  readonly dataFolder: string
  readonly connectors: ReadonlyMap<string, SourceConnector>
  readonly clock: EpochClock
  readonly batchRowsMax: number
  readonly results: ResultLogOptions
  /** Called whenever a source may have new records. */
  readonly onReady: () => void
}

/** What one epoch gave. */
export interface EpochOutput {
  readonly frames: ResultFrame[]
  /** Queries whose watermark rose without a result. */
  readonly progress: { queryId: string; watermarkUs: number }[]
  readonly failed: { queryId: string; error: ErrorJson }[]
  readonly ended: string[]
}

export class Dataflow {
  readonly context: DataflowContext
  readonly main = new Cursor(MAIN_CURSOR)
  readonly cursors = new Map<string, Cursor>([[MAIN_CURSOR, this.main]])
  readonly queries = new Map<string, Query>()

  constructor(context: DataflowContext) {
    this.context = context
  }

  /** Adds a query that starts at the beginning of its tables. */
  attach(plan: QueryPlan): Query {
    if (this.queries.has(plan.id)) fail('DUPLICATE_NAME', `Query ${plan.id} is running already`)
    const tables = tablesOf(plan.root)
    const shared = tables.some((table) => this.main.readers.has(table.id))
    const cursor = shared ? this.#cursor(plan.id) : this.main
    for (const table of tables) {
      if (!cursor.readers.has(table.id)) cursor.readers.set(table.id, this.openReader(table))
    }
    return this.adopt(plan, cursor)
  }

  /** Adds a query to a cursor that reads its tables. */
  adopt(plan: QueryPlan, cursor: Cursor): Query {
    const { clock, batchRowsMax, disk, results } = this.context
    const pipeline = new Pipeline(plan, clock, batchRowsMax)
    const log = new ResultLog(disk, this.resultFolder(plan.id), plan.id, results)
    const query = new Query(pipeline, log, cursor)
    cursor.pipelines.add(pipeline)
    this.queries.set(plan.id, query)
    return query
  }

  openReader(table: TableSpec, state?: TableReaderState): TableReader {
    const { connectors, clock, onReady } = this.context
    const connector =
      connectors.get(table.connector) ??
      fail('UNKNOWN_OPTION', `Table ${table.name}: there is no connector '${table.connector}'`)
    return new TableReader(table, connector, clock.nowUs, onReady, state)
  }

  #cursor(id: string): Cursor {
    const cursor = new Cursor(id)
    this.cursors.set(id, cursor)
    return cursor
  }

  /** The cursor of a checkpoint. */
  restoreCursor(id: string): Cursor {
    return this.cursors.get(id) ?? this.#cursor(id)
  }

  resultFolder(queryId: string): string {
    return `${this.context.dataFolder}/results/${queryId}`
  }

  /** Removes a query and its results. */
  detach(queryId: string): void {
    const query = this.queries.get(queryId)
    if (query === undefined) return
    this.queries.delete(queryId)
    this.#release(query)
    query.results.close()
    this.context.disk.remove(this.resultFolder(queryId))
  }

  /** The query reads no more; what it has said stays. */
  #release(query: Query): void {
    const { cursor } = query
    closeAll(cursor.drop(query.pipeline))
    if (cursor !== this.main && cursor.pipelines.size === 0) this.cursors.delete(cursor.id)
  }

  /** Polls every cursor; the later ones not beyond where the main one stands. */
  poll(rowsMax: number): { ranges: ReadRange[]; rowCount: number } {
    return this.#poll(rowsMax, (cursor) =>
      cursor === this.main ? undefined : (table, split) => this.#mainOffset(table, split),
    )
  }

  #mainOffset(table: string, split: string): Offset | undefined {
    return this.main.readers.get(table)?.offsetOf(split)
  }

  #poll(
    rowsMax: number,
    untilOf: (cursor: Cursor) => ((table: string, split: string) => Offset | undefined) | undefined,
  ): { ranges: ReadRange[]; rowCount: number } {
    const ranges: ReadRange[] = []
    let rowCount = 0
    for (const cursor of this.cursors.values()) {
      const until = untilOf(cursor) ?? (() => undefined)
      const poll = cursor.poll(rowsMax, this.context.batchRowsMax, until)
      ranges.push(...poll.ranges)
      rowCount += poll.rowCount
    }
    return { ranges, rowCount }
  }

  /** Polls exactly what the journal says an epoch read. False: some of it is not here yet; call
   *  again when a source is ready. */
  pollAgain(ranges: readonly ReadRange[]): boolean {
    const wanted = new Map(ranges.map((r) => [`${r.cursor} ${r.table} ${r.split}`, r]))
    this.#poll(Infinity, (cursor) => (table, split) => {
      const range = wanted.get(`${cursor.id} ${table} ${split}`)
      return range?.to ?? cursor.readers.get(table)!.offsetOf(split)
    })
    for (const range of ranges) {
      const reader = this.cursors.get(range.cursor)?.readers.get(range.table)
      // Nobody reads it any more: the query was dropped after this epoch.
      if (reader === undefined) continue
      if (reader.offsetOf(range.split) !== range.to) return false
      reader.setEnded(range.split, range.end)
    }
    return true
  }

  /** Whether a source broke since the last epoch: its queries have something to say. */
  get hasBroken(): boolean {
    return [...this.cursors.values()].some(
      (cursor) => cursor.broken.size > 0 && cursor.pipelines.size > 0,
    )
  }

  /** Runs the polled records through all queries and ends the epoch. */
  run(): EpochOutput {
    const { clock } = this.context
    const output: EpochOutput = { frames: [], progress: [], failed: [], ended: [] }
    const before = new Map([...this.queries].map(([id, q]) => [id, q.pipeline.watermarkUs]))
    const failed = (pipeline: Pipeline, error: unknown) => {
      const query = this.queries.get(pipeline.plan.id)!
      output.failed.push({ queryId: query.id, error: query.fail(error).toJSON() })
      this.#release(query)
    }
    for (const cursor of [...this.cursors.values()]) cursor.push(clock, failed)
    for (const query of this.queries.values()) {
      if (!query.running) continue
      try {
        this.#endEpoch(query, before.get(query.id)!, output)
      } catch (error) {
        failed(query.pipeline, error)
      }
    }
    this.#mergeCursors()
    return output
  }

  #endEpoch(query: Query, watermarkBefore: number, output: EpochOutput): void {
    const { epoch, nowUs } = this.context.clock
    const frame = query.endEpoch(epoch, nowUs)
    const { watermarkUs } = query.pipeline
    if (frame !== null) output.frames.push(frame)
    else if (watermarkUs > watermarkBefore) {
      output.progress.push({ queryId: query.id, watermarkUs })
    }
    if (watermarkUs === Infinity) {
      query.ended = true
      output.ended.push(query.id)
      this.#release(query)
    }
  }

  #mergeCursors(): void {
    for (const cursor of [...this.cursors.values()]) {
      if (cursor === this.main || !cursor.caughtUpWith(this.main)) continue
      for (const query of this.queries.values()) {
        if (query.cursor === cursor) query.cursor = this.main
      }
      closeAll(cursor.mergeInto(this.main))
      this.cursors.delete(cursor.id)
    }
  }

  /** The epoch clock at which an epoch is due even if no record comes. `tickUs` is how often a
   *  table that waits for time alone looks at the clock. */
  dueUs(tickUs: number): number {
    let due = Infinity
    for (const query of this.queries.values()) {
      if (query.running) due = Math.min(due, query.pipeline.dueUs())
    }
    const waits = [...this.cursors.values()].some((cursor) =>
      [...cursor.readers.values()].some((reader) => reader.waitsForTime),
    )
    return waits ? Math.min(due, this.context.clock.nowUs + tickUs) : due
  }

  /** The time while the server was down was nobody's silence. */
  resume(): void {
    for (const cursor of this.cursors.values()) {
      for (const reader of cursor.readers.values()) reader.resume(this.context.clock.nowUs)
    }
  }

  async close(): Promise<void> {
    for (const query of this.queries.values()) query.results.close()
    const readers = [...this.cursors.values()].flatMap((c) => [...c.readers.values()])
    await Promise.all(readers.map((reader) => reader.close()))
  }
}

/** Readers that nobody needs; a failing close of one harms nothing. */
function closeAll(readers: readonly TableReader[]): void {
  for (const reader of readers) void reader.close().catch(() => {})
}
