/** INSERT INTO … SELECT: a continuous query whose results go into a table. It is named after the
 *  table, listed by SHOW QUERIES and ended by DROP QUERY. A statement set starts several, or
 *  none. */

import { asSqlError, fail, type Span } from '../../engine/base/errors.ts'
import {
  type Catalog,
  type Defined,
  defineInsert,
  freeJobName,
  type InsertSelect,
  type QueryEntry,
  type Statement,
} from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { StatementResult } from '../statement-result.ts'
import { startJob, warningsOf } from './create.ts'
import { dropEntry } from './drop.ts'

export async function insertSelect(
  parts: DatabaseParts,
  statement: InsertSelect,
): Promise<StatementResult> {
  parts.queries.checkRoom()
  const job = defineJob(parts, statement, parts.catalog)
  await startJob(parts, job)
  const { entry, planned } = job
  return { kind: 'ok', message: `Query ${entry.name} started`, ...warningsOf(planned.warnings) }
}

/** The job under the first free name. What its query or its target cannot do is raised. */
function defineJob(
  { queries, settings }: DatabaseParts,
  statement: InsertSelect,
  catalog: Catalog,
): Defined<QueryEntry> {
  const target = catalog.find(statement.table.text, statement.table.at)?.name
  const text = freeJobName(target ?? statement.table.text, catalog)
  const name = { text, at: statement.table.at as Span }
  const job = defineInsert(name, statement, catalog, { session: settings.session })
  if (job.entry.target !== undefined) {
    queries.checkTarget(job.planned.plan, job.entry.target, name.at)
  }
  return job
}

/** Starts all jobs of the set; if one cannot start, those before it are taken back. */
export async function statementSet(
  parts: DatabaseParts,
  { statements }: Extract<Statement, { kind: 'statement-set' }>,
): Promise<StatementResult> {
  const inserts = statements.filter((statement) => statement.kind === 'insert-select')
  // All of them are looked at before the first one starts.
  const trial = parts.catalog.copy()
  for (const insert of inserts) trial.add(defineJob(parts, insert, trial).entry)
  const started: QueryEntry[] = []
  const warnings: string[] = []
  try {
    for (const insert of inserts) {
      parts.queries.checkRoom()
      const job = defineJob(parts, insert, parts.catalog)
      await startJob(parts, job)
      started.push(job.entry)
      warnings.push(...job.planned.warnings)
    }
  } catch (error) {
    for (const entry of started.toReversed()) await dropEntry(parts, entry)
    throw asSqlError(error)
  }
  if (started.length === 0) return fail('INTERNAL', 'a statement set without statements')
  const names = started.map(({ name }) => name).join(', ')
  return { kind: 'ok', message: `Queries ${names} started`, ...warningsOf(warnings) }
}
