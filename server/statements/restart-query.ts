/** Restarting a query: it begins at the beginning of its tables, as a new one under the old name.
 *  Its id changes, so that whoever resumes after an old result is told (410) and begins again. */

import type { DatabaseParts } from '../database.ts'
import type { QueryInfo } from '../info.ts'

/** UNKNOWN_QUERY; IN_USE if something reads the view. */
export async function restartQuery(parts: DatabaseParts, queryId: string): Promise<QueryInfo> {
  const { catalog, queries, save } = parts
  const old = queries.running(queryId)
  const entry = catalog.byId(queryId)!
  catalog.checkUnused(entry)
  const fresh = { ...entry, id: catalog.newId(entry.kind) }
  catalog.remove(entry)
  catalog.add(fresh)
  // After a crash here the next start removes what belongs to the old id.
  save()
  await queries.stop(queryId)
  await queries.start({ ...old, plan: { ...old.plan, id: fresh.id } })
  return queries.info(fresh.id)
}
