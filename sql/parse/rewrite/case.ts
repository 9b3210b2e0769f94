/** Rewrites CASE … END. */

import type { Cursor } from '../cursor.ts'
import { OPERATOR_WORDS } from '../keyword.ts'
import { spanOver } from '../token.ts'
import type { Rewritten } from './rewritten.ts'
import type { CaseSlot } from './slot.ts'

/** The CASE at the cursor. SYNTAX if a part is missing. */
export function caseExpression(cursor: Cursor, out: Rewritten): void {
  const first = cursor.advance()
  const slot: { -readonly [Key in keyof CaseSlot]: CaseSlot[Key] } = { is: 'case', at: first }
  // The placeholder behind CASE carries its place; an operand of CASE follows as a chain.
  out.chained('CASE', first)
  out.slot(slot, first)
  cursor.nested(() => {
    if (!cursor.is('WHEN')) cursor.rules.sequence(cursor, out)
    part(cursor, out, 'WHEN')
    part(cursor, out, 'THEN')
    while (cursor.is('WHEN')) {
      part(cursor, out, 'WHEN')
      part(cursor, out, 'THEN')
    }
    if (cursor.is('ELSE')) part(cursor, out, 'ELSE')
  })
  if (!cursor.is('END')) {
    cursor.unexpected({
      what: 'WHEN, ELSE or END',
      near: ['WHEN', 'ELSE', 'END', ...OPERATOR_WORDS],
      hint: 'A CASE ends with END',
    })
  }
  slot.at = spanOver(first, cursor.token)
  out.word('END', cursor.advance())
}

function part(cursor: Cursor, out: Rewritten, word: string): void {
  if (!cursor.is(word)) cursor.unexpected({ what: word, near: [word, ...OPERATOR_WORDS] })
  out.word(word, cursor.advance())
  cursor.rules.sequence(cursor, out)
}
