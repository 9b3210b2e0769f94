/** The contract of a sink connector: where a query's results go. A sink follows a result log, as a
 *  materialized view does: the results are durable before it sees them, so it may take its time,
 *  fail, and take the same results again. */

import type { Batch } from '../batch/batch.ts'
import type { TableSpec } from './table.ts'

/** One epoch's result of the query, with the table's stored columns. */
export interface SinkFrame {
  /** Dense per query, from 0. */
  readonly seq: number
  readonly epoch: number
  /** With weights if the query's result is a changelog. */
  readonly batch: Batch
}

export interface SinkWriter {
  /** The last result that is durable in the sink; -1: none. undefined: the sink cannot tell, and
   *  the server keeps the position for it. */
  readonly appliedSeq: number | undefined
  /** The sink may forget `appliedSeq` when nothing was written for long: the server keeps the
   *  position as well. */
  readonly forgets?: boolean | undefined
  /** What was held back could not be written by itself: the server asks for it, with a write of no
   *  frames, and tells what becomes of that. */
  readonly isLate?: boolean | undefined
  /** Writes results, in order of seq. Resolves when all of them are durable (or
   *  handed over, if the sink knows nothing of the kind), or held back for a larger write: then
   *  `appliedSeq` stays behind, and the server keeps what follows it. A write that failed is
   *  repeated with the same frames and perhaps more. CONNECTOR_FAILED and other codes with retry
   *  'backoff' are tried again; everything else ends the job. */
  write(frames: readonly SinkFrame[]): Promise<void>
  close(): Promise<void>
}

export interface SinkConnector {
  readonly name: string
  /** What a crash of the server can do: nothing, or repeat the last results. */
  readonly delivery: 'exactly-once' | 'at-least-once'
  /** Raises what INSERT INTO must refuse: a table that says nothing of where to write. */
  readonly check?: ((table: TableSpec) => void) | undefined
  /** Whether the table can take retractions, of a result in which the columns `key` are unique
   *  (positions in the record; undefined: no columns are known to be). */
  takesChangelog(table: TableSpec, key?: readonly number[]): boolean
  /** Connects. Several jobs may write to one table. UNSUPPORTED, INVALID_OPTION if it cannot be
   *  written like this. */
  open(table: TableSpec, job: SinkJob): Promise<SinkWriter>
}

export interface SinkJob {
  readonly queryId: string
  /** Tells the job from those of other servers and from earlier jobs: 16 hexadecimal digits. */
  readonly token: string
  /** The last result that the server knows to be durable in the sink; -1 at the beginning. */
  readonly appliedSeq: number
}
