/** The catalog of a server that starts again: every saved text is parsed and planned anew, under
 *  the id that it had. */

import { asSqlError, fail, SqlError } from '../engine/base/errors.ts'
import { Catalog, type SavedCatalog, type SavedEntry } from './catalog/catalog.ts'
import { kindText, type MaterializedViewEntry, type QueryEntry } from './catalog/entry.ts'
import type { ConnectorCatalog } from './catalog/options.ts'
import { defineAgain } from './define-again.ts'
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
  saved: SavedEntry,
  catalog: Catalog,
  connectors: ConnectorCatalog | undefined,
): Running | undefined {
  const { entry, planned } = defineAgain(saved, catalog, connectors)
  catalog.add(entry)
  const runs = entry.kind === 'materialized-view' || entry.kind === 'query'
  return runs && planned !== undefined ? { entry, planned } : undefined
}
