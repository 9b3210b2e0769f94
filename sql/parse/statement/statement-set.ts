/** EXECUTE STATEMENT SET BEGIN …; END: several continuous jobs that start together. */

import type { Statement } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'
import type { BodyOf } from './statement-body.ts'

/** The statement at EXECUTE or BEGIN STATEMENT SET. `parse` reads the statements in it. */
export function statementSet(
  cursor: Cursor,
  parse: (cursor: Cursor) => Statement,
): BodyOf<'statement-set'> {
  if (cursor.accept('BEGIN')) cursor.expect('STATEMENT', 'SET', ';')
  else cursor.expect('EXECUTE', 'STATEMENT', 'SET', 'BEGIN')
  const statements: Statement[] = []
  while (!cursor.is('END')) {
    if (!cursor.is('INSERT')) {
      cursor.unexpected({
        what: 'INSERT INTO … SELECT or END',
        near: ['INSERT', 'END'],
        hint: 'A statement set holds INSERT statements only',
      })
    }
    const first = cursor.token
    const statement = parse(cursor)
    if (statement.kind !== 'insert-select') {
      cursor.refuse('INSERT … VALUES in a statement set', { first })
    }
    statements.push(statement)
    cursor.expect(';')
  }
  if (statements.length === 0) cursor.unexpected({ what: 'an INSERT statement before END' })
  cursor.advance()
  return { kind: 'statement-set', statements }
}
