/** ALTER: pause, resume and restart what runs; new names; other columns, options and queries. */

import { fail } from '../../engine/base/errors.ts'
import {
  type CreateView,
  defineQuery,
  defineView,
  kindText,
  parseStatements,
  renamed,
  type Statement,
  viewText,
} from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { StatementResult } from '../statement-result.ts'
import { alterTable } from './alter-table.ts'
import { warningsOf } from './create.ts'
import { redefineView } from './redefine.ts'
import { replaceRunning } from './replace.ts'
import { replacedResult } from './replaced-result.ts'
import { restartQuery } from './restart-query.ts'

type Alter = Extract<Statement, { kind: 'alter' }>
type NewQuery = Extract<Alter['action'], { kind: 'as' }>

/** UNKNOWN_QUERY, UNKNOWN_TABLE; INVALID_ARGUMENT if a query that has ended should pause;
 *  DUPLICATE_NAME, IN_USE for a new name; NEEDS_CONFIRMATION; what the action itself raises. */
export async function alter(
  parts: DatabaseParts,
  statement: Alter,
  confirm?: string,
): Promise<StatementResult> {
  const { object, name, ifExists, action } = statement
  const { catalog } = parts
  const found = object === 'function' ? catalog.findFunction(name.text) : catalog.find(name.text)
  if (ifExists && found === undefined) {
    return { kind: 'ok', message: `There is no ${kindText(object)} ${name.text}` }
  }
  switch (action.kind) {
    case 'pause':
    case 'resume':
    case 'restart':
      return setRunning(parts, statement, action.kind)
    case 'rename':
      return rename(parts, statement, action)
    case 'as':
      return setQuery(parts, statement, action, confirm)
    default: {
      if (object === 'table') return alterTable(parts, statement, action)
      return fail('UNSUPPORTED', `A ${kindText(object)} has no options to ALTER`, {
        at: statement.at,
        hint: 'Write CREATE OR REPLACE MATERIALIZED VIEW … WITH (…) AS …',
      })
    }
  }
}

async function setRunning(
  parts: DatabaseParts,
  { object, name, at }: Alter,
  action: 'pause' | 'resume' | 'restart',
): Promise<StatementResult> {
  if (object !== 'query' && object !== 'materialized-view') {
    return fail('UNSUPPORTED', `A ${kindText(object)} does not run, so it cannot ${action}`, {
      at,
      hint: 'Queries and materialized views run.',
    })
  }
  const entry = parts.catalog.expect(object, name)
  if (action === 'restart') await restartQuery(parts, entry.id)
  else await parts.queries.setRunning(entry.id, action)
  const done = action === 'restart' ? 'restarted' : `${action}d`
  return { kind: 'ok', message: `${titleOf(object)} ${entry.name} ${done}` }
}

async function rename(
  parts: DatabaseParts,
  { object, name, at }: Alter,
  { to }: Extract<Alter['action'], { kind: 'rename' }>,
): Promise<StatementResult> {
  const { catalog, queries } = parts
  if (object === 'function') {
    return fail('UNSUPPORTED', 'A function cannot be renamed', {
      at,
      hint: 'Create it under the new name, and drop the old one.',
    })
  }
  const before = catalog.expect(object, name)
  if (before.kind === 'table') queries.checkNotSubscribed(before.id, before.name)
  renameEntry(parts, before, to)
  return { kind: 'ok', message: `${titleOf(object)} ${before.name} is now ${to.text}` }
}

/** DUPLICATE_NAME, IN_USE. */
export function renameEntry(
  { catalog, queries, save }: DatabaseParts,
  before: Parameters<typeof renamed>[0],
  to: Alter['name'],
): void {
  const after = renamed(before, to, catalog)
  catalog.replace(after)
  try {
    save()
  } catch (error) {
    catalog.replace(before)
    throw error
  }
  queries.rename(after.id, after.name)
}

async function setQuery(
  parts: DatabaseParts,
  { object, name }: Alter,
  action: NewQuery,
  confirm: string | undefined,
): Promise<StatementResult> {
  const { catalog } = parts
  const { at } = name
  const title = `${titleOf(object)} ${name.text}`
  if (object === 'query') {
    const old = catalog.expect('query', name)
    const made = definedQuery(parts, old, action)
    return replacedResult(title, await replaceRunning(parts, { old, made, confirm, at }))
  }
  const old = catalog.expect(object === 'view' ? 'view' : 'materialized-view', name)
  const { entry, planned } = definedView(parts, old, action)
  if (entry.kind === 'view') {
    await redefineView(parts, { ...entry, id: old.id }, at)
    return { kind: 'ok', message: `${title} altered`, ...warningsOf(planned.warnings) }
  }
  if (old.kind === 'view') return fail('INTERNAL', 'a view has become a materialized one')
  const made = { entry, planned }
  return replacedResult(title, await replaceRunning(parts, { old, made, confirm, at }))
}

/** The view with another query and all else as it is. */
export function definedView(
  { catalog }: Pick<DatabaseParts, 'catalog'>,
  old: { readonly name: string; readonly sql: string; readonly session: Session },
  { columns, query, emit, queryText }: Omit<NewQuery, 'kind' | 'text'>,
) {
  const [before] = parseStatements(old.sql)
  if (before.kind !== 'create-view') return fail('INTERNAL', 'the text of a view is none')
  const name = { ...before.name, text: old.name }
  const parts = { ...before, name, columns, query, emit, queryText }
  const statement: CreateView = { ...parts, text: viewText(parts), orReplace: true }
  return (
    defineView({ ...statement, ifNotExists: false }, catalog, { session: old.session }) ??
    fail('INTERNAL', `${old.name} is there already`)
  )
}

type Session = DatabaseParts['settings']['session']

/** The query with another text. UNSUPPORTED for one that writes to a table. */
export function definedQuery(
  { catalog }: Pick<DatabaseParts, 'catalog'>,
  { name, target, session, id }: Parameters<typeof refuseJob>[0],
  { query, emit, queryText }: Omit<NewQuery, 'kind' | 'text' | 'columns'>,
) {
  refuseJob({ name, target, session, id })
  const trial = catalog.copy()
  trial.remove(trial.byId(id)!)
  const statement = { query, emit, queryText, text: queryText }
  const named = { text: name, at: query.at }
  return defineQuery(named, statement, trial, { session, id: catalog.newId('query') })
}

function refuseJob({
  name,
  target,
}: {
  readonly id: string
  readonly name: string
  readonly session: Session
  readonly target?: unknown
}): void {
  if (target === undefined) return
  fail('UNSUPPORTED', `The query ${name} writes to a table: what it wrote stays there`, {
    hint: `DROP QUERY ${name}, and INSERT INTO … SELECT again.`,
  })
}

function titleOf(object: Alter['object']): string {
  const text = kindText(object)
  return `${text[0].toUpperCase()}${text.slice(1)}`
}
