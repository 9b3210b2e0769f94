/** Rewrites CAST(x AS type), TRY_CAST, ROW(…), ARRAY[…] and MAP[…]. */

import type { DataType } from '../../../engine/batch/types.ts'
import type { Expression } from '../../ast.ts'
import { callOf } from '../call.ts'
import type { Cursor } from '../cursor.ts'
import { dataType } from '../type.ts'
import type { Rewritten } from './rewritten.ts'

/** CAST or TRY_CAST at the cursor, before its bracket. SYNTAX if the type is missing. */
export function castCall(cursor: Cursor, out: Rewritten): void {
  const first = cursor.token
  const safe = first.key === 'TRY_CAST'
  const close = cursor.source.tokens[cursor.closing(1)]
  const at = { offset: first.offset, length: close.offset + close.length - first.offset }
  let type: DataType | undefined
  const build = ([arg]: readonly Expression[]): Expression => ({
    kind: 'cast',
    arg,
    type: type as DataType,
    safe,
    at,
  })
  out.element({ is: 'call', build }, cursor.advance())
  out.word('(', cursor.advance())
  cursor.rules.sequence(cursor, out)
  if (!cursor.is('AS')) {
    cursor.unexpected({ what: 'AS and a type', near: ['AS'], hint: `${first.key}(value AS type)` })
  }
  cursor.advance()
  type = dataType(cursor)
  out.word(')', cursor.expect(')'))
}

/** Whether ARRAY[ or MAP[ stands here. */
export const isConstructor = (cursor: Cursor): boolean =>
  (cursor.is('ARRAY') || cursor.is('MAP')) && cursor.peek().key === '['

/** `ARRAY[a, b]`, `MAP[key, value, …]`: calls by these names. SYNTAX if a map's value is
 *  missing. */
export function valueConstructor(cursor: Cursor, out: Rewritten): void {
  const first = cursor.advance()
  const close = cursor.source.tokens[cursor.closing()]
  const at = { offset: first.offset, length: close.offset + close.length - first.offset }
  const name = { text: first.key, at: { offset: first.offset, length: first.length } }
  out.element({ is: 'call', build: (args) => callOf(name, args, at) }, first)
  out.word('(', cursor.advance())
  let count = 0
  while (!cursor.is(']')) {
    if (count > 0) out.word(',', cursor.expect(','))
    cursor.rules.sequence(cursor, out)
    count++
  }
  if (first.key === 'MAP' && count % 2 === 1) {
    cursor.unexpected({
      what: 'a value for the last key of MAP',
      hint: 'MAP[key, value, key, value]',
    })
  }
  out.word(')', cursor.expect(']'))
}
