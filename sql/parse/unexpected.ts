/** Syntax errors for people: what was found, what was expected, and what the writer probably
 *  meant. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { nearestName } from '../../engine/base/nearest-name.ts'
import { isReserved } from './keyword.ts'
import { spanOf, type Token, tokenLabel } from './token.ts'

/** What users of other languages and dialects write, and what it is here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  '==': 'Equality is written =',
  '&&': 'Write AND',
  '!': 'Write NOT',
  '<=>': 'Write IS NOT DISTINCT FROM',
  '&': 'Bit operations are functions: BITAND(a, b)',
  '|': 'Text is joined with ||; bit operations are functions: BITOR(a, b)',
  '^': 'Powers are written POWER(a, b)',
  '~': 'Patterns are matched with RLIKE',
  '#': 'Comments start with --',
  '?': 'Parameters are not supported; write the value',
  $: 'Parameters are not supported; write the value',
  '@': 'Variables are not supported; write the value',
  ':': 'A type is changed with CAST(x AS type) or x::type',
  '\\': "In a string, use an escape: E'\\n'",
  ISNULL: 'Write IS NULL',
  NOTNULL: 'Write IS NOT NULL',
  DIV: 'Whole division is a / b over integers',
  MOD: 'Write MOD(a, b) or a % b',
  XOR: 'Write a <> b',
  GLOB: 'Write LIKE',
  MATCHES: 'Write RLIKE',
}

export interface Expected {
  /** What could have stood there, for "Expected …". */
  readonly what: string
  /** Keywords that could have stood there. */
  readonly near?: readonly string[] | undefined
  /** Said if nothing better is known. */
  readonly hint?: string | undefined
}

/** SYNTAX at `token`, or at the word before it when that one is a misspelt keyword. */
export function unexpected(token: Token, previous: Token | undefined, expected: Expected): never {
  if (token.kind === 'hint') {
    fail('UNSUPPORTED', 'Hints are not supported', {
      at: spanOf(token),
      hint: 'Use SET, or the options in WITH (…)',
    })
  }
  const near = expected.near ?? []
  const meant = misspelt(token, near)
  if (meant === undefined && previous !== undefined) {
    const before = misspelt(previous, near)
    if (before !== undefined) {
      fail('SYNTAX', `Unexpected ${tokenLabel(previous)}`, {
        at: spanOf(previous),
        hint: `Did you mean ${before}?`,
      })
    }
  }
  const hint = meant === undefined ? reasonOf(token, previous, expected) : `Did you mean ${meant}?`
  fail('SYNTAX', `Expected ${expected.what}, found ${tokenLabel(token)}`, {
    at: spotOf(token),
    hint,
  })
}

/** The keyword a word was meant to be. */
function misspelt(token: Token, near: readonly string[]): string | undefined {
  if (token.kind !== 'word' || isReserved(token.key) || near.length === 0) return undefined
  const meant = token.key.length < 3 ? undefined : nearestName(token.key, near)
  return meant === token.key ? undefined : meant
}

function reasonOf(
  token: Token,
  previous: Token | undefined,
  expected: Expected,
): string | undefined {
  if (previous?.key === ',' && (token.kind !== 'symbol' || token.key === ')')) {
    return expected.hint ?? 'Remove the comma before it'
  }
  if (isReserved(token.key) && /\bname\b/.test(expected.what)) {
    return `${token.key} is a keyword; as a name it needs quotes: "${token.text}"`
  }
  return ELSEWHERE[token.key] ?? expected.hint
}

/** At the end of the text the caret stands on the first free place. */
const spotOf = (token: Token): Span => ({ offset: token.offset, length: Math.max(1, token.length) })
