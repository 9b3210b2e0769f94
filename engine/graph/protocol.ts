/** What the main thread and the engine's worker say to each other. Plain data only. Requests are
 *  answered by `reply` with the same `id`; events come unasked. */

import type { ErrorJson } from '../base/errors.ts'
import type { QueryPlan } from '../plan/physical.ts'
import type { TableSpec } from '../source/table.ts'

/** When what was written is made durable: before it is acknowledged or released; about once a
 *  second; or when the system likes. A kill of the process loses nothing in any of them. */
export type Durability = 'sync' | 'interval' | 'off'

export interface EngineConfig {
  /** Folder of the journal, the checkpoints, the streams and the results. */
  readonly dataFolder: string
  readonly checkpointIntervalMs: number
  /** How many checkpoints stay. */
  readonly checkpointsKept: number
  readonly durability: Durability
  readonly epochRowsMax: number
  /** Older results of a query go when its result log is larger than this. */
  readonly resultRetentionBytesMax: number
  /** Queries that were running when the server stopped, in order of creation. */
  readonly queries: readonly QueryPlan[]
}

export type EngineRequest =
  /** Starts a continuous query from the beginning of its tables. Replies null when it has begun and
   *  that is in the journal; so do the next three. */
  | { readonly kind: 'attach'; readonly plan: QueryPlan }
  | { readonly kind: 'detach'; readonly queryId: string }
  /** The plan takes the place of the running query, and the state of the parts that both have;
   *  tables of no kept part are read from the beginning. The old one's results stay until it is
   *  detached. */
  | { readonly kind: 'replace'; readonly queryId: string; readonly plan: QueryPlan }
  /** What would become of the query's state if the plan replaced it. Replies ReplaceReport. */
  | { readonly kind: 'compare'; readonly queryId: string; readonly plan: QueryPlan }
  /** The query stops where it is; its state and results stay. */
  | { readonly kind: 'pause'; readonly queryId: string }
  /** A paused query goes on where it stopped. */
  | { readonly kind: 'resume'; readonly queryId: string }
  /** Runs a plan over what is there now and ends. Replies BoundedResult. */
  | {
      readonly kind: 'run'
      readonly plan: QueryPlan
      /** Rows of tables that are not streams (materialized views), by table id, as result frames
       *  payloads (see batch/ipc.ts). */
      readonly given: Readonly<Record<string, readonly Uint8Array[]>>
      readonly rowsMax: number
    }
  /** What each part of a running query's plan has done. Replies NodeReport[], in the order of
   *  `nodesOf`. */
  | { readonly kind: 'analyze'; readonly queryId: string }
  /** The embedded stream's split is durable up to `end`; `ended`: no record will follow. */
  | {
      readonly kind: 'appended'
      readonly tableId: string
      readonly split: number
      readonly end: number
      readonly ended: boolean
    }
  /** All embedded streams are open: each ends where it was last said to end. */
  | { readonly kind: 'opened' }
  /** Everything that the streams hold is durable: the answer to `sync-streams`. */
  | { readonly kind: 'streams-synced'; readonly error?: ErrorJson | undefined }
  /** The table has another form from now on. Whoever reads it reads only columns that both have. */
  | { readonly kind: 'alter-table'; readonly table: TableSpec }
  /** The table is dropped: what the engine kept of it goes. */
  | { readonly kind: 'forget'; readonly tableId: string }
  /** A view has applied all results before `seq`; from there on it still needs them. */
  | { readonly kind: 'need'; readonly queryId: string; readonly seq: number }
  /** Makes a checkpoint now. Replies CheckpointStatus. */
  | { readonly kind: 'checkpoint' }
  /** Makes a checkpoint; then no file of the data folder goes or is replaced until 'release'. */
  | { readonly kind: 'hold' }
  | { readonly kind: 'release' }
  | { readonly kind: 'status' }
  /** Waits until all that the embedded streams hold is read, and what it gave released. Replies
   *  how many of their records were read so far. Other sources are not read any more. */
  | { readonly kind: 'drain' }
  /** Final checkpoint, then the worker exits. */
  | { readonly kind: 'stop' }

export interface ReplaceReport {
  /** Those with state: of the old plan, then those that only the new one has. */
  readonly operators: readonly ReplacedOperator[]
  /** Names of the tables that are read from their beginning. */
  readonly fromBeginning: readonly string[]
}

export interface ReplacedOperator {
  /** As EXPLAIN has it. */
  readonly operator: string
  readonly fate: 'kept' | 'dropped' | 'new'
  /** Its state now. */
  readonly rows: number
  readonly bytes: number
  /** Why it is dropped. */
  readonly reason?: string | undefined
}

export interface BoundedResult {
  /** Encoded batches, consolidated: no weights, every row counts once. */
  readonly payloads: readonly Uint8Array[]
  /** What each part of the plan did, in the order of `nodesOf`. */
  readonly report: readonly NodeReport[]
}

