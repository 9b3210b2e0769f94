/** The catalog of a server that starts again: every saved text is parsed and planned anew, under
 *  the id that it had. */

import { asSqlError, fail, type Span, SqlError } from '../engine/base/errors.ts'
import type { Statement } from './ast.ts'
import { Catalog, type SavedCatalog, type SavedEntry } from './catalog/catalog.ts'
import { kindText, type MaterializedViewEntry, type QueryEntry } from './catalog/entry.ts'
import type { ConnectorCatalog } from './catalog/options.ts'
import { defineFunction, defineInsert, defineQuery, defineTable, defineView } from './define.ts'
import { parseStatements } from './parse/index.ts'
import type { PlannedQuery } from './planner.ts'
import { DEFAULT_SESSION } from './session.ts'

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

const NOWHERE: Span = { offset: 0, length: 0 }

function restoreEntry(
  entry: SavedEntry,
  catalog: Catalog,
  connectors: ConnectorCatalog | undefined,
): Running | undefined {
  const { id, name, sql, kind } = entry
  const making = { id, session: { ...DEFAULT_SESSION, ...entry.session } }
  const statement = onlyStatement(sql)
  if (kind === 'table') {
    if (statement.kind !== 'create-table') return refuseStatement(entry, statement)
    const table = defineTable(statement, catalog, connectors, making)
    if (table !== undefined) catalog.add(table)
    return undefined
  }
  if (kind === 'query') {
    const at = { text: name, at: NOWHERE }
    const isInsert = statement.kind === 'insert-select'
    if (statement.kind !== 'select' && !isInsert) return refuseStatement(entry, statement)
    const defined = isInsert
      ? defineInsert(at, statement, catalog, making)
      : defineQuery(at, statement, catalog, making)
    catalog.add(defined.entry)
    return defined
  }
  if (kind === 'function') {
    if (statement.kind !== 'create-function') return refuseStatement(entry, statement)
    const defined = defineFunction(statement, catalog, making)
    if (defined !== undefined) catalog.add(defined.entry)
    return undefined
  }
  if (statement.kind !== 'create-view') return refuseStatement(entry, statement)
  const view = defineView(statement, catalog, making)
  if (view === undefined) return undefined
  catalog.add(view.entry)
  return view.entry.kind === 'view' ? undefined : { entry: view.entry, planned: view.planned }
}

function refuseStatement({ kind }: SavedEntry, statement: Statement): never {
  fail('DATA_DAMAGED', `a ${kindText(kind)} cannot be a ${statement.kind} statement`)
}

function onlyStatement(sql: string): Statement {
  const statements = parseStatements(sql)
  if (statements.length !== 1) {
    fail('DATA_DAMAGED', `one statement was saved, but there are ${statements.length}`)
  }
  return statements[0]
}
