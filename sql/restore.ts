/** The catalog of a server that starts again: every saved text is parsed and planned anew, under
 *  the id that it had. */

import { asSqlError, fail, SqlError } from '../engine/base/errors.ts'
import type { Statement } from './ast.ts'
import { Catalog, type SavedCatalog, type SavedEntry } from './catalog/catalog.ts'
import { kindText, type MaterializedViewEntry, type QueryEntry } from './catalog/entry.ts'
import type { ConnectorCatalog } from './catalog/options.ts'
import { defineQuery, defineTable, defineView } from './define.ts'
import { parseStatements } from './parse/index.ts'
import type { PlannedQuery } from './planner.ts'

/** What runs continuously. */
export interface Running {
  readonly entry: MaterializedViewEntry | QueryEntry
  readonly planned: PlannedQuery
}

export interface Restored {
  readonly catalog: Catalog
  /** Materialized views and named queries, in order of creation. */
  readonly running: readonly Running[]
}

/** DATA_VERSION if another version of Millrace wrote it; an error that names the entry if one
 *  cannot be planned any more. */
export function restoreCatalog(saved: SavedCatalog, connectors?: ConnectorCatalog): Restored {
  if (saved.version !== 1) {
    fail('DATA_VERSION', `The catalog has version ${saved.version}; this Millrace reads version 1`)
  }
  const catalog = new Catalog(saved.nextId)
  const running: Running[] = []
  for (const entry of saved.entries) {
    const back = inContext(entry, () => restoreEntry(entry, catalog, connectors))
    if (back !== undefined) running.push(back)
  }
  return { catalog, running }
}

function inContext<T>(entry: SavedEntry, action: () => T): T {
  try {
    return action()
  } catch (error) {
    const { code, message, hint } = asSqlError(error)
    const what = `the ${kindText(entry.kind)} ${entry.name}`
    throw new SqlError(code, `Cannot restore ${what}: ${message}`, { hint, cause: error })
  }
}

function restoreEntry(
  { id, name, sql, kind }: SavedEntry,
  catalog: Catalog,
  connectors: ConnectorCatalog | undefined,
): Running | undefined {
  const statement = onlyStatement(sql)
  if (statement.kind === 'create-table' && kind === 'table') {
    const entry = defineTable(statement, catalog, connectors, id)
    if (entry !== undefined) catalog.add(entry)
    return undefined
  }
  if (statement.kind === 'create-view' && (kind === 'view' || kind === 'materialized-view')) {
    const defined = defineView(statement, catalog, id)
    if (defined === undefined) return undefined
    const { entry, planned } = defined
    catalog.add(entry)
    return entry.kind === 'view' ? undefined : { entry, planned }
  }
  if (statement.kind === 'select' && kind === 'query') {
    const defined = defineQuery({ text: name, at: statement.at }, statement, catalog, id)
    catalog.add(defined.entry)
    return defined
  }
  return fail('DATA_DAMAGED', `a ${kindText(kind)} cannot be a ${statement.kind} statement`)
}

function onlyStatement(sql: string): Statement {
  const statements = parseStatements(sql)
  if (statements.length !== 1) {
    fail('DATA_DAMAGED', `one statement was saved, but there are ${statements.length}`)
  }
  return statements[0]
}
