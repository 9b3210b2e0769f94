/** Another query in the place of one that runs: CREATE OR REPLACE, ALTER … AS, PUT /v1/queries. The
 *  new one runs before the old one goes, under an id of its own, and takes over the state of the
 *  parts that both have. State that would be lost is asked for first. */

import { createHash } from 'node:crypto'
import { crashPoint } from '../../engine/base/crash-point.ts'
import { fail, type Span } from '../../engine/base/errors.ts'
import { schemaText } from '../../engine/batch/schema.ts'
import type { ReplacedOperator, ReplaceReport } from '../../engine/graph/protocol.ts'
import type { QueryPlan } from '../../engine/plan/physical.ts'
import { samePlan } from '../../engine/plan/plan-text.ts'
import type { Defined, MaterializedViewEntry, QueryEntry } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'

type Running = MaterializedViewEntry | QueryEntry

export interface ReplaceRequest {
  readonly old: Running
  /** Whose entry has the old one's name and a fresh id. */
  readonly made: Defined<Running>
  /** The token of the refusal that showed what would be lost. */
  readonly confirm: string | undefined
  readonly at?: Span | undefined
}

/** What became of the query. */
export interface Replaced {
  readonly id: string
  /** same: nothing changed, or only names of columns. */
  readonly how: 'same' | 'kept' | 'anew'
  readonly operators: readonly ReplacedOperator[]
  readonly warnings: readonly string[]
}

/** IN_USE if something reads the view; NEEDS_CONFIRMATION with `details.confirm` and
 *  `details.operators`; what starting the query raises, with the old one as it was. */
export async function replaceRunning(
  parts: DatabaseParts,
  request: ReplaceRequest,
): Promise<Replaced> {
  const { old, made, at } = request
  const { catalog, queries } = parts
  catalog.checkUnused(old, at)
  const before = queries.running(old.id).plan
  const { plan, warnings } = made.planned
  if (isSameResult(before, plan)) return renameInPlace(parts, old, made)
  const report = await compare(parts, old.id, plan)
  askIfLost(parts, request, report)
  const keeps = report.operators.some(({ fate }) => fate === 'kept')
  const target = made.entry.kind === 'query' ? made.entry.target : undefined
  const running = { plan, warnings, kind: made.entry.kind, target } as const
  if (keeps) await queries.replace(running, old.id)
  else await queries.start(running)
  crashPoint('query.taken-over')
  await swap(parts, old, made.entry, keeps)
  crashPoint('query.swapped')
  await queries.stop(old.id, { kind: 'replaced' })
  const { operators } = report
  return {
    id: plan.id,
    how: keeps ? 'kept' : 'anew',
    operators,
    warnings: [...warnings, ...goneOf(parts, report)],
  }
}

/** The same rows in the same columns, whatever those are called. */
export const isSameResult = (a: QueryPlan, b: QueryPlan): boolean =>
  samePlan(a.root, b.root) &&
  a.appendOnly === b.appendOnly &&
  String(a.key) === String(b.key) &&
  shapeOf(a) === shapeOf(b)

const shapeOf = ({ schema: { fields } }: QueryPlan): string =>
  schemaText({ fields: fields.map((field) => ({ ...field, name: 'c' })) })

/** The query goes on as it is; its text, and maybe names of its columns, are others. */
function renameInPlace(
  { catalog, queries, save }: DatabaseParts,
  old: Running,
  { entry, planned }: Defined<Running>,
): Replaced {
  const { id } = old
  catalog.replace({ ...entry, id })
  try {
    save()
  } catch (error) {
    catalog.replace(old)
    throw error
  }
  const { plan, warnings } = planned
  queries.replan({ ...plan, id }, warnings)
  return { id, how: 'same', operators: [], warnings }
}

/** A query that is over has no state to lose. */
async function compare(
  { engine, queries }: DatabaseParts,
  queryId: string,
  plan: QueryPlan,
): Promise<ReplaceReport> {
  const { state } = await queries.info(queryId)
  if (state === 'ended' || state === 'failed') return { operators: [], fromBeginning: [] }
  return engine.request({ kind: 'compare', queryId, plan })
}

function askIfLost(
  { settings }: DatabaseParts,
  { old, made, confirm, at }: ReplaceRequest,
  { operators, fromBeginning }: ReplaceReport,
): void {
  const lost = operators.filter(({ fate, rows }) => fate === 'dropped' && rows > 0)
  if (lost.length === 0 || settings.get('millrace.replace-state') === 'drop') return
  const token = tokenOf(old.id, made.entry.sql, lost)
  if (confirm === token) return
  const rows = lost.reduce((sum, operator) => sum + operator.rows, 0)
  const [{ operator, reason }] = lost
  const more = lost.length === 1 ? '' : `, and ${lost.length - 1} more`
  fail(
    'NEEDS_CONFIRMATION',
    `${old.name} would lose ${rows} row${rows === 1 ? '' : 's'} of state: ${operator} (${reason})${more}`,
    {
      at,
      hint: `It would read ${fromBeginning.join(', ')} from the beginning. To do so, send the statement again with "confirm": "${token}", or SET 'millrace.replace-state' = 'drop' before it.`,
      details: { confirm: token, operators, fromBeginning },
    },
  )
}

/** Stands for exactly this loss. */
const tokenOf = (id: string, sql: string, lost: readonly ReplacedOperator[]): string =>
  createHash('sha256')
    .update(JSON.stringify([id, sql, lost.map(({ operator, reason }) => [operator, reason])]))
    .digest('hex')
    .slice(0, 16)

/** The catalog has the new query from here on. If that cannot be saved, a query that began anew is
 *  taken back; one that has the old one's state cannot be, and stays: the next save has it. */
async function swap(
  { catalog, queries, save }: DatabaseParts,
  old: Running,
  entry: Running,
  keeps: boolean,
): Promise<void> {
  catalog.remove(old)
  catalog.add(entry)
  try {
    save()
  } catch (error) {
    if (keeps) await queries.stop(old.id, { kind: 'replaced' })
    else {
      await queries.stop(entry.id)
      catalog.remove(entry)
      catalog.add(old)
    }
    throw error
  }
}

/** What retention has removed cannot be read again. */
function goneOf({ catalog, streams }: DatabaseParts, { fromBeginning }: ReplaceReport): string[] {
  return fromBeginning.flatMap((name) => {
    const table = catalog.find(name)
    if (table?.kind !== 'table' || table.spec.connector !== 'log') return []
    const gone = streams.status(table.id).reduce((sum, { first }) => sum + first, 0)
    return gone === 0
      ? []
      : [`${gone} records of ${name} are no longer kept: the result is over the others.`]
  })
}
