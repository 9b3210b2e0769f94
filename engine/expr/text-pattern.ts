/** LIKE and SIMILAR TO patterns as regular expressions. */

import { fail, type Span, SqlError } from '../base/errors.ts'
import { ANY, one, withBothCases } from './regex/char-set.ts'
import { parsePattern } from './regex/parse.ts'
import { Regex } from './regex/regex.ts'
import type { Node } from './regex/syntax.ts'

/** A LIKE pattern in pieces: a literal text, any one character, or any text. */
export type LikePart = { readonly text: string } | 'one' | 'any'

/** The pieces of a LIKE pattern. `mark` (of ESCAPE) is one character; without it there is none.
 *  INVALID_ARGUMENT for an escape that is longer, or escapes nothing special. */
export function splitLike(
  pattern: string,
  mark: string | undefined,
  at: Span | undefined,
): LikePart[] {
  const escaped = escapeOf(mark, at)
  const parts: LikePart[] = []
  let run = ''
  const flush = () => {
    if (run !== '') parts.push({ text: run })
    run = ''
  }
  const characters = Array.from(pattern)
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]
    if (character === escaped) {
      const next = characters[++i]
      if (next !== '%' && next !== '_' && next !== escaped) badEscape(pattern, at)
      run += next
    } else if (character === '%') {
      flush()
      if (parts.at(-1) !== 'any') parts.push('any')
    } else if (character === '_') {
      flush()
      parts.push('one')
    } else run += character
  }
  flush()
  return parts
}

/** The escape character. INVALID_ARGUMENT if it is not one character. */
export function escapeOf(mark: string | undefined, at: Span | undefined): string | undefined {
  if (mark === undefined || Array.from(mark).length === 1) return mark
  return fail('INVALID_ARGUMENT', `ESCAPE wants one character, not '${mark}'`, { at })
}

function badEscape(pattern: string, at: Span | undefined): never {
  fail(
    'INVALID_ARGUMENT',
    `The escape character must stand before %, _ or itself in '${pattern}'`,
    {
      at,
    },
  )
}

/** The matcher of a LIKE pattern, over the whole text. Errors as `splitLike` has them. */
export function compileLike(
  pattern: string,
  mark: string | undefined,
  ignoreCase: boolean,
  at: Span | undefined,
): Regex {
  const parts = splitLike(pattern, mark, at).flatMap((part): Node[] => {
    if (part === 'one') return [ANY_ONE]
    if (part === 'any') return [ANY_TEXT]
    return Array.from(part.text, (character): Node => {
      const set = one(character.codePointAt(0) as number)
      return { kind: 'set', set: ignoreCase ? withBothCases(set) : set }
    })
  })
  const root: Node = { kind: 'sequence', parts: [...parts, END] }
  return new Regex({ root, groupCount: 0, groupNames: new Map() }, at, true)
}

const ANY_ONE: Node = { kind: 'set', set: ANY }
const ANY_TEXT: Node = {
  kind: 'repeat',
  part: ANY_ONE,
  min: 0,
  max: Number.POSITIVE_INFINITY,
  lazy: false,
}
const END: Node = { kind: 'assert', assertion: 'end' }

const QUOTED = /[\\^$.|?*+()[\]{}/&-]/

const quote = (character: string): string => (QUOTED.test(character) ? `\\${character}` : character)

/** The matcher of a SIMILAR TO pattern, over the whole text. INVALID_ARGUMENT if it is none. */
export function compileSimilar(
  pattern: string,
  mark: string | undefined,
  at: Span | undefined,
): Regex {
  const escaped = escapeOf(mark, at)
  let source = ''
  let inClass = false
  const characters = Array.from(pattern)
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]
    if (character === escaped) {
      if (i + 1 === characters.length) badEscape(pattern, at)
      source += quote(characters[++i])
    } else if (inClass) {
      const named = character === '[' ? /^\[:\^?[a-z]+:\]/.exec(characters.slice(i).join('')) : null
      if (named !== null) {
        source += named[0]
        i += named[0].length - 1
        continue
      }
      if (character === ']') inClass = false
      source += '\\[&'.includes(character) ? `\\${character}` : character
    } else if (character === '[') {
      inClass = true
      source += '['
    } else source += similarUnit(character)
  }
  return new Regex(parsedSimilar(`(?s:${source})$`, pattern, at), at, true)
}

/** What is wrong is said of the pattern as it was written. */
function parsedSimilar(source: string, pattern: string, at: Span | undefined) {
  try {
    return parsePattern(source, at)
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== 'INVALID_ARGUMENT') throw error
    const [, what = 'it cannot be read'] = /: (.*) at character/.exec(error.message) ?? []
    const shown = pattern.length > 60 ? `${pattern.slice(0, 60)}…` : pattern
    return fail('INVALID_ARGUMENT', `Not a pattern of SIMILAR TO: ${what}, in '${shown}'`, { at })
  }
}

function similarUnit(character: string): string {
  if (character === '%') return '.*'
  if (character === '_') return '.'
  if (character === '(') return '(?:'
  return '|*+?{},)'.includes(character) ? character : quote(character)
}
