/** A query as the engine runs it: its pipeline, its cursor, its result log and how it fares. */

import { asSqlError, type SqlError } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import type { Cursor } from './cursor.ts'
import type { Pipeline } from './pipeline.ts'
import type { QueryStatus, ResultFrame } from './protocol.ts'
import type { ResultLog } from './result-log.ts'

export class Query {
  readonly pipeline: Pipeline
  readonly results: ResultLog
  cursor: Cursor
  /** The last epoch it took part in. */
  epoch = 0
  error: SqlError | undefined
  ended = false
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
    this.error = asSqlError(error)
    return this.error
  }

  /** Writes what the epoch gave. Returns its frame if there is a new one. */
  write(epoch: number, nowUs: number, batch: Batch | null): ResultFrame | null {
    this.epoch = epoch
    if (batch === null) return null
    return this.results.append(epoch, nowUs, this.pipeline.watermarkUs, batch)
  }

  status(recovering: boolean, main: Cursor): QueryStatus {
    const { pipeline, cursor } = this
    const size = pipeline.stateSize()
    let lagRows: number | undefined = 0
    for (const reader of cursor.readers.values()) {
      if (!pipeline.leaves.some((leaf) => leaf.tableId === reader.table.id)) continue
      const lag = reader.lagRows()
      lagRows = lag === undefined || lagRows === undefined ? undefined : lagRows + lag
    }
    return {
      queryId: this.id,
      state: this.#state(recovering, main),
      error: (this.error ?? this.#trouble())?.toJSON(),
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

  #state(recovering: boolean, main: Cursor): QueryStatus['state'] {
    if (this.error !== undefined) return 'failed'
    if (this.ended) return 'ended'
    if (recovering) return 'recovering'
    if (this.paused) return 'paused'
    if (this.#trouble() !== undefined) return 'retrying'
    return this.cursor === main ? 'running' : 'backfilling'
  }

  /** What keeps one of its tables from being read for the moment. */
  #trouble(): SqlError | undefined {
    for (const { tableId } of this.pipeline.leaves) {
      const trouble = this.cursor.troubles.get(tableId)
      if (trouble !== undefined) return trouble.error
    }
    return undefined
  }
}
