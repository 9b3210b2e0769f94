/** Rewrites a function call: its arguments for the grammar, and what SQL may write around them:
 *  DISTINCT, ORDER BY, WITHIN GROUP, FILTER, OVER. */

import type { Expression, Name, OrderItem, Over } from '../../ast.ts'
import type { JsonClauses } from '../../json-ast.ts'
import { callOf } from '../call.ts'
import { type Cursor, nameOf } from '../cursor.ts'
import { OPERATOR_WORDS } from '../keyword.ts'
import { orderItems } from '../order.ts'
import { over } from '../over.ts'
import { spanOf } from '../token.ts'
import { isOnlyOnNull, jsonClauses } from './json-form.ts'
import type { Rewritten } from './rewritten.ts'
import { specialForm } from './special-form.ts'

/** The parts of a call that are no arguments. */
interface Extras {
  distinct: boolean
  orderBy: readonly OrderItem[]
  filter?: Expression
  over?: Over
  json?: JsonClauses
}

/** The call at the cursor, whose name stands before a bracket. SYNTAX and UNSUPPORTED by place. */
export function functionCall(cursor: Cursor, out: Rewritten): void {
  const first = cursor.advance()
  const form = first.kind === 'word' ? specialForm(first.key) : undefined
  const extras: Extras = { distinct: false, orderBy: [] }
  let name: Name = nameOf(first)
  let arrange = (args: readonly Expression[]): readonly Expression[] => args
  let at = spanOf(first)
  const build = (args: readonly Expression[]): Expression => ({
    ...callOf(name, arrange(args), at),
    ...extras,
  })
  out.element({ is: 'call', build }, first)
  out.word('(', cursor.advance())
  if (form === undefined) {
    plainArguments(cursor, out, extras)
  } else {
    const made = form(cursor, out, first)
    name = { text: made.name ?? first.text, at: name.at }
    arrange = made.arrange ?? arrange
  }
  const json = jsonClauses(cursor, out, first)
  if (json !== undefined) extras.json = json
  if (!cursor.is(')')) argumentsGoOn(cursor)
  out.word(')', cursor.advance())
  suffixes(cursor, extras)
  at = cursor.spanFrom(first)
}

function argumentsGoOn(cursor: Cursor): never {
  if (cursor.is('=>')) {
    cursor.refuse('A named argument', { hint: 'Give the arguments in order' })
  }
  cursor.unexpected({ what: '"," or ")"', near: ['ORDER', ...OPERATOR_WORDS] })
}

function plainArguments(cursor: Cursor, out: Rewritten, extras: Extras): void {
  if (cursor.is(')') || isOnlyOnNull(cursor)) return
  if (cursor.is('*', ')')) {
    const at = spanOf(cursor.advance())
    out.slot({ is: 'operand', value: { kind: 'star', at } }, at)
    return
  }
  if (cursor.isName() && cursor.peek().key === '.' && cursor.peek(2).key === '*') {
    rowsOf(cursor, out)
    return
  }
  if (cursor.is('DISTINCT')) {
    cursor.advance()
    extras.distinct = true
  } else {
    cursor.accept('ALL')
  }
  cursor.rules.sequence(cursor, out)
  while (cursor.is(',')) {
    out.word(',', cursor.advance())
    cursor.rules.sequence(cursor, out)
  }
  if (cursor.accept('ORDER', 'BY')) extras.orderBy = orderItems(cursor)
}

/** `a.*` in COUNT: the rows of a variable of MATCH_RECOGNIZE. */
function rowsOf(cursor: Cursor, out: Rewritten): void {
  const first = cursor.token
  const table = cursor.name('a name')
  cursor.advance()
  const star: Name = { text: '*', at: spanOf(cursor.advance()) }
  const at = cursor.spanFrom(first)
  out.element({ is: 'operand', value: { kind: 'name', path: [table, star], at } }, at)
}

function suffixes(cursor: Cursor, extras: Extras): void {
  if (cursor.is('WITHIN', 'GROUP')) {
    const first = cursor.token
    if (extras.orderBy.length > 0) {
      cursor.refuse('WITHIN GROUP beside ORDER BY', { first, hint: 'Keep one of the two' })
    }
    cursor.expect('WITHIN', 'GROUP', '(', 'ORDER', 'BY')
    extras.orderBy = orderItems(cursor)
    cursor.expect(')')
  }
  if (cursor.is('FILTER', '(')) {
    cursor.expect('FILTER', '(', 'WHERE')
    extras.filter = cursor.rules.expression(cursor)
    cursor.expect(')')
  }
  if (cursor.is('IGNORE', 'NULLS')) {
    cursor.refuse('IGNORE NULLS', { hint: 'Filter: FILTER (WHERE x IS NOT NULL)' })
  }
  cursor.accept('RESPECT', 'NULLS')
  if (cursor.is('OVER') && (cursor.isName(1) || cursor.peek().key === '(')) {
    cursor.advance()
    extras.over = over(cursor)
  }
}
