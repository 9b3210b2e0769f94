/** ALTER: pause and resume, rename, change options. */

import type { Cursor } from '../cursor.ts'
import { objectKind } from './object-kind.ts'
import { expectEnd } from './query-statement.ts'
import type { BodyOf } from './statement-body.ts'
import { optionList } from './with-options.ts'

/** The statement at ALTER. */
export function alter(cursor: Cursor): BodyOf<'alter'> {
  cursor.expect('ALTER')
  const object = objectKind(cursor, 'ALTER')
  if (cursor.is('IF', 'EXISTS')) cursor.refuse('ALTER … IF EXISTS')
  const name = cursor.name('the name of what to alter')
  const action = readAction(cursor)
  expectEnd(cursor, [])
  return { kind: 'alter', object, name, action }
}

function readAction(cursor: Cursor): BodyOf<'alter'>['action'] {
  if (cursor.accept('PAUSE') || cursor.accept('SUSPEND')) return { kind: 'pause' }
  if (cursor.accept('RESUME')) return { kind: 'resume' }
  if (cursor.accept('RENAME', 'TO')) return { kind: 'rename', to: cursor.name('the new name') }
  if (cursor.is('SET', '(')) {
    cursor.advance()
    return { kind: 'set', options: optionList(cursor) }
  }
  if (cursor.isAny(ELSEWHERE)) {
    cursor.refuse(`ALTER … ${cursor.key}`, { hint: 'Create a new table and INSERT INTO it' })
  }
  return cursor.unexpected({
    what: 'PAUSE, RESUME, RENAME TO or SET (…)',
    near: ['PAUSE', 'RESUME', 'RENAME', 'SET'],
  })
}

const ELSEWHERE: ReadonlySet<string> = new Set(['ADD', 'DROP', 'MODIFY', 'ALTER', 'RESET', 'AS'])
