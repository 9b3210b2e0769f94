/** Named continuous queries: POST and DELETE /v1/queries. */

import { asSqlError, fail } from '../../engine/base/errors.ts'
import { defineQuery } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { QueryInfo } from '../info.ts'
import { keep } from './create.ts'
import { dropEntry } from './drop.ts'
import { selectStatement } from './select.ts'

const NOWHERE = { offset: 0, length: 0 }

/** Starts the query of a single SELECT. Without a name it is called after its id. */
export async function createQuery(
  parts: DatabaseParts,
  sql: string,
  name?: string,
): Promise<QueryInfo> {
  const { catalog, queries, config, settings } = parts
  const statement = selectStatement(config, sql)
  queries.checkRoom()
  const text = name ?? freeName(parts)
  checkName(parts, text)
  const { entry, planned } = defineQuery({ text, at: NOWHERE }, statement, catalog, {
    session: settings.session,
  })
  catalog.add(entry)
  const { plan, warnings } = planned
  await keep(parts, entry, () => queries.start({ plan, warnings, kind: 'query' }))
  return queries.info(entry.id)
}

/** The name is not part of the SQL text, so its errors have no place there. */
function checkName({ catalog }: DatabaseParts, text: string): void {
  try {
    catalog.checkFree({ text, at: NOWHERE })
  } catch (thrown) {
    const { code, message, hint } = asSqlError(thrown)
    fail(code, message, { hint })
  }
}

function freeName({ catalog }: DatabaseParts): string {
  for (let n = 1; ; n++) if (catalog.find(`query_${n}`) === undefined) return `query_${n}`
}

/** Stops a query or materialized view. UNKNOWN_QUERY; IN_USE if something reads the view. */
export async function dropQuery(parts: DatabaseParts, name: string): Promise<void> {
  const { catalog } = parts
  const entry = catalog.find(name)
  if (entry?.kind === 'query' || entry?.kind === 'materialized-view') {
    await dropEntry(parts, entry)
    return
  }
  catalog.expect('query', { text: name, at: NOWHERE })
  fail('INTERNAL', `${name} was not found`)
}
