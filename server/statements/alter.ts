/** ALTER: pause and resume what runs, and new names. */

import { fail } from '../../engine/base/errors.ts'
import { kindText, renamed, type Statement } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { StatementResult } from '../statement-result.ts'

type Alter = Extract<Statement, { kind: 'alter' }>

/** UNKNOWN_QUERY, UNKNOWN_TABLE; INVALID_ARGUMENT if a query that has ended should pause;
 *  DUPLICATE_NAME, IN_USE for a new name. */
export async function alter(parts: DatabaseParts, statement: Alter): Promise<StatementResult> {
  switch (statement.action.kind) {
    case 'pause':
    case 'resume':
      return setRunning(parts, statement, statement.action.kind)
    case 'rename':
      return rename(parts, statement, statement.action)
    case 'set':
      return fail('UNSUPPORTED', 'ALTER … SET is not supported yet', {
        at: statement.at,
        hint: 'Options are those of CREATE: drop the object and create it again.',
      })
  }
}

async function setRunning(
  { catalog, queries }: DatabaseParts,
  { object, name, at }: Alter,
  action: 'pause' | 'resume',
): Promise<StatementResult> {
  if (object !== 'query' && object !== 'materialized-view') {
    return fail('UNSUPPORTED', `A ${kindText(object)} does not run, so it cannot ${action}`, {
      at,
      hint: 'Queries and materialized views run.',
    })
  }
  const entry = catalog.expect(object, name)
  await queries.setRunning(entry.id, action)
  return { kind: 'ok', message: `${titleOf(object)} ${entry.name} ${action}d` }
}

async function rename(
  parts: DatabaseParts,
  { object, name, at }: Alter,
  { to }: Extract<Alter['action'], { kind: 'rename' }>,
): Promise<StatementResult> {
  const { catalog, queries, save } = parts
  if (object === 'function') {
    return fail('UNSUPPORTED', 'A function cannot be renamed', {
      at,
      hint: 'Create it under the new name, and drop the old one.',
    })
  }
  const before = catalog.expect(object, name)
  if (before.kind === 'table') queries.checkNotSubscribed(before.id, before.name)
  const after = renamed(before, to, catalog)
  catalog.replace(after)
  try {
    save()
  } catch (error) {
    catalog.replace(before)
    throw error
  }
  queries.rename(after.id, after.name)
  return { kind: 'ok', message: `${titleOf(object)} ${before.name} is now ${after.name}` }
}

function titleOf(object: Alter['object']): string {
  const text = kindText(object)
  return `${text[0].toUpperCase()}${text.slice(1)}`
}
