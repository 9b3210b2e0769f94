/** CREATE [TEMPORARY] VIEW and CREATE MATERIALIZED VIEW. */

import { columnNames } from '../alias.ts'
import type { Cursor } from '../cursor.ts'
import { queryStatement } from './query-statement.ts'
import type { BodyOf, CreateHead } from './statement-body.ts'
import { withOptions } from './with-options.ts'

/** The statement behind CREATE … VIEW [IF NOT EXISTS]. */
export function createView(
  cursor: Cursor,
  head: CreateHead,
  materialized: boolean,
): BodyOf<'create-view'> {
  const name = cursor.name('a view name')
  const columns = cursor.is('(') ? columnNames(cursor) : []
  const comment = cursor.accept('COMMENT') ? cursor.string('a comment in single quotes') : undefined
  if (cursor.is('WITH') && !materialized) {
    cursor.refuse('WITH options on a view', {
      hint: 'It has nothing of its own to set: they belong to a materialized view, or to SET.',
    })
  }
  const options = withOptions(cursor)
  cursor.expect('AS')
  const made = { name, materialized, columns, comment, options, ...head }
  return { kind: 'create-view', ...made, ...queryStatement(cursor) }
}
