/** SET and RESET of session settings. */

import type { Cursor } from '../cursor.ts'
import { expectEnd } from './query-statement.ts'
import type { BodyOf } from './statement-body.ts'
import { optionKey } from './with-options.ts'

/** The statement at SET: `SET 'key' = 'value'`, or `SET` alone to see all. */
export function set(cursor: Cursor): BodyOf<'set'> {
  cursor.expect('SET')
  if (isEnd(cursor)) return { kind: 'set' }
  const key = optionKey(cursor)
  if (!cursor.accept('=')) {
    if (!cursor.is('TO')) cursor.unexpected({ what: '"="', hint: "Write SET 'key' = 'value'" })
    cursor.advance()
  }
  const first = cursor.token
  const value = { text: setting(cursor), at: cursor.spanFrom(first) }
  expectEnd(cursor, [])
  return { kind: 'set', key, value }
}

/** The statement at RESET: `RESET 'key'`, or `RESET` alone for all. */
export function reset(cursor: Cursor): BodyOf<'reset'> {
  cursor.expect('RESET')
  if (isEnd(cursor)) return { kind: 'reset' }
  const key = optionKey(cursor)
  expectEnd(cursor, [])
  return { kind: 'reset', key }
}

const isEnd = (cursor: Cursor): boolean => cursor.token.kind === 'end' || cursor.key === ';'

/** A string, a number or a plain word. */
function setting(cursor: Cursor): string {
  const { kind } = cursor.token
  if (kind === 'string' || kind === 'number' || kind === 'word') return cursor.advance().text
  if (cursor.is('-') && cursor.peek().kind === 'number') {
    cursor.advance()
    return `-${cursor.advance().text}`
  }
  return cursor.string('a value in single quotes')
}
