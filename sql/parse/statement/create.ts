/** CREATE: reads what stands before the name and hands on to the kind of object. */

import type { ObjectKind } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'
import { createFunction } from './create-function.ts'
import { createTable } from './create-table.ts'
import { createView } from './create-view.ts'
import { objectKind } from './object-kind.ts'
import { expectEnd, queryStatement } from './query-statement.ts'
import type { BodyOf, CreateHead, StatementBody } from './statement-body.ts'

/** The statement at CREATE. */
export function create(cursor: Cursor): StatementBody {
  const start = cursor.token
  cursor.expect('CREATE')
  const orReplace = cursor.accept('OR', 'REPLACE')
  const temporary = cursor.accept('TEMPORARY') || cursor.accept('TEMP')
  if (cursor.is('SYSTEM', 'FUNCTION'))
    cursor.refuse('A SYSTEM function', { hint: 'Leave SYSTEM out' })
  if (cursor.is('EXTERNAL')) cursor.refuse('EXTERNAL', { hint: 'Write CREATE TABLE … WITH (…)' })
  const object = objectKind(cursor, 'CREATE')
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS')
  const head: CreateHead = { orReplace, temporary, ifNotExists }
  const made = createObject(cursor, object, head, start)
  const endsInQuery = made.kind === 'create-view' || made.kind === 'create-query'
  expectEnd(cursor, endsInQuery ? undefined : ['WITH', 'LIKE', 'COMMENT', 'AS'])
  return made
}

function createObject(
  cursor: Cursor,
  object: ObjectKind,
  head: CreateHead,
  start: Cursor['token'],
): StatementBody {
  switch (object) {
    case 'table':
      return createTable(cursor, head, start)
    case 'function':
      return createFunction(cursor, head)
    case 'query':
      return createQuery(cursor, head)
    default:
      return createView(cursor, head, object === 'materialized-view')
  }
}

/** The statement behind CREATE [OR REPLACE] QUERY [IF NOT EXISTS]. */
function createQuery(cursor: Cursor, head: CreateHead): BodyOf<'create-query'> {
  const { orReplace, ifNotExists, temporary } = head
  const name = cursor.name('a name for the query')
  if (temporary) {
    cursor.refuse('A temporary query', { hint: 'Subscribe to it: GET /v1/subscribe?sql=…' })
  }
  cursor.expect('AS')
  return { kind: 'create-query', name, orReplace, ifNotExists, ...queryStatement(cursor) }
}
