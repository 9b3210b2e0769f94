/** Rewrites one operand: signs and NOT before it, then a literal, a name, a call, CASE or
 *  something in brackets. */

import type { Span } from '../../../engine/base/errors.ts'
import type { Expression } from '../../ast.ts'
import { callOf } from '../call.ts'
import type { Cursor } from '../cursor.ts'
import { isReserved, OPERATOR_WORDS } from '../keyword.ts'
import { literal } from '../literal.ts'
import { withSign } from '../number-literal.ts'
import { startsQuery } from '../query-start.ts'
import { spanOf, type Token } from '../token.ts'
import { caseExpression } from './case.ts'
import { castCall, isConstructor, valueConstructor } from './constructor.ts'
import { functionCall } from './function-call.ts'
import { LEVEL } from './level.ts'
import type { Rewritten } from './rewritten.ts'

/** Functions that are called without brackets. */
const BARE: ReadonlySet<string> = new Set([
  'CURRENT_DATE',
  'CURRENT_TIME',
  'CURRENT_TIMESTAMP',
  'LOCALTIME',
  'LOCALTIMESTAMP',
])
/** Reserved words that are function names before a bracket. */
const CALLED: ReadonlySet<string> = new Set(['LEFT', 'RIGHT'])

/** Rewrites the operand here into `out`. SYNTAX if there is none. */
export function operand(cursor: Cursor, out: Rewritten): void {
  prefixes(cursor, out)
  const value = literal(cursor)
  if (value !== undefined) {
    out.element({ is: 'operand', value }, value.at)
    return
  }
  const { token } = cursor
  if (token.key === '(') bracketed(cursor, out)
  else if (token.kind === 'word' && word(cursor, out, token)) return
  else if (cursor.isName()) name(cursor, out)
  else noOperand(cursor)
}

function prefixes(cursor: Cursor, out: Rewritten): void {
  for (;;) {
    const { token } = cursor
    const isSign = token.key === '-' || token.key === '+'
    if (isMatchWord(cursor)) matchWord(cursor, out)
    if (!isSign && token.key !== 'NOT') return
    const at = spanOf(cursor.advance())
    const apply = (arg: Expression, over: Span): Expression => {
      if (token.key === 'NOT' && arg.kind === 'exists' && !arg.negated) {
        return { ...arg, negated: true, at: over }
      }
      const signed = arg.kind === 'literal' && isSign ? withSign(token.key, arg, over) : undefined
      return signed ?? callOf({ text: token.key, at }, [arg], over)
    }
    out.element({ is: 'prefix', level: isSign ? LEVEL.SIGN : LEVEL.NOT, at, apply }, at)
  }
}

/** RUNNING or FINAL before a call, of MATCH_RECOGNIZE. */
const isMatchWord = (cursor: Cursor): boolean =>
  (cursor.is('RUNNING') || cursor.is('FINAL')) && cursor.isName(1) && cursor.peek(2).key === '('

function matchWord(cursor: Cursor, out: Rewritten): void {
  const { key, ...token } = cursor.advance()
  const at = spanOf(token)
  const apply = (arg: Expression, over: Span) => callOf({ text: key, at }, [arg], over)
  out.element({ is: 'prefix', level: LEVEL.POSTFIX + 1, at, apply }, at)
}

/** Rewrites what a keyword starts; false if the word is a plain name or no operand at all. */
function word(cursor: Cursor, out: Rewritten, token: Token): boolean {
  const isCall = cursor.peek().key === '('
  if (token.key === 'CASE') caseExpression(cursor, out)
  else if (token.key === 'EXISTS' && isCall) exists(cursor, out)
  else if ((token.key === 'CAST' || token.key === 'TRY_CAST') && isCall) castCall(cursor, out)
  else if (isConstructor(cursor)) valueConstructor(cursor, out)
  else if (isCall && (CALLED.has(token.key) || !isReserved(token.key))) functionCall(cursor, out)
  else if (BARE.has(token.key)) bareCall(cursor, out)
  else return false
  return true
}

