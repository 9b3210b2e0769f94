/** DROP. */

import type { Cursor } from '../cursor.ts'
import { objectKind } from './object-kind.ts'
import { expectEnd } from './query-statement.ts'
import type { BodyOf } from './statement-body.ts'

/** The statement at DROP. */
export function drop(cursor: Cursor): BodyOf<'drop'> {
  cursor.expect('DROP')
  cursor.accept('TEMPORARY')
  const object = objectKind(cursor, 'DROP')
  const ifExists = cursor.accept('IF', 'EXISTS')
  const name = cursor.name('the name of what to drop')
  if (cursor.is(',')) cursor.refuse('DROP of several', { hint: 'Write one DROP for each' })
  if (cursor.is('CASCADE') || cursor.is('RESTRICT')) {
    cursor.refuse(cursor.key, { hint: 'What others read cannot be dropped: drop those first' })
  }
  expectEnd(cursor, ['IF', 'EXISTS'])
  return { kind: 'drop', object, name, ifExists }
}
