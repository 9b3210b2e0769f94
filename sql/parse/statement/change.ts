/** UPDATE and DELETE: changes of keyed tables. */

import type { Expression } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'
import { expectEnd } from './query-statement.ts'
import type { BodyOf } from './statement-body.ts'

/** The statement at UPDATE. */
export function update(cursor: Cursor): BodyOf<'update'> {
  cursor.expect('UPDATE')
  const table = cursor.name('a table name')
  cursor.expect('SET')
  const set = cursor.separated(() => {
    const column = cursor.name('a column name')
    cursor.expect('=')
    return { column, value: cursor.rules.expression(cursor) }
  })
  if (cursor.is('FROM')) cursor.refuse('UPDATE … FROM')
  return { kind: 'update', table, set, where: condition(cursor) }
}

/** The statement at DELETE. */
export function remove(cursor: Cursor): BodyOf<'delete'> {
  cursor.expect('DELETE', 'FROM')
  const table = cursor.name('a table name')
  if (cursor.is('USING')) cursor.refuse('DELETE … USING')
  return { kind: 'delete', table, where: condition(cursor) }
}

function condition(cursor: Cursor): Expression | undefined {
  const where = cursor.accept('WHERE') ? cursor.rules.expression(cursor) : undefined
  expectEnd(cursor)
  return where
}
