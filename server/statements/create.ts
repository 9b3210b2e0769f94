/** CREATE TABLE, VIEW, MATERIALIZED VIEW and FUNCTION. The catalog is on the disk before anything
 *  starts that relies on it; what fails afterwards is taken back. */

import type { Statement } from '../../sql/index.ts'
import { defineFunction, defineTable, defineView, type Entry } from '../../sql/index.ts'
import { CATALOG_CONNECTORS } from '../connectors.ts'
import type { DatabaseParts } from '../database.ts'
import type { StatementResult } from '../statement-result.ts'
import { dropEntry } from './drop.ts'

type Create<Kind extends Statement['kind']> = Extract<Statement, { kind: Kind }>

export async function createTable(
  parts: DatabaseParts,
  statement: Create<'create-table'>,
): Promise<StatementResult> {
  const { catalog, streams, settings } = parts
  const name = statement.name.text
  const entry = defineTable(statement, catalog, CATALOG_CONNECTORS, {
    session: settings.session,
  })
  if (entry === undefined) return { kind: 'ok', message: `Table ${name} exists already` }
  catalog.add(entry, statement.name.at)
  await keep(parts, entry, async () => {
    if (entry.spec.connector === 'log') await streams.open(entry.spec)
  })
  return { kind: 'ok', message: `Table ${name} created` }
}

export async function createView(
  parts: DatabaseParts,
  statement: Create<'create-view'>,
): Promise<StatementResult> {
  const { catalog, queries, settings } = parts
  const name = statement.name.text
  const what = statement.materialized ? 'Materialized view' : 'View'
  const defined = defineView(statement, catalog, { session: settings.session })
  if (defined === undefined) return { kind: 'ok', message: `${what} ${name} exists already` }
  const { entry, planned, replaces } = defined
  if (entry.kind === 'materialized-view') queries.checkRoom()
  if (replaces !== undefined) await dropEntry(parts, replaces)
  catalog.add(entry, statement.name.at)
  await keep(parts, entry, async () => {
    if (entry.kind !== 'materialized-view') return
    const { plan, warnings } = planned
    await queries.start({ plan, warnings, kind: 'materialized-view' })
  })
  const message = `${what} ${name} ${replaces === undefined ? 'created' : 'replaced'}`
  return { kind: 'ok', message, ...warningsOf(planned.warnings) }
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
