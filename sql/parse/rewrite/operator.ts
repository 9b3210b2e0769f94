/** Rewrites what stands between and behind operands. */

import type { Span } from '../../../engine/base/errors.ts'
import type { Expression } from '../../ast.ts'
import { callOf, notOf, textOf } from '../call.ts'
import type { Cursor } from '../cursor.ts'
import { lonelyLiteral } from '../literal.ts'
import { startsQuery } from '../query-start.ts'
import { spanOf, type Token } from '../token.ts'
import { dataType } from '../type.ts'
import { isJson } from './is-json.ts'
import { LEVEL } from './level.ts'
import { quantified } from './quantified.ts'
import type { Rewritten } from './rewritten.ts'
import type { InfixSlot } from './slot.ts'

const SYMBOLS: Readonly<Record<string, number>> = {
  '=': LEVEL.COMPARISON,
  '<>': LEVEL.COMPARISON,
  '<': LEVEL.COMPARISON,
  '>': LEVEL.COMPARISON,
  '<=': LEVEL.COMPARISON,
  '>=': LEVEL.COMPARISON,
  '||': LEVEL.OTHER,
  '->': LEVEL.OTHER,
  '->>': LEVEL.OTHER,
  '#>': LEVEL.OTHER,
  '#>>': LEVEL.OTHER,
  '@>': LEVEL.OTHER,
  '<@': LEVEL.OTHER,
  '+': LEVEL.SUM,
  '-': LEVEL.SUM,
  '*': LEVEL.PRODUCT,
  '/': LEVEL.PRODUCT,
  '%': LEVEL.PRODUCT,
  AND: LEVEL.AND,
  OR: LEVEL.OR,
}

/** What a chain has left open so far. */
export interface ChainState {
  readonly stops: ReadonlySet<string>
  /** BETWEENs whose AND has not come yet. */
  bounds: number
}

/** Rewrites the operators here. True if the last one needs another operand behind it; false at the
 *  first token that is no operator, or is one of the stops. */
export function operators(cursor: Cursor, out: Rewritten, state: ChainState): boolean {
  while (!cursor.isAny(state.stops)) {
    const { token } = cursor
    if (token.kind !== 'symbol' && token.kind !== 'word') return false
    if (Object.hasOwn(SYMBOLS, token.key)) {
      if (quantified(cursor, out, SYMBOLS[token.key])) continue
      infix(cursor, out, token.key, { level: SYMBOLS[token.key] })
      if (token.key === 'AND' && state.bounds > 0) state.bounds--
      return true
    }
    const rule = Object.hasOwn(RULES, token.key) ? RULES[token.key] : undefined
    if (rule === undefined) return false
    const needsOperand = rule(cursor, out)
    if (needsOperand === undefined) return false
    if (needsOperand && isBetween(token, cursor)) state.bounds++
    if (needsOperand) return true
  }
  return false
}

const isBetween = (token: Token, { previous }: Cursor): boolean =>
  token.key === 'BETWEEN' ||
  (token.key === 'NOT' && /^(?:BETWEEN|A?SYMMETRIC)$/.test(previous?.key ?? ''))

/** True: an operand must follow. False: go on. Undefined: it is no operator here. */
type Rule = (cursor: Cursor, out: Rewritten) => boolean | undefined

const RULES: Readonly<Record<string, Rule>> = {
  '::': castTo,
  '[': subscript,
  '.': field,
  IS: is,
  NOT: (cursor, out) => match(cursor, out, 1),
  IN: (cursor, out) => match(cursor, out, 0),
  BETWEEN: (cursor, out) => match(cursor, out, 0),
  LIKE: (cursor, out) => match(cursor, out, 0),
  ILIKE: (cursor, out) => match(cursor, out, 0),
  SIMILAR: (cursor, out) => match(cursor, out, 0),
  RLIKE: (cursor, out) => match(cursor, out, 0),
  REGEXP: (cursor, out) => match(cursor, out, 0),
  ESCAPE: (cursor, out) => {
    const at = spanOf(cursor.advance())
    out.element({ is: 'separator', word: 'ESCAPE', at }, at)
    return true
  },
  AT: (cursor, out) => {
    if (cursor.is('AT', 'LOCAL')) cursor.refuse('AT LOCAL', { hint: "Write AT TIME ZONE 'Zone'" })
    if (!cursor.is('AT', 'TIME', 'ZONE')) return undefined
    infix(cursor, out, 'AT TIME ZONE', { level: LEVEL.ZONE, words: 3 })
    return true
  },
  COLLATE: (cursor) => cursor.refuse('COLLATE'),
  OVERLAPS: (cursor) => cursor.refuse('OVERLAPS', { hint: 'Compare the bounds: a < d AND c < b' }),
}

