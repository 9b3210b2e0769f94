/** EMIT at the end of a query: when its results are sent. */

import { fail } from '../../../engine/base/errors.ts'
import type { Emit } from '../../ast.ts'
import { isEmit } from '../alias.ts'
import type { Cursor } from '../cursor.ts'
import { interval, isInterval } from '../interval.ts'

/** EMIT CHANGES, EMIT FINAL, EMIT ON WINDOW CLOSE (the same), EMIT EVERY INTERVAL …; undefined if
 *  there is none. */
export function emit(cursor: Cursor): Emit | undefined {
  const first = cursor.token
  if (!isEmit(cursor)) return undefined
  cursor.advance()
  if (cursor.accept('CHANGES')) return { kind: 'changes', at: cursor.spanFrom(first) }
  if (cursor.accept('FINAL')) return { kind: 'final', at: cursor.spanFrom(first) }
  if (cursor.is('AFTER')) cursor.refuse('EMIT AFTER', { hint: 'Write EMIT ON WINDOW CLOSE' })
  if (cursor.is('ON', 'UPDATE')) cursor.refuse('EMIT ON UPDATE', { hint: 'Write EMIT CHANGES' })
  if (cursor.is('ON')) {
    cursor.expect('ON', 'WINDOW', 'CLOSE')
    return { kind: 'final', at: cursor.spanFrom(first) }
  }
  cursor.expect('EVERY')
  if (!isInterval(cursor)) {
    cursor.unexpected({ what: 'an interval', hint: "EMIT EVERY INTERVAL '5' SECOND" })
  }
  const { type, value, at } = interval(cursor)
  const intervalUs = Number(value)
  if (type.kind !== 'interval_second' || intervalUs <= 0) {
    fail('INVALID_ARGUMENT', 'EMIT EVERY needs an interval of days to seconds above 0', { at })
  }
  return { kind: 'every', intervalUs, at: cursor.spanFrom(first) }
}
