/** INSERT INTO: rows of values, or a query, which is a continuous job. */

import { fail } from '../../../engine/base/errors.ts'
import type { Query } from '../../ast.ts'
import { columnNames } from '../alias.ts'
import type { Cursor } from '../cursor.ts'
import { isQueryStart, startsQuery } from '../query-start.ts'
import { expectEnd, queryStatement } from './query-statement.ts'
import type { BodyOf } from './statement-body.ts'

/** The statement at INSERT. */
export function insert(cursor: Cursor): BodyOf<'insert-values'> | BodyOf<'insert-select'> {
  cursor.expect('INSERT')
  if (cursor.is('OVERWRITE')) cursor.refuse('INSERT OVERWRITE', { hint: 'Write INSERT INTO' })
  cursor.expect('INTO')
  cursor.accept('TABLE')
  const table = cursor.name('a table name')
  if (cursor.is('PARTITION', '(')) cursor.refuse('PARTITION in INSERT')
  const columns = cursor.is('(') && !startsQuery(cursor) ? columnNames(cursor) : []
  if (!isQueryStart(cursor)) {
    cursor.unexpected({ what: 'VALUES or a query', near: ['VALUES', 'SELECT', 'WITH'] })
  }
  const statement = queryStatement(cursor)
  refuseTails(cursor)
  expectEnd(cursor)
  const rows = onlyValues(statement.query)
  if (rows === undefined) return { kind: 'insert-select', table, columns, ...statement }
  if (statement.emit !== undefined) {
    fail('SYNTAX', 'VALUES has no EMIT: rows are stored at once', { at: statement.emit.at })
  }
  return { kind: 'insert-values', table, columns, rows }
}

function refuseTails(cursor: Cursor): void {
  if (cursor.is('ON', 'CONFLICT') || cursor.is('ON', 'DUPLICATE')) {
    cursor.refuse(`ON ${cursor.peek().key}`, {
      hint: 'A table with PRIMARY KEY (…) NOT ENFORCED takes the newest row of each key',
    })
  }
  if (cursor.is('RETURNING')) cursor.refuse('RETURNING')
}

/** The rows of a query that is nothing but VALUES. */
function onlyValues(query: Query): BodyOf<'insert-values'>['rows'] | undefined {
  const { body, orderBy, limit, offset } = query
  const isBare = query.with.length === 0 && orderBy.length === 0
  if (body.kind !== 'values' || !isBare || limit !== undefined || offset !== undefined) {
    return undefined
  }
  return body.rows
}