interface InfixOptions {
  readonly level: number
  /** How many tokens it has. */
  readonly words?: number
  readonly third?: InfixSlot['third']
  readonly isNegated?: boolean
}

const UNCHAINED = new Set<number>([LEVEL.IS, LEVEL.COMPARISON, LEVEL.MATCH])

function infix(cursor: Cursor, out: Rewritten, operator: string, options: InfixOptions): void {
  const { level, words = 1, third, isNegated = false } = options
  const first = cursor.token
  cursor.index += words
  const word = cursor.spanFrom(first)
  const apply = (args: readonly Expression[], at: Span): Expression => {
    const call = callOf({ text: operator, at: word }, args, at)
    return isNegated ? notOf(call, word) : call
  }
  const chains = !UNCHAINED.has(level)
  out.element({ is: 'infix', operator, level, chains, third, at: word, apply }, word)
}

function castTo(cursor: Cursor, out: Rewritten): boolean {
  const at = spanOf(cursor.advance())
  const type = dataType(cursor)
  const apply = (arg: Expression, _: readonly Expression[], over: Span): Expression => ({
    kind: 'cast',
    arg,
    type,
    safe: false,
    at: over,
  })
  out.element({ is: 'postfix', level: LEVEL.POSTFIX, at: cursor.spanFrom(at), apply }, at)
  return false
}

function subscript(cursor: Cursor, out: Rewritten): boolean {
  const { offset } = cursor.token
  const close = cursor.source.tokens[cursor.closing()]
  const at = { offset, length: close.offset + close.length - offset }
  out.element(
    {
      is: 'postfix',
      level: LEVEL.POSTFIX,
      at,
      apply: (arg, args, over) => callOf({ text: '[]', at }, [arg, ...args], over),
    },
    at,
  )
  out.word('(', cursor.advance())
  cursor.rules.sequence(cursor, out)
  if (cursor.is(':')) cursor.refuse('A slice [from:to]', { hint: 'Use ARRAY_SLICE(a, from, to)' })
  out.word(')', cursor.expect(']'))
  return false
}

function field(cursor: Cursor, out: Rewritten): boolean {
  const dot = cursor.advance()
  if (cursor.is('*')) cursor.refuse('.* over an expression', { hint: 'Name the fields' })
  const name = cursor.name('a field name')
  const at = cursor.spanFrom(dot)
  const apply = (arg: Expression, _: readonly Expression[], over: Span) =>
    callOf({ text: '.', at }, [arg, textOf(name.text, name.at)], over)
  out.element({ is: 'postfix', level: LEVEL.POSTFIX, at, apply }, at)
  return false
}

const TRUTHS = new Set(['NULL', 'TRUE', 'FALSE', 'UNKNOWN'])

/** IS [NOT] NULL, TRUE, FALSE, UNKNOWN, JSON and IS [NOT] DISTINCT FROM. */
function is(cursor: Cursor, out: Rewritten): boolean {
  const not = cursor.peek().key === 'NOT' ? 1 : 0
  const prefix = not === 1 ? 'IS NOT ' : 'IS '
  if (cursor.peek(1 + not).key === 'DISTINCT' && cursor.peek(2 + not).key === 'FROM') {
    infix(cursor, out, `${prefix}DISTINCT FROM`, { level: LEVEL.IS, words: 3 + not })
    return true
  }
  const truth = cursor.peek(1 + not)
  if (truth.key === 'JSON') return isJson(cursor, out, prefix)
  const first = cursor.token
  cursor.index += 1 + not
  if (!TRUTHS.has(truth.key)) {
    cursor.unexpected({
      what: `NULL, TRUE, FALSE, UNKNOWN, JSON or DISTINCT FROM after ${prefix.trim()}`,
      near: [...TRUTHS, 'NOT', 'DISTINCT', 'JSON'],
      hint: 'To compare with a value, write = or <>',
    })
  }
  cursor.advance()
  const at = cursor.spanFrom(first)
  const apply = (arg: Expression, _: readonly Expression[], over: Span) =>
    callOf({ text: prefix + truth.key, at }, [arg], over)
  out.element({ is: 'postfix', level: LEVEL.IS, at, apply }, at)
  return false
}

