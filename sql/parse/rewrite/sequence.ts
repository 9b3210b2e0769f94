/** Rewrites one expression: operands and operators in turn. Which operator binds what is decided
 *  later, by `normalise`. */

import type { Cursor } from '../cursor.ts'
import { operand } from './operand.ts'
import { operators } from './operator.ts'
import type { Rewritten } from './rewritten.ts'

const NONE: ReadonlySet<string> = new Set()

/** Rewrites the expression here into `out`. Stops at the first token that does not continue it, or
 *  that is an operator in `stops`. SYNTAX where an operand is missing. */
export function sequence(cursor: Cursor, out: Rewritten, stops: ReadonlySet<string> = NONE): void {
  const state = { stops, bounds: 0 }
  do operand(cursor, out)
  while (operators(cursor, out, state))
  if (state.bounds > 0) {
    cursor.unexpected({
      what: 'AND and the upper bound of BETWEEN',
      near: ['AND'],
      hint: 'Write x BETWEEN low AND high',
    })
  }
}
