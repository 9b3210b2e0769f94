/** What the server tells of its queries and streams, in JSON. */

import type { SqlError } from '../engine/base/errors.ts'
import type { QueryStatus, SourceStatus } from '../engine/graph/protocol.ts'
import type { QueryPlan } from '../engine/plan/physical.ts'
import type { IntakeStatus } from '../engine/source/intake.ts'
import { declaredSchema, type TableSpec } from '../engine/source/table.ts'
import type { StreamFigures } from './queue/queues.ts'
import type { SplitStatus } from './split-writer.ts'
import { watermarkText } from './sse/event.ts'
import { columnsOf, type ResultColumn } from './statement-result.ts'

export interface QueryInfo {
  readonly name: string
  readonly id: string
  readonly kind: 'query' | 'materialized-view'
  readonly sql: string
  readonly state: QueryStatus['state'] | 'starting'
  readonly watermark: string | null
  readonly rowsIn: number
  readonly rowsOut: number
  readonly lateRows: number
  /** null: not known. */
  readonly lagRows: number | null
  readonly stateRows: number
  readonly stateBytes: number
  readonly epoch: number
  /** Results released so far. */
  readonly results: number
  readonly appendOnly: boolean
  readonly key: readonly string[] | null
  readonly columns: readonly ResultColumn[]
  readonly error: unknown
  readonly warnings: readonly string[]
}

export interface QueryFacts {
  readonly plan: QueryPlan
  readonly kind: QueryInfo['kind']
  readonly warnings: readonly string[]
  /** undefined: the engine has not begun with it. */
  readonly status: QueryStatus | undefined
  /** An error outside the engine: the view cannot be written. */
  readonly error: SqlError | undefined
}

export function queryInfo({ plan, kind, warnings, status, error }: QueryFacts): QueryInfo {
  const { schema, key } = plan
  return {
    name: plan.name,
    id: plan.id,
    kind,
    sql: plan.sql,
    state: stateOf(status, error),
    watermark: watermarkText(status?.watermarkUs ?? -Infinity),
    rowsIn: status?.rowsIn ?? 0,
    rowsOut: status?.rowsOut ?? 0,
    lateRows: status?.lateRows ?? 0,
    lagRows: status?.lagRows ?? null,
    stateRows: status?.stateRows ?? 0,
    stateBytes: status?.stateBytes ?? 0,
    epoch: status?.epoch ?? 0,
    results: status?.nextSeq ?? 0,
    appendOnly: plan.appendOnly,
    key: key?.map((index) => schema.fields[index].name) ?? null,
    columns: columnsOf(schema),
    error: error?.toJSON() ?? status?.error ?? null,
    warnings,
  }
}

/** What the world outside refuses is tried again. */
function stateOf(status: QueryStatus | undefined, error: SqlError | undefined): QueryInfo['state'] {
  if (error === undefined) return status?.state ?? 'starting'
  return error.retry === 'backoff' ? 'retrying' : 'failed'
}

export interface StreamInfo {
  readonly name: string
  readonly id: string
  readonly connector: string
  readonly columns: readonly ResultColumn[]
  /** Rows ever taken; null if the connector cannot tell. */
  readonly rows: number | null
  readonly ended: boolean
  readonly splits: readonly SplitStatus[]
  readonly watermark: string | null
  /** Rows that the engine has not read; null if nothing reads the stream. */
  readonly lagRows: number | null
  /** Messages that did not fit and were passed over since the server started. */
  readonly badRecords: number
  /** How fast records come, and how far who reads them is; null if the stream is none of the
   *  embedded queue. */
  readonly queue: StreamFigures | null
  /** How the connector is doing that brings the stream's messages; null if none does. */
  readonly intake: IntakeInfo | null
}

export interface IntakeInfo extends Omit<IntakeStatus, 'error'> {
  readonly error: unknown
}

export function streamInfo(
  table: TableSpec,
  splits: readonly SplitStatus[],
  source: SourceStatus | undefined,
  intake: IntakeStatus | undefined,
  queue: StreamFigures | undefined,
): StreamInfo {
  const embedded = splits.length > 0
  return {
    name: table.name,
    id: table.id,
    connector: table.connector,
    columns: columnsOf(declaredSchema(table)),
    rows: embedded ? splits.reduce((sum, { end }) => sum + end, 0) : null,
    ended: embedded && splits.every(({ ended }) => ended),
    splits,
    watermark: watermarkText(source?.watermarkUs ?? -Infinity),
    lagRows: source?.lagRows ?? null,
    badRecords: source?.badRecords ?? 0,
    queue: queue ?? null,
    intake: intake === undefined ? null : { ...intake, error: intake.error?.toJSON() ?? null },
  }
}
