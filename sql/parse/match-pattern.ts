/** PATTERN of MATCH_RECOGNIZE: variables in sequence, alternatives, groups and quantifiers. */

import { fail } from '../../engine/base/errors.ts'
import type { MatchPattern } from '../match-ast.ts'
import type { Cursor } from './cursor.ts'
import { spanOf, type Token } from './token.ts'

/** `( … )` behind PATTERN. SYNTAX; UNSUPPORTED for PERMUTE, exclusion and anchors. */
export function matchPattern(cursor: Cursor): MatchPattern {
  cursor.expect('(')
  const pattern = cursor.nested(() => choice(cursor))
  close(cursor)
  return pattern
}

function close(cursor: Cursor): void {
  if (!cursor.is(')')) {
    cursor.unexpected({ what: 'a pattern variable, a quantifier, "|" or ")"', hint: EXAMPLE })
  }
  cursor.advance()
}

const EXAMPLE = 'For example PATTERN (A B+ (C | D)? E{2,3})'

/** `a b | c`: the earlier alternative is preferred. */
function choice(cursor: Cursor): MatchPattern {
  const first = cursor.token
  const parts = [sequence(cursor)]
  while (cursor.accept('|')) parts.push(sequence(cursor))
  if (cursor.is('||')) cursor.unexpected({ what: 'a pattern between the two "|"', hint: EXAMPLE })
  return parts.length === 1 ? parts[0] : { kind: 'choice', parts, at: cursor.spanFrom(first) }
}

/** An empty sequence is written `()`. */
function sequence(cursor: Cursor): MatchPattern {
  const first = cursor.token
  const parts: MatchPattern[] = []
  for (let part = quantified(cursor); part !== undefined; part = quantified(cursor)) {
    parts.push(part)
  }
  if (parts.length === 0) {
    cursor.unexpected({ what: 'a pattern variable', hint: EXAMPLE })
  }
  return parts.length === 1 ? parts[0] : { kind: 'sequence', parts, at: cursor.spanFrom(first) }
}

function quantified(cursor: Cursor): MatchPattern | undefined {
  const first = cursor.token
  const part = primary(cursor)
  if (part === undefined) return undefined
  const bounds = quantifier(cursor)
  if (bounds === undefined) return part
  const reluctant = cursor.accept('?')
  const [from, to] = bounds
  const at = cursor.spanFrom(first)
  if (quantifier(cursor) !== undefined) {
    fail('SYNTAX', 'A quantifier stands behind a variable or a group', {
      at: cursor.spanFrom(first),
      hint: 'Put brackets around what is repeated: (A+)*',
    })
  }
  return { kind: 'repeat', part, from, to, reluctant, at }
}

function primary(cursor: Cursor): MatchPattern | undefined {
  const { token } = cursor
  if (cursor.is('PERMUTE', '(')) {
    cursor.refuse('PERMUTE', { hint: 'Write the orders as alternatives: (A B | B A)' })
  }
  if (cursor.is('{', '-')) {
    cursor.refuse('An exclusion {- … -}', { hint: 'Leave the rows out by CLASSIFIER() outside' })
  }
  if (cursor.is('^') || cursor.is('$')) {
    cursor.refuse(`The anchor ${token.key}`, { hint: 'A stream has no first or last row' })
  }
  if (cursor.is('(')) return group(cursor, token)
  if (!cursor.isName()) return undefined
  const name = cursor.name('a pattern variable')
  return { kind: 'variable', name, at: name.at }
}

function group(cursor: Cursor, first: Token): MatchPattern {
  cursor.advance()
  if (cursor.accept(')')) return { kind: 'sequence', parts: [], at: cursor.spanFrom(first) }
  const inner = cursor.nested(() => choice(cursor))
  close(cursor)
  return { ...inner, at: cursor.spanFrom(first) }
}

const REPEATS_MAX = 1000

/** Fewest and most: `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`, `{,m}`. */
function quantifier(cursor: Cursor): readonly [number, number] | undefined {
  if (cursor.accept('*')) return [0, Infinity]
  if (cursor.accept('+')) return [1, Infinity]
  if (cursor.accept('?')) return [0, 1]
  if (!cursor.is('{') || cursor.peek().key === '-') return undefined
  const first = cursor.advance()
  const from = cursor.is(',') ? 0 : count(cursor)
  const hasComma = cursor.accept(',')
  const to = !hasComma ? from : cursor.is('}') ? Infinity : count(cursor)
  if (!cursor.is('}')) cursor.unexpected({ what: '"}"', hint: 'Write {n}, {n,}, {n,m} or {,m}' })
  cursor.advance()
  if (to < from || to === 0) {
    fail('SYNTAX', 'The quantifier allows no number of rows', { at: cursor.spanFrom(first) })
  }
  return [from, to]
}

function count(cursor: Cursor): number {
  const at = spanOf(cursor.token)
  const number = cursor.integer('a number of rows')
  if (number > REPEATS_MAX) {
    fail('LIMIT_EXCEEDED', `A pattern repeats at most ${REPEATS_MAX} times by number`, { at })
  }
  return number
}
