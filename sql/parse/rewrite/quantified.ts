/** Quantified comparisons: `x = ANY (…)`, `x < ALL (SELECT …)`. */

import type { Span } from '../../../engine/base/errors.ts'
import type { Expression, Query } from '../../ast.ts'
import { callOf } from '../call.ts'
import type { Cursor } from '../cursor.ts'
import { startsQuery } from '../query-start.ts'
import { LEVEL } from './level.ts'
import type { Rewritten } from './rewritten.ts'

const QUANTIFIERS: ReadonlySet<string> = new Set(['ANY', 'SOME', 'ALL'])

/** Rewrites the comparison here if it is quantified; false, without a move, if not. `= ANY (query)`
 *  is IN, `<> ALL (query)` is NOT IN. */
export function quantified(cursor: Cursor, out: Rewritten, level: number): boolean {
  const isQuantified = QUANTIFIERS.has(cursor.peek().key) && cursor.peek(2).key === '('
  if (level !== LEVEL.COMPARISON || !isQuantified) return false
  const first = cursor.advance()
  const quantifier = cursor.advance().key === 'ALL' ? 'ALL' : 'ANY'
  const operator = `${first.key} ${quantifier}`
  const name = { text: operator, at: cursor.spanFrom(first) }
  const open = cursor.token
  const close = cursor.source.tokens[cursor.closing()]
  const at = { offset: first.offset, length: close.offset + close.length - first.offset }
  const inner = { offset: open.offset, length: close.offset + close.length - open.offset }
  const isQuery = startsQuery(cursor)
  if (isQuery) {
    cursor.advance()
    const query = cursor.nested(() => cursor.rules.query(cursor))
    cursor.expect(')')
    const apply = (arg: Expression, _: readonly Expression[], over: Span): Expression =>
      overQuery(operator, arg, query, over) ??
      callOf(name, [arg, { kind: 'subquery', query, at: inner }], over)
    out.element({ is: 'postfix', level, at, apply }, name.at)
    return true
  }
  const apply = (arg: Expression, args: readonly Expression[], over: Span): Expression =>
    callOf(name, [arg, ...args], over)
  out.element({ is: 'postfix', level, at, apply }, name.at)
  out.word('(', cursor.advance())
  cursor.rules.sequence(cursor, out)
  out.word(')', cursor.expect(')'))
  return true
}

function overQuery(
  operator: string,
  arg: Expression,
  query: Query,
  at: Span,
): Expression | undefined {
  if (operator === '= ANY') return { kind: 'in-query', arg, query, negated: false, at }
  if (operator === '<> ALL') return { kind: 'in-query', arg, query, negated: true, at }
  return undefined
}
