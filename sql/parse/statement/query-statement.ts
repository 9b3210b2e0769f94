/** A query that is a statement, or the end of one: with EMIT and its own text. */

import type { QueryStatement } from '../../ast.ts'
import { isEmit } from '../alias.ts'
import type { Cursor } from '../cursor.ts'
import { CLAUSES, OPERATOR_WORDS } from '../keyword.ts'
import { emit } from './emit.ts'

/** The query at the cursor with its EMIT. */
export function queryStatement(cursor: Cursor): Omit<QueryStatement, 'text'> {
  const first = cursor.token
  const query = cursor.rules.query(cursor)
  const isLate = isEmit(cursor)
  const when = emit(cursor)
  if (isLate && cursor.is('LIMIT')) {
    cursor.unexpected({ what: 'the end of the query', hint: 'LIMIT stands before EMIT' })
  }
  return { query, emit: when, queryText: cursor.textFrom(first) }
}

const QUERY_NEAR = [...CLAUSES, ...OPERATOR_WORDS]

/** SYNTAX if something is left of a statement. `near`: keywords that could have gone on. */
export function expectEnd(cursor: Cursor, near: readonly string[] = QUERY_NEAR): void {
  const { token } = cursor
  if (token.kind === 'end' || token.key === ';') return
  cursor.unexpected({ what: '";" or the end of the statement', near, hint: hintOf(cursor) })
}

function hintOf(cursor: Cursor): string | undefined {
  const { token, previous } = cursor
  const isValue = token.kind === 'word' || token.kind === 'quoted' || token.kind === 'number'
  if (isValue && previous !== undefined && previous.kind !== 'symbol') {
    return 'Maybe a comma or an operator is missing before it'
  }
  if (token.kind === 'string') return 'Maybe an operator is missing before it'
  return token.key === ',' ? 'Maybe the part before it ends too early' : undefined
}
