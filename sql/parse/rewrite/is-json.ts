/** IS [NOT] JSON [VALUE | SCALAR | ARRAY | OBJECT]. */

import type { Span } from '../../../engine/base/errors.ts'
import type { Expression } from '../../ast.ts'
import { callOf } from '../call.ts'
import type { Cursor } from '../cursor.ts'
import { LEVEL } from './level.ts'
import type { Rewritten } from './rewritten.ts'

const KINDS: ReadonlySet<string> = new Set(['VALUE', 'SCALAR', 'ARRAY', 'OBJECT'])

/** Rewrites the test whose IS is at the cursor. `prefix`: `IS ` or `IS NOT `. False: no operand
 *  follows. */
export function isJson(cursor: Cursor, out: Rewritten, prefix: string): false {
  const first = cursor.token
  cursor.index += prefix === 'IS ' ? 2 : 3
  const kind = cursor.isAny(KINDS) ? ` ${cursor.advance().key}` : ''
  if ((cursor.is('WITH') || cursor.is('WITHOUT')) && cursor.peek().key === 'UNIQUE') {
    cursor.refuse('UNIQUE KEYS')
  }
  const at = cursor.spanFrom(first)
  const apply = (arg: Expression, _: readonly Expression[], over: Span) =>
    callOf({ text: `${prefix}JSON${kind}`, at }, [arg], over)
  out.element({ is: 'postfix', level: LEVEL.IS, at, apply }, at)
  return false
}
