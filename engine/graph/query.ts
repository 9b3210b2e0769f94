/** A query as the engine runs it: its pipeline, its cursor, its result log and how it fares. */

import type { SqlError } from '../base/errors.ts'
import { locatedError } from '../base/located-error.ts'
import type { Batch } from '../batch/batch.ts'
import type { Cursor } from './cursor.ts'
import type { Lookups } from './lookups.ts'
import type { Pipeline } from './pipeline.ts'
import type { QueryStatus, ResultFrame } from './protocol.ts'
import type { ResultLog } from './result-log.ts'

/** What a query's state also depends on. */
interface QueriesAround {
  readonly main: Cursor
  readonly lookups: Lookups
}

export class Query {
  readonly pipeline: Pipeline
  readonly results: ResultLog
  cursor: Cursor
  /** The last epoch it took part in. */
  epoch = 0
  error: SqlError | undefined
  ended = false
  /** Another query has taken its place; it waits to be detached. */
  isReplaced = false
  paused = false

  constructor(pipeline: Pipeline, results: ResultLog, cursor: Cursor) {
    this.pipeline = pipeline
    this.results = results
    this.cursor = cursor
  }

  get id(): string {
    return this.pipeline.plan.id
  }

  /** Ends with its subscriber; a checkpoint does not keep it. */
  get transient(): boolean {
    return this.pipeline.plan.transient === true
  }

  get running(): boolean {
    return !this.ended && this.error === undefined
  }

  fail(error: unknown): SqlError {
    const { sql, sqlOffset = 0 } = this.pipeline.plan
    this.error = locatedError(error, sql, sqlOffset)
    this.results.keepAll()
    return this.error
  }

  /** Writes what the epoch gave. Returns its frame if there is a new one. */
  write(epoch: number, nowUs: number, batch: Batch | null): ResultFrame | null {
    this.epoch = epoch
    if (batch === null) return null
    return this.results.append(epoch, nowUs, this.pipeline.watermarkUs, batch)
  }

  status(recovering: boolean, { main, lookups }: QueriesAround): QueryStatus {
    const { pipeline, cursor } = this
    const trouble = this.#trouble() ?? lookups.trouble(pipeline)
    const size = pipeline.stateSize()
    let lagRows: number | undefined = 0
    for (const reader of cursor.readers.values()) {
      if (!pipeline.leaves.some((leaf) => leaf.tableId === reader.table.id)) continue
      const lag = reader.lagRows()
      lagRows = lag === undefined || lagRows === undefined ? undefined : lagRows + lag
    }
    return {
      queryId: this.id,
      state: this.#state(recovering, main, trouble),
      error: (this.error ?? trouble)?.toJSON(),
      epoch: this.epoch,
      watermarkUs: pipeline.watermarkUs,
      rowsIn: pipeline.rowsIn,
      rowsOut: pipeline.rowsOut,
      lateRows: pipeline.lateRows,
      lagRows,
      stateRows: size.rows,
      stateBytes: size.bytes,
      nextSeq: this.results.nextSeq,
    }
  }

  #state(recovering: boolean, main: Cursor, trouble: SqlError | undefined): QueryStatus['state'] {
    if (this.error !== undefined) return 'failed'
    if (this.ended) return 'ended'
    if (recovering) return 'recovering'
    if (this.paused) return 'paused'
    if (trouble !== undefined) return 'retrying'
    const isUpToDate = this.cursor === main || this.cursor.staysAlone
    return isUpToDate && this.#hasLooked ? 'running' : 'backfilling'
  }

  /** Whether it is settled for all its tables where the reading begins. */
  get #hasLooked(): boolean {
    const { readers } = this.cursor
    return this.pipeline.leaves.every(({ tableId }) => readers.get(tableId)?.hasLooked !== false)
  }

  /** What keeps one of its tables from being read for the moment. */
  #trouble(): SqlError | undefined {
    for (const { tableId } of this.pipeline.leaves) {
      const { troubles, readers } = this.cursor
      const trouble = troubles.get(tableId)?.error ?? readers.get(tableId)?.trouble
      if (trouble !== undefined) return trouble
    }
    return undefined
  }
}
