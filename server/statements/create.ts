/** CREATE TABLE, VIEW, MATERIALIZED VIEW and FUNCTION. The catalog is on the disk before anything
 *  starts that relies on it; what fails afterwards is taken back. */

import { isLogged } from '../../engine/source/table.ts'
import type { Defined, Entry, QueryEntry, Statement, TableEntry } from '../../sql/index.ts'
import { defineFunction, defineTableStatement, defineView } from '../../sql/index.ts'
import { CATALOG_CONNECTORS } from '../connectors.ts'
import type { DatabaseParts } from '../database.ts'
import type { StatementResult } from '../statement-result.ts'
import { dropEntry } from './drop.ts'
import { redefineView } from './redefine.ts'
import { replaceRunning } from './replace.ts'
import { replacedResult } from './replaced-result.ts'

type Create<Kind extends Statement['kind']> = Extract<Statement, { kind: Kind }>

export async function createTable(
  parts: DatabaseParts,
  statement: Create<'create-table'>,
): Promise<StatementResult> {
  const { catalog, queries, settings } = parts
  const name = statement.name.text
  const { session } = settings
  const defined = defineTableStatement(statement, catalog, CATALOG_CONNECTORS, { session })
  if (defined === undefined) return { kind: 'ok', message: `Table ${name} exists already` }
  const { table, job, replaces } = defined
  if (job !== undefined) {
    queries.checkTarget(job.planned.plan, table.spec, statement.name.at)
  }
  if (job !== undefined && replaces.length === 0) queries.checkRoom()
  for (const entry of replaces) await dropEntry(parts, entry, statement.name.at)
  await startTable(parts, table, statement)
  const done = replaces.length === 0 ? 'created' : 'replaced'
  if (job === undefined) return { kind: 'ok', message: `Table ${name} ${done}` }
  try {
    await startJob(parts, job)
  } catch (error) {
    await dropEntry(parts, table)
    throw error
  }
  const message = `Table ${name} ${done}, query ${job.entry.name} started`
  return { kind: 'ok', message, ...warningsOf(job.planned.warnings) }
}

async function startTable(
  parts: DatabaseParts,
  table: TableEntry,
  { name }: Create<'create-table'>,
): Promise<void> {
  const { catalog, streams, intakes, queues } = parts
  const { spec } = table
  if (spec.intake) {
    intakes.check(
      spec,
      catalog.list('table').map((other) => other.spec),
    )
  }
  catalog.add(table, name.at)
  await keep(parts, table, async () => {
    if (isLogged(spec)) await streams.open(spec)
    if (spec.connector === 'log') await queues.open(spec)
    if (spec.intake) intakes.start(spec)
  })
}

/** Starts the job of an INSERT INTO … SELECT. */
export async function startJob(
  parts: DatabaseParts,
  { entry, planned }: Defined<QueryEntry>,
): Promise<void> {
  const { catalog, queries } = parts
  const { plan, warnings } = planned
  catalog.add(entry)
  const running = { plan, warnings, kind: 'query', target: entry.target } as const
  await keep(parts, entry, () => queries.start(running))
}

export async function createView(
  parts: DatabaseParts,
  statement: Create<'create-view'>,
  confirm?: string,
): Promise<StatementResult> {
  const { catalog, queries, settings } = parts
  const name = statement.name.text
  const what = statement.materialized ? 'Materialized view' : 'View'
  const defined = defineView(statement, catalog, { session: settings.session })
  if (defined === undefined) return { kind: 'ok', message: `${what} ${name} exists already` }
  const { entry, planned, replaces: old } = defined
  if (entry.kind === 'materialized-view' && old?.kind === 'materialized-view') {
    const { at } = statement.name
    const replaced = await replaceRunning(parts, { old, made: { entry, planned }, confirm, at })
    return replacedResult(`${what} ${name}`, replaced)
  }
  if (entry.kind === 'view' && old?.kind === 'view') {
    await redefineView(parts, { ...entry, id: old.id }, statement.name.at)
    return { kind: 'ok', message: `${what} ${name} replaced`, ...warningsOf(planned.warnings) }
  }
  if (entry.kind === 'materialized-view') queries.checkRoom()
  catalog.add(entry, statement.name.at)
  await keep(parts, entry, async () => {
    if (entry.kind !== 'materialized-view') return
    const { plan, warnings } = planned
    await queries.start({ plan, warnings, kind: 'materialized-view' })
  })
  return { kind: 'ok', message: `${what} ${name} created`, ...warningsOf(planned.warnings) }
}

export async function createFunction(
  parts: DatabaseParts,
  statement: Create<'create-function'>,
): Promise<StatementResult> {
  const name = statement.name.text
  const defined = defineFunction(statement, parts.catalog)
  if (defined === undefined) return { kind: 'ok', message: `Function ${name} exists already` }
  const { entry, replaces } = defined
  if (replaces !== undefined) await dropEntry(parts, replaces)
  parts.catalog.add(entry, statement.name.at)
  await keep(parts, entry, async () => {})
  const message = `Function ${name} ${replaces === undefined ? 'created' : 'replaced'}`
  return { kind: 'ok', message }
}

export const warningsOf = (warnings: readonly string[]): { warnings?: readonly string[] } =>
  warnings.length === 0 ? {} : { warnings }

/** Saves the catalog with the new entry, then starts what belongs to it; takes the entry out again
 *  if either fails. */
export async function keep(
  parts: DatabaseParts,
  entry: Entry,
  start: () => Promise<void>,
): Promise<void> {
  const { catalog, save } = parts
  try {
    save()
    await start()
  } catch (error) {
    catalog.remove(entry)
    save()
    throw error
  }
}
