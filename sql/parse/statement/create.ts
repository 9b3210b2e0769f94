/** CREATE: reads what stands before the name and hands on to the kind of object. */

import type { Cursor } from '../cursor.ts'
import { createFunction } from './create-function.ts'
import { createTable } from './create-table.ts'
import { createView } from './create-view.ts'
import { objectKind } from './object-kind.ts'
import { expectEnd } from './query-statement.ts'
import type { CreateHead, StatementBody } from './statement-body.ts'

/** The statement at CREATE. */
export function create(cursor: Cursor): StatementBody {
  cursor.expect('CREATE')
  const orReplace = cursor.accept('OR', 'REPLACE')
  const temporary = cursor.accept('TEMPORARY') || cursor.accept('TEMP')
  if (cursor.is('SYSTEM', 'FUNCTION'))
    cursor.refuse('A SYSTEM function', { hint: 'Leave SYSTEM out' })
  if (cursor.is('EXTERNAL')) cursor.refuse('EXTERNAL', { hint: 'Write CREATE TABLE … WITH (…)' })
  const first = cursor.token
  const object = objectKind(cursor, 'CREATE')
  if (object === 'query') {
    cursor.refuse('CREATE QUERY', {
      first,
      hint: 'Use CREATE MATERIALIZED VIEW, or POST /v1/queries',
    })
  }
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS')
  const head: CreateHead = { orReplace, temporary, ifNotExists }
  const made = createObject(cursor, object, head)
  if (made.kind === 'create-view') expectEnd(cursor)
  else expectEnd(cursor, ['WITH', 'LIKE', 'COMMENT', 'AS'])
  return made
}

type Created = 'table' | 'view' | 'materialized-view' | 'function'

function createObject(cursor: Cursor, object: Created, head: CreateHead): StatementBody {
  if (object === 'table') return createTable(cursor, head)
  if (object === 'function') return createFunction(cursor, head)
  return createView(cursor, head, object === 'materialized-view')
}
