/** SELECT as a question with an answer: the engine runs the query over what is there now. Rows of
 *  materialized views come from DuckDB. */

import { fail } from '../../engine/base/errors.ts'
import { decodeBatch, encodeBatch } from '../../engine/batch/ipc.ts'
import type { BoundedResult } from '../../engine/graph/protocol.ts'
import { type QueryPlan, tablesOf } from '../../engine/plan/physical.ts'
import { Planner, type QueryStatement } from '../../sql/index.ts'
import type { ServerConfig } from '../config.ts'
import type { DatabaseParts } from '../database.ts'
import type { RowsResult } from '../statement-result.ts'
import { statementsOf } from './parse.ts'

/** The only statement of the text, which must be a SELECT. BAD_REQUEST if it is not. */
export function selectStatement(config: ServerConfig, sql: string): QueryStatement {
  const statements = statementsOf(config, sql)
  const [statement] = statements
  if (statements.length === 1 && statement.kind === 'select') return statement
  return fail('BAD_REQUEST', 'A single SELECT is needed here', {
    at: statements[1]?.at ?? statement?.at,
    hint: 'Other statements go to POST /v1/sql.',
  })
}

/** LIMIT_EXCEEDED if the answer has more rows than the settings allow. */
export async function runSelect(
  parts: DatabaseParts,
  statement: QueryStatement,
): Promise<RowsResult> {
  const { plan, payloads } = await runBounded(parts, statement)
  const batches = payloads.map((payload) => decodeBatch(payload, plan.schema))
  return { kind: 'rows', schema: plan.schema, batches }
}

/** Runs the plan of a SELECT to its end. */
export async function runBounded(
  parts: DatabaseParts,
  statement: QueryStatement,
): Promise<BoundedResult & { readonly plan: QueryPlan }> {
  if (statement.emit !== undefined) {
    fail('UNSUPPORTED', 'EMIT is for continuous queries; this SELECT answers once and ends', {
      at: statement.emit.at,
      hint: 'Subscribe to the query, or create it: GET /v1/subscribe, POST /v1/queries.',
    })
  }
  const { catalog, engine, settings, config, streams } = parts
  const planner = new Planner(catalog, { session: settings.session })
  const { plan } = planner.planQuery(statement, 'bounded', { id: 'select', name: '' })
  const rowsMax = Math.min(Number(settings.get('millrace.rows-max')), config.limits.selectRowsMax)
  // Retention and compaction wait for it.
  const letGo = streams.hold(tablesOf(plan.root).map(({ id }) => id))
  try {
    const given = await viewRows(parts, plan)
    return { plan, ...(await engine.request({ kind: 'run', plan, given, rowsMax })) }
  } finally {
    letGo()
  }
}

/** The rows of the materialized views that a plan reads, by id. */
export async function viewRows(
  { views }: DatabaseParts,
  plan: QueryPlan,
): Promise<Record<string, Uint8Array[]>> {
  const given: Record<string, Uint8Array[]> = {}
  for (const { id, connector } of tablesOf(plan.root)) {
    if (connector !== 'view') continue
    await views().caughtUp(id)
    const { batches } = await views().read(id)
    given[id] = batches.map((batch) => encodeBatch(batch))
  }
  return given
}
