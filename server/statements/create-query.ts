/** Named continuous queries: CREATE QUERY, and POST, PUT, PATCH and DELETE /v1/queries. */

import { asSqlError, fail } from '../../engine/base/errors.ts'
import { defineQuery, type QueryStatement, type Statement } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { QueryInfo } from '../info.ts'
import type { StatementResult } from '../statement-result.ts'
import { definedQuery, definedView, renameEntry } from './alter.ts'
import { keep, warningsOf } from './create.ts'
import { dropEntry } from './drop.ts'
import { type Replaced, replaceRunning } from './replace.ts'
import { replacedResult } from './replaced-result.ts'
import { selectStatement } from './select.ts'

const NOWHERE = { offset: 0, length: 0 }

/** CREATE [OR REPLACE] QUERY. */
export async function createNamedQuery(
  parts: DatabaseParts,
  statement: Extract<Statement, { kind: 'create-query' }>,
  confirm?: string,
): Promise<StatementResult> {
  const { name, orReplace, ifNotExists } = statement
  const { catalog } = parts
  const old = catalog.find(name.text)
  if (ifNotExists && old?.name === name.text) {
    return { kind: 'ok', message: `Query ${name.text} exists already` }
  }
  if (orReplace && old?.kind === 'query' && old.name === name.text) {
    const { session } = parts.settings
    const made = definedQuery(parts, { ...old, session }, statement)
    const replaced = await replaceRunning(parts, { old, made, confirm, at: name.at })
    return replacedResult(`Query ${name.text}`, replaced)
  }
  catalog.checkFree(name)
  const warnings = await startQuery(parts, bare(statement), name)
  return { kind: 'ok', message: `Query ${name.text} created`, ...warningsOf(warnings) }
}

/** The query alone is what the catalog keeps: its name stands beside it. */
const bare = ({ query, emit, queryText }: QueryStatement): QueryStatement => ({
  query,
  emit,
  queryText,
  text: queryText,
})

async function startQuery(
  parts: DatabaseParts,
  statement: QueryStatement,
  name: { readonly text: string; readonly at: typeof NOWHERE },
): Promise<readonly string[]> {
  const { catalog, queries, settings } = parts
  queries.checkRoom()
  const { session } = settings
  const { entry, planned } = defineQuery(name, statement, catalog, { session })
  catalog.add(entry)
  const { plan, warnings } = planned
  await keep(parts, entry, () => queries.start({ plan, warnings, kind: 'query' }))
  return warnings
}

/** Starts the query of a single SELECT. Without a name it is called after its id. */
export async function createQuery(
  parts: DatabaseParts,
  sql: string,
  name?: string,
): Promise<QueryInfo> {
  const statement = selectStatement(parts.config, sql)
  const text = name ?? freeName(parts)
  checkName(parts, text)
  await startQuery(parts, statement, { text, at: NOWHERE })
  return parts.queries.info(parts.catalog.find(text)!.id)
}

/** The name is not part of the SQL text, so its errors have no place there. */
function checkName({ catalog }: DatabaseParts, text: string): void {
  withoutPlace(() => catalog.checkFree({ text, at: NOWHERE }))
}

function withoutPlace<T>(action: () => T): T {
  try {
    return action()
  } catch (thrown) {
    const { code, message, hint, details } = asSqlError(thrown)
    return fail(code, message, { hint, details })
  }
}

function freeName({ catalog }: DatabaseParts): string {
  for (let n = 1; ; n++) if (catalog.find(`query_${n}`) === undefined) return `query_${n}`
}

export interface PutResult {
  readonly info: QueryInfo
  /** undefined: there was no such query, and now there is. */
  readonly replaced: Replaced | undefined
}

/** Puts the SELECT in the place of the query or materialized view of this name, or starts it under
 *  the name. */
export async function putQuery(
  parts: DatabaseParts,
  name: string,
  { sql, confirm }: { readonly sql: string; readonly confirm?: string | undefined },
): Promise<PutResult> {
  const { catalog, queries, config } = parts
  const old = catalog.find(name)
  if (old?.kind !== 'query' && old?.kind !== 'materialized-view') {
    return { info: await createQuery(parts, sql, name), replaced: undefined }
  }
  const statement = selectStatement(config, sql)
  const made =
    old.kind === 'query'
      ? definedQuery(parts, old, statement)
      : definedView(parts, old, { ...statement, columns: [] })
  const { entry, planned } = made
  if (entry.kind === 'view') return fail('INTERNAL', 'a materialized view has become a view')
  const replaced = await replaceRunning(parts, { old, made: { entry, planned }, confirm })
  return { info: await queries.info(replaced.id), replaced }
}

/** DUPLICATE_NAME, UNKNOWN_QUERY; IN_USE if something reads the view. */
export async function renameQuery(
  parts: DatabaseParts,
  name: string,
  to: string,
): Promise<QueryInfo> {
  const entry = runningEntry(parts, name)
  withoutPlace(() => renameEntry(parts, entry, { text: to, at: NOWHERE }))
  return parts.queries.info(entry.id)
}

function runningEntry({ catalog }: DatabaseParts, name: string) {
  const entry = catalog.find(name)
  if (entry?.kind === 'query' || entry?.kind === 'materialized-view') return entry
  catalog.expect('query', { text: name, at: NOWHERE })
  return fail('INTERNAL', `${name} was not found`)
}

/** Stops a query or materialized view. UNKNOWN_QUERY; IN_USE if something reads the view. */
export async function dropQuery(parts: DatabaseParts, name: string): Promise<void> {
  await dropEntry(parts, runningEntry(parts, name))
}
