/** CREATE [TEMPORARY] VIEW and CREATE MATERIALIZED VIEW. */

import { columnNames } from '../alias.ts'
import type { Cursor } from '../cursor.ts'
import { queryStatement } from './query-statement.ts'
import type { BodyOf, CreateHead } from './statement-body.ts'

/** The statement behind CREATE … VIEW [IF NOT EXISTS]. */
export function createView(
  cursor: Cursor,
  head: CreateHead,
  materialized: boolean,
): BodyOf<'create-view'> {
  const name = cursor.name('a view name')
  const columns = cursor.is('(') ? columnNames(cursor) : []
  if (cursor.is('COMMENT')) cursor.refuse('COMMENT on a view', { hint: 'Write a -- comment' })
  if (cursor.is('WITH') && cursor.peek().key === '(') {
    cursor.refuse('WITH options on a view', { hint: 'Use SET, or EMIT at the end of the query' })
  }
  cursor.expect('AS')
  return { kind: 'create-view', name, materialized, columns, ...head, ...queryStatement(cursor) }
}
