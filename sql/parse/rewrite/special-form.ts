/** The calls that SQL writes with keywords between their arguments, as plain calls:
 *  EXTRACT(YEAR FROM x) is EXTRACT('YEAR', x). */

import type { Expression } from '../../ast.ts'
import { textOf } from '../call.ts'
import type { Cursor } from '../cursor.ts'
import { spanOf, type Token } from '../token.ts'
import { jsonPairs } from './json-form.ts'
import type { Rewritten } from './rewritten.ts'

export interface MadeForm {
  /** Another function than the one that was written. */
  readonly name?: string | undefined
  /** The arguments in the order of the plain call. */
  arrange?(args: readonly Expression[]): readonly Expression[]
}

/** Rewrites the arguments, from behind the opening bracket up to the closing one. */
export type Form = (cursor: Cursor, out: Rewritten, first: Token) => MadeForm

const FORMS: Readonly<Record<string, Form>> = {
  EXTRACT: unitThen('FROM'),
  TIMESTAMPADD: unitThen(','),
  TIMESTAMPDIFF: unitThen(','),
  FLOOR: toUnit,
  CEIL: toUnit,
  CEILING: toUnit,
  POSITION: separatedBy(['IN'], 'part IN text', new Set(['IN'])),
  SUBSTRING: separatedBy(['FROM', 'FOR'], 'text FROM start FOR count'),
  OVERLAY: separatedBy(['PLACING', 'FROM', 'FOR'], 'text PLACING part FROM start FOR count'),
  TRIM: trim,
  JSON_OBJECT: pairs,
  JSON_OBJECTAGG: pairs,
}

/** How the function of this name (a token's `key`) reads its arguments; undefined: as any other. */
export const specialForm = (key: string): Form | undefined =>
  Object.hasOwn(FORMS, key) ? FORMS[key] : undefined

function comma(cursor: Cursor, out: Rewritten): void {
  out.word(',', cursor.advance())
  cursor.rules.sequence(cursor, out)
}

/** A unit of time as a word or a string, which becomes a string argument in upper case. */
function unit(cursor: Cursor, out: Rewritten): void {
  const { token } = cursor
  if (token.kind !== 'word' && token.kind !== 'string') {
    cursor.unexpected({ what: 'a unit such as DAY or HOUR' })
  }
  const at = spanOf(cursor.advance())
  out.element({ is: 'operand', value: textOf(token.text.toUpperCase(), at) }, at)
}

function unitThen(separator: string): Form {
  return (cursor, out, first) => {
    unit(cursor, out)
    const isSeparated = cursor.is(separator) || cursor.is(',')
    if (!isSeparated) {
      const example = separator === ',' ? '(DAY, …)' : `(DAY ${separator} …)`
      cursor.unexpected({
        what: `"${separator}"`,
        near: [separator],
        hint: `Write ${first.key}${example}`,
      })
    }
    comma(cursor, out)
    while (cursor.is(',')) comma(cursor, out)
    return {}
  }
}

/** FLOOR(x TO unit). */
function toUnit(cursor: Cursor, out: Rewritten): MadeForm {
  if (cursor.is(')')) return {}
  cursor.rules.sequence(cursor, out)
  while (cursor.is(',')) comma(cursor, out)
  if (cursor.is('TO')) {
    out.word(',', cursor.advance())
    unit(cursor, out)
  }
  return {}
}

/** Each of the words stands for a comma, in this order; commas are fine as well. `form`: how it is
 *  written. `stops`: operators that are such words. */
function separatedBy(words: readonly string[], form: string, stops?: ReadonlySet<string>): Form {
  return (cursor, out, first) => {
    if (cursor.is(')')) return {}
    cursor.rules.sequence(cursor, out, stops)
    for (const word of words) {
      if (!cursor.is(word) && !cursor.is(',')) break
      comma(cursor, out)
    }
    if (!cursor.is(')') && !cursor.is(',')) {
      cursor.unexpected({ what: '"," or ")"', near: words, hint: `${first.key}(${form})` })
    }
    while (cursor.is(',')) comma(cursor, out)
    return {}
  }
}

const SIDES: Readonly<Record<string, string>> = {
  BOTH: 'TRIM',
  LEADING: 'LTRIM',
  TRAILING: 'RTRIM',
}

/** TRIM(s), TRIM(BOTH 'x' FROM s), TRIM(LEADING FROM s): TRIM, LTRIM or RTRIM (text,
 *  characters). */
function trim(cursor: Cursor, out: Rewritten): MadeForm {
  if (cursor.is(')')) return {}
  const hasSide = cursor.token.kind === 'word' && Object.hasOwn(SIDES, cursor.key)
  const isSide = hasSide && cursor.peek().key !== ')' && cursor.peek().key !== ','
  const name = isSide ? SIDES[cursor.advance().key] : undefined
  if (cursor.accept('FROM')) {
    cursor.rules.sequence(cursor, out)
    return { name }
  }
  cursor.rules.sequence(cursor, out)
  if (cursor.is('FROM')) {
    comma(cursor, out)
    return { name: name ?? 'TRIM', arrange: ([characters, text]) => [text, characters] }
  }
  while (cursor.is(',')) comma(cursor, out)
  return { name }
}

function pairs(cursor: Cursor, out: Rewritten): MadeForm {
  jsonPairs(cursor, out)
  return {}
}