/** What one part of a plan has done since its query, or the server, started. */
export interface NodeReport {
  /** Of all inputs; 0 for a source. */
  readonly rowsIn: number
  /** Changes: an updated row counts twice. */
  readonly rowsOut: number
  /** Its own work, without that of those it hands rows to. */
  readonly busyMs: number
  readonly stateRows: number
  readonly stateBytes: number
  /** -Infinity: none yet. Infinity: no more rows. */
  readonly watermarkUs: number
}

/** One epoch's output of one query, durable in its result log. */
export interface ResultFrame {
  readonly queryId: string
  /** Dense per query, from 0: an epoch without output takes none (law 4). */
  readonly seq: number
  readonly epoch: number
  /** The query's watermark after the epoch, microseconds; -Infinity before the first. */
  readonly watermarkUs: number
  /** A weighted batch, encoded (batch/ipc.ts). */
  readonly payload: Uint8Array
}

export interface QueryStatus {
  readonly queryId: string
  readonly state:
    | 'recovering'
    | 'backfilling'
    | 'running'
    | 'retrying'
    | 'paused'
    | 'ended'
    | 'failed'
  readonly error?: ErrorJson | undefined
  readonly epoch: number
  readonly watermarkUs: number
  readonly rowsIn: number
  readonly rowsOut: number
  readonly lateRows: number
  /** Records in the query's tables that it has not read yet; undefined if not known. */
  readonly lagRows: number | undefined
  readonly stateRows: number
  readonly stateBytes: number
  /** The next result's seq. */
  readonly nextSeq: number
}

export interface SourceStatus {
  readonly tableId: string
  readonly rowsIn: number
  readonly watermarkUs: number
  readonly lagRows: number | undefined
  /** Messages that did not fit and were passed over since the engine started. */
  readonly badRecords: number
}

export interface EngineStatus {
  readonly epoch: number
  readonly queries: readonly QueryStatus[]
  readonly sources: readonly SourceStatus[]
  readonly checkpoint: CheckpointStatus
  /** While the engine recovers. */
  readonly recovery?: RecoveryProgress | undefined
  /** Why no epoch can run for now: the disk is full. */
  readonly stalled?: ErrorJson | undefined
  /** Time spent in epochs since the engine started. */
  readonly busyMs: number
}

export interface RecoveryProgress {
  /** The epoch replayed last; -1 before the first. */
  readonly epoch: number
  /** The last to replay. */
  readonly lastEpoch: number
  /** Tables whose records the next epoch needs and that do not come, with the reason where it is
   *  known. Absent: none. */
  readonly waitsFor?: readonly string[] | undefined
}

export interface CheckpointStatus {
  /** -1: there is none yet. */
  readonly epoch: number
  /** Bytes written for it. */
  readonly bytes: number
  readonly durationMs: number
  /** When it was made, microseconds of the wall clock; 0 if not since the start. */
  readonly madeUs: number
  readonly failures: number
  /** Why the last try failed, if it did. */
  readonly error?: ErrorJson | undefined
}

/** Records of embedded streams that a recovery may read again, by table and split: all from these
 *  offsets on. */
export type NeededOffsets = Readonly<Record<string, Readonly<Record<string, number>>>>

export type ToEngine = { readonly id: number; readonly request: EngineRequest }

export type FromEngine =
  | { readonly kind: 'reply'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: ErrorJson }
  /** How far a recovery is; now and then until it has recovered. */
  | { readonly kind: 'recovering'; readonly progress: RecoveryProgress }
  /** The engine has recovered: everything that was acknowledged is processed again. `nextSeqs`: how
   *  far each running query's results are released, by query id. */
  | { readonly kind: 'ready'; readonly nextSeqs: Readonly<Record<string, number>> }
  /** New results, released: their epoch's journal entry is durable. In seq order per query. */
  | { readonly kind: 'results'; readonly frames: readonly ResultFrame[] }
  /** Watermarks that rose without a result. */
  | {
      readonly kind: 'progress'
      readonly epoch: number
      readonly queries: readonly { readonly queryId: string; readonly watermarkUs: number }[]
    }
  /** The query stopped on an error; the others go on. */
  | { readonly kind: 'failed'; readonly queryId: string; readonly error: ErrorJson }
  /** Every source of the query has ended and its last result is out. */
  | { readonly kind: 'ended'; readonly queryId: string }
  /** The disk is full and no epoch can run; null: it goes on again. */
  | { readonly kind: 'stalled'; readonly error: ErrorJson | null }
  /** A checkpoint is about to be made: what the streams hold must be durable first. Answered by
   *  `streams-synced`. Only asked where producers don't wait for the disk. */
  | { readonly kind: 'sync-streams' }
  /** What running queries and kept checkpoints still need of the embedded streams. */
  | { readonly kind: 'needed'; readonly offsets: NeededOffsets }
  /** The engine itself cannot go on (journal or checkpoint cannot be written). */
  | { readonly kind: 'broken'; readonly error: ErrorJson }