/** [NOT] IN, BETWEEN, LIKE and its kin; `not` tokens of NOT stand before the word. */
function match(cursor: Cursor, out: Rewritten, not: number): boolean | undefined {
  const word = cursor.peek(not).key
  const isNegated = not === 1
  const level = LEVEL.MATCH
  switch (word) {
    case 'IN':
      return inList(cursor, out, not)
    case 'BETWEEN': {
      const isSymmetric = cursor.peek(not + 1).key === 'SYMMETRIC'
      const extra = isSymmetric || cursor.peek(not + 1).key === 'ASYMMETRIC' ? 1 : 0
      const operator = isSymmetric ? 'BETWEEN SYMMETRIC' : 'BETWEEN'
      infix(cursor, out, operator, { level, words: not + 1 + extra, third: 'AND', isNegated })
      return true
    }
    case 'LIKE':
    case 'ILIKE':
      infix(cursor, out, word, { level, words: not + 1, third: 'ESCAPE', isNegated })
      return true
    case 'SIMILAR':
      if (cursor.peek(not + 1).key !== 'TO') return undefined
      infix(cursor, out, 'SIMILAR TO', { level, words: not + 2, third: 'ESCAPE', isNegated })
      return true
    case 'RLIKE':
    case 'REGEXP':
      infix(cursor, out, 'RLIKE', { level, words: not + 1, isNegated })
      return true
    default:
      cursor.advance()
      return cursor.unexpected({
        what: 'IN, LIKE or BETWEEN after NOT',
        near: ['IN', 'LIKE', 'BETWEEN', 'ILIKE', 'SIMILAR'],
      })
  }
}

const LIST_STOPS = new Set([',', ')'])

function inList(cursor: Cursor, out: Rewritten, not: number): boolean {
  const first = cursor.token
  const isNegated = not === 1
  cursor.index += not + 1
  const level = LEVEL.MATCH
  const word = cursor.spanFrom(first)
  if (!cursor.is('(')) {
    cursor.unexpected({ what: 'a list or a query in brackets after IN', hint: 'Write IN (a, b)' })
  }
  if (startsQuery(cursor)) {
    cursor.advance()
    const query = cursor.nested(() => cursor.rules.query(cursor))
    cursor.expect(')')
    const at = cursor.spanFrom(first)
    const apply = (arg: Expression, _: readonly Expression[], over: Span): Expression => ({
      kind: 'in-query',
      arg,
      query,
      negated: isNegated,
      at: over,
    })
    out.element({ is: 'postfix', level, at, apply }, word)
    return false
  }
  const close = cursor.source.tokens[cursor.closing()]
  const at = { offset: first.offset, length: close.offset + close.length - first.offset }
  const literals = literalList(cursor)
  const apply = (arg: Expression, args: readonly Expression[], over: Span): Expression => ({
    kind: 'in',
    arg,
    list: literals ?? args,
    negated: isNegated,
    at: over,
  })
  out.element({ is: 'postfix', level, at, apply }, word)
  if (literals === undefined) {
    out.word('(', cursor.expect('('))
    do {
      cursor.rules.sequence(cursor, out)
      if (cursor.is(',')) out.word(',', cursor.token)
    } while (cursor.accept(','))
    out.word(')', cursor.expect(')'))
  }
  return false
}

/** The whole list if it holds only literals; undefined, without a move, if not. */
function literalList(cursor: Cursor): Expression[] | undefined {
  const start = cursor.index
  const items: Expression[] = []
  do {
    cursor.advance()
    const item = lonelyLiteral(cursor, LIST_STOPS)
    if (item === undefined) {
      cursor.index = start
      return undefined
    }
    items.push(item)
  } while (cursor.is(','))
  cursor.expect(')')
  return items
}
