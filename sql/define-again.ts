/** An entry made once more from the text that it was saved as, under the id that it had: when a
 *  server starts, and when something that it reads has changed. */

import { fail, type Span } from '../engine/base/errors.ts'
import type { Statement } from './ast.ts'
import type { Catalog, SavedEntry } from './catalog/catalog.ts'
import { type Entry, kindText } from './catalog/entry.ts'
import type { ConnectorCatalog } from './catalog/options.ts'
import { defineFunction, defineInsert, defineQuery, defineTable, defineView } from './define.ts'
import { parseStatements } from './parse/index.ts'
import type { PlannedQuery } from './planner.ts'
import { DEFAULT_SESSION } from './session.ts'

export interface DefinedAgain {
  readonly entry: Entry
  /** Of views, materialized views and queries. */
  readonly planned?: PlannedQuery | undefined
}

const NOWHERE: Span = { offset: 0, length: 0 }

/** The entry over the catalog as it is now, which does not hold it; nothing is added. Whatever its
 *  statement raises; DATA_DAMAGED for a text that makes something else. */
export function defineAgain(
  saved: SavedEntry,
  catalog: Catalog,
  connectors: ConnectorCatalog | undefined,
): DefinedAgain {
  const { id, name, sql, kind, layout, startedBy } = saved
  const making = { id, session: { ...DEFAULT_SESSION, ...saved.session } }
  const statement = onlyStatement(sql)
  const at = { text: name, at: NOWHERE }
  if (kind === 'table' && statement.kind === 'create-table') {
    const entry = made(saved, defineTable(statement, catalog, connectors, making))
    return { entry: { ...entry, spec: { ...entry.spec, layout } } }
  }
  if (kind === 'query' && statement.kind === 'insert-select') {
    const { entry, planned } = defineInsert(at, statement, catalog, making)
    return { entry: { ...entry, startedBy }, planned }
  }
  if (kind === 'query' && statement.kind === 'select') {
    return defineQuery(at, statement, catalog, making)
  }
  if (kind === 'function' && statement.kind === 'create-function') {
    return { entry: made(saved, defineFunction(statement, catalog, making)).entry }
  }
  if (statement.kind === 'create-view' && (kind === 'view' || kind === 'materialized-view')) {
    return made(saved, defineView(statement, catalog, making))
  }
  return fail('DATA_DAMAGED', `a ${kindText(kind)} cannot be a ${statement.kind} statement`)
}

/** IF NOT EXISTS can stand in the text, but nothing of its name is there. */
const made = <T>({ name }: SavedEntry, defined: T | undefined): T =>
  defined ?? fail('DATA_DAMAGED', `${name} is there twice`)

function onlyStatement(sql: string): Statement {
  const statements = parseStatements(sql)
  if (statements.length !== 1) {
    fail('DATA_DAMAGED', `one statement was saved, but there are ${statements.length}`)
  }
  return statements[0]
}
