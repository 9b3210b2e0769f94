/** A query for one subscriber, which ends with it. */

import { Planner } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { Subscribable } from '../sse/stream.ts'
import { selectStatement } from './select.ts'

export interface Subscription {
  readonly source: Subscribable
  /** Ends the query. */
  readonly release: () => void
}

/** What the planner raises; LIMIT_EXCEEDED. */
export async function subscribe(parts: DatabaseParts, sql: string): Promise<Subscription> {
  const { config, catalog, queries, settings, save } = parts
  const statement = selectStatement(config, sql)
  const id = catalog.newId('query')
  const identity = { id, name: `subscription_${id}` }
  const planner = new Planner(catalog, { session: settings.session })
  const { plan } = planner.planQuery(statement, 'continuous', identity)
  // The id must not come back after a restart.
  save()
  const [source, release] = await queries.startTransient({ ...plan, transient: true })
  return { source, release }
}