function bareCall(cursor: Cursor, out: Rewritten): void {
  const token = cursor.advance()
  const at = spanOf(token)
  out.element({ is: 'operand', value: callOf({ text: token.text, at }, [], at) }, at)
}

/** `a`, `t.a`, `t.a.b.c`. */
function name(cursor: Cursor, out: Rewritten): void {
  const first = cursor.token
  if (cursor.peek().key === '(') {
    functionCall(cursor, out)
    return
  }
  const path = [cursor.name('a name')]
  while (cursor.is('.') && cursor.peek().key !== '*') {
    cursor.advance()
    // Behind a dot every word is a name.
    const part = cursor.token
    const isWord = part.kind === 'word'
    path.push(isWord ? { text: cursor.advance().text, at: spanOf(part) } : cursor.name('a name'))
  }
  if (cursor.is('.')) {
    cursor.refuse('.* here', { hint: 'It is allowed only as an item of SELECT' })
  }
  const at = cursor.spanFrom(first)
  if (cursor.is('(')) {
    cursor.refuse('A function name with a dot', { first, hint: 'Functions have plain names' })
  }
  out.element({ is: 'operand', value: { kind: 'name', path, at } }, at)
}

function exists(cursor: Cursor, out: Rewritten): void {
  const first = cursor.advance()
  if (!startsQuery(cursor)) {
    cursor.advance()
    cursor.unexpected({ what: 'a query in EXISTS (…)' })
  }
  cursor.advance()
  const query = cursor.nested(() => cursor.rules.query(cursor))
  cursor.expect(')')
  const at = cursor.spanFrom(first)
  out.element({ is: 'operand', value: { kind: 'exists', query, negated: false, at } }, at)
}

/** `(query)`, `(expression)` or a row `(a, b)`. */
function bracketed(cursor: Cursor, out: Rewritten): void {
  const first = cursor.token
  if (startsQuery(cursor)) {
    cursor.advance()
    const query = cursor.nested(() => cursor.rules.query(cursor))
    cursor.expect(')')
    const at = cursor.spanFrom(first)
    out.element({ is: 'operand', value: { kind: 'subquery', query, at } }, at)
    return
  }
  const close = cursor.source.tokens[cursor.closing()]
  const at = { offset: first.offset, length: close.offset + close.length - first.offset }
  const build = (args: readonly Expression[]): Expression =>
    args.length === 1 ? { ...args[0], at } : callOf({ text: 'ROW', at }, args, at)
  out.element({ is: 'call', build }, first)
  out.word('(', cursor.advance())
  cursor.rules.sequence(cursor, out)
  while (cursor.is(',')) {
    out.word(',', cursor.advance())
    cursor.rules.sequence(cursor, out)
  }
  if (!cursor.is(')')) cursor.unexpected({ what: '"," or ")"', near: OPERATOR_WORDS })
  out.word(')', cursor.advance())
}

function noOperand(cursor: Cursor): never {
  const { token } = cursor
  if (token.key === '?' || token.key === '$' || token.key === ':') {
    cursor.refuse('A parameter', { hint: 'Write the value' })
  }
  cursor.unexpected({
    what: 'an expression',
    hint: hintOf(token, cursor.previous),
  })
}

function hintOf(token: Token, previous: Token | undefined): string | undefined {
  if (token.key === 'SELECT' || token.key === 'WITH') return 'Put the query in brackets: (SELECT …)'
  if (token.key === 'UNNEST') return 'UNNEST stands in FROM: CROSS JOIN UNNEST(…)'
  if (token.key === '*') return 'A * stands alone: SELECT *, or COUNT(*)'
  if (token.key === '=' && previous?.key === '=') return 'Equality is written ='
  if (token.kind === 'word' && previous?.key !== ',' && isReserved(token.key)) {
    return `${token.key} is a keyword; as a name it needs quotes: "${token.text}"`
  }
  return undefined
}
