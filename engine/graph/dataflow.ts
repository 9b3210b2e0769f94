/** All running queries and what they read. Runs one epoch at a time; knows nothing of how epochs
 *  are made durable (engine.ts) or repeated (recovery.ts). */

import type { EpochClock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import { asSqlError, type ErrorJson, fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { type QueryPlan, tablesOf } from '../plan/physical.ts'
import type { Appended } from '../source/appended.ts'
import type { DeadLetter } from '../source/dead-letter-table.ts'
import type { AnySource } from '../source/source.ts'
import { isLogged, type TableSpec } from '../source/table.ts'
import { type ReadBounds, TableReader, type TableReaderState } from '../source/table-reader.ts'
import type { Change } from './change.ts'
import { Cursor, MAIN_CURSOR } from './cursor.ts'
import { DeadLetters } from './dead-letters.ts'
import type { ReadRange } from './journal.ts'
import { LateRows } from './late-rows.ts'
import { Lookups, type LookupsOptions } from './lookups.ts'
import { Pipeline } from './pipeline.ts'
import type { Durability, ResultFrame } from './protocol.ts'
import { Query } from './query.ts'
import { ResultLog, type ResultLogOptions } from './result-log.ts'
import { SideLogs } from './side-logs.ts'

export interface DataflowContext {
  readonly disk: Disk
  readonly dataFolder: string
  readonly connectors: ReadonlyMap<string, AnySource>
  readonly clock: EpochClock
  readonly batchRowsMax: number
  readonly results: ResultLogOptions
  readonly durability: Durability
  /** How far the embedded streams may be read. */
  readonly appended: Appended
  /** Called whenever a source may have new records. */
  readonly onReady: () => void
  /** For retries; never part of a result. */
  readonly monotonicMs: () => number
  /** Who can be asked from outside. */
  readonly lookups: LookupsOptions
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
  /** Those that only a replay needs: they have been replaced, and their results are gone. */
  readonly ghosts = new Set<string>()
  readonly sides: SideLogs
  readonly deadLetters = new DeadLetters()
  readonly lookups: Lookups
  readonly #late = new LateRows()
  #failed: EpochOutput['failed'] = []

  constructor(context: DataflowContext) {
    this.context = context
    this.lookups = new Lookups(context.lookups)
    this.sides = new SideLogs({ ...context, ...context.results })
  }

  /** Adds a query that starts at the beginning of its tables, in a cursor of its own. */
  attach(plan: QueryPlan): Query {
    if (this.queries.has(plan.id)) fail('DUPLICATE_NAME', `Query ${plan.id} is running already`)
    const cursor = new Cursor(plan.id)
    try {
      for (const table of tablesOf(plan.root)) {
        cursor.readers.set(table.id, this.openReader(table))
      }
      const query = this.adopt(plan, cursor)
      this.cursors.set(cursor.id, cursor)
      return query
    } catch (error) {
      closeAll([...cursor.readers.values()])
      throw error
    }
  }

  /** Adds a query to a cursor that reads its tables. */
  adopt(plan: QueryPlan, cursor: Cursor): Query {
    const { clock, batchRowsMax, monotonicMs, disk, results } = this.context
    const onLate = (batch: Batch) => this.#late.add(plan.name, batch)
    const pipeline = new Pipeline(plan, { clock, batchRowsMax, monotonicMs, onLate })
    const options = { ...results, isGone: this.ghosts.has(plan.id) }
    const log = new ResultLog(disk, this.resultFolder(plan.id), plan.id, options)
    const query = new Query(pipeline, log, cursor)
    cursor.pipelines.add(pipeline)
    this.queries.set(plan.id, query)
    return query
  }

  openReader(table: TableSpec, state?: TableReaderState): TableReader {
    const { connectors, clock, onReady } = this.context
    const connector =
      connectors.get(isLogged(table) ? 'log' : table.connector) ??
      fail('UNKNOWN_OPTION', `Table ${table.name}: there is no connector '${table.connector}'`)
    this.sides.know(table)
    const onDeadLetter = (letter: DeadLetter) => this.deadLetters.add(table.id, letter)
    return new TableReader(table, connector, { nowUs: clock.nowUs, onReady, onDeadLetter }, state)
  }

  /** The cursor of that name, made if there is none. */
  cursor(id: string): Cursor {
    const cursor = this.cursors.get(id) ?? new Cursor(id)
    this.cursors.set(id, cursor)
    return cursor
  }

  resultFolder(queryId: string): string {
    return `${this.context.dataFolder}/results/${queryId}`
  }

  /** Removes a query and its results. */
  detach(queryId: string): void {
    const query = this.queries.get(queryId)
    if (query === undefined) return
    this.queries.delete(queryId)
    this.release(query)
    query.results.close()
    this.context.disk.remove(this.resultFolder(queryId))
  }

  /** The query reads nothing until it is resumed; its state stays. */
  pause(query: Query): void {
    query.paused = true
    const { cursor } = query
    if (cursor === this.main) {
      const own = this.cursor(query.id)
      const tables = tablesOf(query.pipeline.plan.root)
      const states = new Map(tables.map(({ id }) => [id, cursor.readers.get(id)!.state()]))
      closeAll(cursor.drop(query.pipeline))
      for (const table of tables) {
        own.readers.set(table.id, this.openReader(table, states.get(table.id)))
      }
      own.pipelines.add(query.pipeline)
      query.cursor = own
    }
    query.cursor.paused = true
  }

  /** The query goes on where it stopped and catches up. The pause was nobody's silence. */
  unpause(query: Query): void {
    query.paused = false
    query.cursor.paused = false
    for (const reader of query.cursor.readers.values()) reader.resume(this.context.clock.nowUs)
  }

  /** The query has failed: it reads no more, and the next epoch's output says why. */
  fail(query: Query, error: unknown): void {
    this.#failed.push({ queryId: query.id, error: query.fail(error).toJSON() })
    this.release(query)
  }

  /** The query reads no more; what it has said stays. */
  release(query: Query): void {
    const { cursor } = query
    void this.lookups.drop(query.pipeline)
    closeAll(cursor.drop(query.pipeline))
    if (cursor !== this.main && cursor.pipelines.size === 0) this.cursors.delete(cursor.id)
  }

  /** Polls every cursor; the later ones not beyond where the main one stands. */
  poll(rowsMax: number): { ranges: ReadRange[]; rowCount: number } {
    const { main } = this
    return this.#poll(rowsMax, (cursor, table, split) =>
      cursor === main ? {} : { until: main.readers.get(table)?.offsetOf(split) },
    )
  }

  #poll(
    rowsMax: number,
    boundsOf: (cursor: Cursor, table: string, split: string) => ReadBounds,
  ): { ranges: ReadRange[]; rowCount: number } {
    const ranges: ReadRange[] = []
    let rowCount = 0
    for (const cursor of this.cursors.values()) {
      const poll = cursor.poll({
        rowsMax,
        batchRowsMax: this.context.batchRowsMax,
        bounds: (table, split) => boundsOf(cursor, table, split),
        nowMs: this.context.monotonicMs(),
        reopen: (reader, state) => {
          closeAll([reader])
          return this.openReader(reader.table, state)
        },
      })
      ranges.push(...poll.ranges)
      rowCount += poll.rowCount
    }
    return { ranges, rowCount }
  }

  /** Polls exactly what the journal says an epoch read. Returns the ranges that are not here yet:
   *  call again when a source is ready. */
  pollAgain(ranges: readonly ReadRange[]): ReadRange[] {
    const wanted = new Map(ranges.map((r) => [`${r.cursor} ${r.table} ${r.split}`, r]))
    this.#poll(Infinity, (cursor, table, split) => {
      const range = wanted.get(`${cursor.id} ${table} ${split}`)
      const until = range?.to ?? cursor.readers.get(table)!.offsetOf(split)
      return { from: range?.from, until }
    })
    // What cannot be read again cannot be computed again.
    for (const { query, error } of this.failing()) this.fail(query, error)
    return ranges.filter((range) => {
      const reader = this.cursors.get(range.cursor)?.readers.get(range.table)
      // Nobody reads it any more: the query was dropped after this epoch.
      if (reader === undefined) return false
      if (reader.offsetOf(range.split) !== range.to) return true
      reader.setEnded(range.split, range.end)
      return false
    })
  }

  /** Queries whose tables can no longer be read, or whose lookups are not answered. */
  failing(): { readonly query: Query; readonly error: unknown }[] {
    const unread = [...this.cursors.values()].flatMap((cursor) =>
      [...cursor.failing()].map(({ pipeline, error }) => ({
        query: this.queries.get(pipeline.plan.id)!,
        error,
      })),
    )
    const unanswered = this.#asking().flatMap((query) => {
      const error = this.lookups.failure(query.pipeline)
      return error === undefined || unread.some((other) => other.query === query)
        ? []
        : [{ query, error }]
    })
    return [...unread, ...unanswered]
  }

  /** The queries that run and ask outside. */
  #asking(): Query[] {
    return [...this.queries.values()].filter(
      ({ running, paused, pipeline }) => running && !paused && pipeline.asking.size > 0,
    )
  }

  /** Sends out what the queries want to know. Not in a replay, where all answers are known. */
  ask(): void {
    for (const { pipeline } of this.#asking()) this.lookups.ask(pipeline)
  }

  /** The answers that are here. */
  *answers(): Generator<Change> {
    for (const { id, pipeline } of this.#asking()) {
      for (const { stage, ids, counts, rows } of this.lookups.take(pipeline)) {
        const text = rows && Buffer.from(rows).toString('base64')
        yield { kind: 'answer', queryId: id, stage, ids, counts, rows: text }
      }
    }
  }

  /** The cursors that have caught up with the main one. */
  mergeable(): Change[] {
    return [...this.cursors.values()]
      .filter((cursor) => cursor !== this.main && cursor.caughtUpWith(this.main))
      .slice(0, 1)
      .map(({ id, readers }) => {
        const shared = [...this.main.readers].filter(([table]) => readers.has(table))
        const states = shared.map(([table, reader]) => [table, reader.state()])
        return { kind: 'merge', cursor: id, readers: Object.fromEntries(states) }
      })
  }

  /** A cursor's queries and readers join the main one, which stands at `states` in the tables that
   *  both read. */
  merge(cursor: Cursor, states: Readonly<Record<string, TableReaderState>>): void {
    for (const [table, state] of Object.entries(states)) {
      const reader = cursor.readers.get(table)
      if (this.main.readers.has(table) || reader === undefined) continue
      // In a replay the query that it was shared with may be gone.
      this.main.readers.set(table, this.openReader(reader.table, state))
    }
    for (const query of this.queries.values()) {
      if (query.cursor === cursor) query.cursor = this.main
    }
    closeAll(cursor.mergeInto(this.main))
    this.cursors.delete(cursor.id)
  }

  /** Runs the polled records through all queries and ends the epoch. DISK_FAILED if the results
   *  cannot be written; for what a full disk leaves over see `writeRest`. */
  run(): EpochOutput {
    const { clock } = this.context
    const output: EpochOutput = { frames: [], progress: [], failed: this.#failed, ended: [] }
    const before = new Map([...this.queries].map(([id, q]) => [id, q.pipeline.watermarkUs]))
    for (const cursor of [...this.cursors.values()]) {
      cursor.push(clock, (pipeline, error) => this.fail(this.queries.get(pipeline.plan.id)!, error))
    }
    for (const query of this.queries.values()) {
      if (!query.running || query.paused) continue
      let batch: Batch | null | undefined
      try {
        batch = query.pipeline.endEpoch()
        this.#endEpoch(query, batch, before.get(query.id)!, output)
      } catch (error) {
        // What a log does not take for another reason than its size is not this query's fault.
        if (batch !== undefined && asSqlError(error).code !== 'LIMIT_EXCEEDED') throw error
        this.fail(query, error)
      }
    }
    this.#failed = []
    this.#late.write(this.sides, clock.epoch, clock.nowUs)
    this.deadLetters.write(this.sides, clock.epoch, clock.nowUs)
    return output
  }

  #endEpoch(query: Query, batch: Batch | null, watermarkBefore: number, output: EpochOutput): void {
    const { epoch, nowUs } = this.context.clock
    const frame = query.write(epoch, nowUs, batch)
    const { watermarkUs } = query.pipeline
    if (frame !== null) output.frames.push(frame)
    else if (watermarkUs > watermarkBefore) {
      output.progress.push({ queryId: query.id, watermarkUs })
    }
    if (watermarkUs === Infinity) {
      query.ended = true
      output.ended.push(query.id)
      this.release(query)
    }
  }

  /** Writes the results that the disk had no room for. True if nothing is left. DISK_FAILED. */
  writeRest(): boolean {
    const results = [...this.queries.values()].every((query) => query.results.writeRest())
    return results && this.sides.writeRest()
  }

  /** Whether the disk had no room for some results. */
  get hasUnwritten(): boolean {
    const results = [...this.queries.values()].some((query) => query.results.hasUnwritten)
    return results || this.sides.hasUnwritten
  }

  /** Removes results that retention no longer keeps and nobody needs. */
  trim(): void {
    const results = [...this.queries.values()].map((query) => query.results)
    for (const log of [...results, this.sides]) {
      try {
        log.trim()
      } catch (error) {
        // A disk that cannot remove a file now may do so later; a broken log says so when written.
        if (asSqlError(error).retry === 'never') throw error
      }
    }
  }

  /** Milliseconds until a source that is in trouble is tried again; Infinity if there is none. */
  retryMs(): number {
    const troubles = [...this.cursors.values()].flatMap((cursor) => [...cursor.troubles.values()])
    return Math.min(...troubles.map(({ againMs }) => againMs)) - this.context.monotonicMs()
  }

  /** The epoch clock at which an epoch is due even if no record comes. `tickUs` is how often a
   *  table that waits for time alone looks at the clock. */
  dueUs(tickUs: number): number {
    let due = Infinity
    for (const query of this.queries.values()) {
      if (query.running && !query.paused) due = Math.min(due, query.pipeline.dueUs())
    }
    const waits = [...this.cursors.values()].some(
      (cursor) =>
        !cursor.paused && [...cursor.readers.values()].some((reader) => reader.waitsForTime),
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
    await this.lookups.close()
    for (const query of this.queries.values()) query.results.close()
    this.sides.close()
    const readers = [...this.cursors.values()].flatMap((c) => [...c.readers.values()])
    await Promise.all(readers.map((reader) => reader.close()))
  }
}

/** Readers that nobody needs; a failing close of one harms nothing. */
function closeAll(readers: readonly TableReader[]): void {
  for (const reader of readers) void reader.close().catch(() => {})
}
