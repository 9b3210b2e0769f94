/** The pattern languages: LIKE, SIMILAR TO and regular expressions, compiled to tests of a text. */

import { fail, type Span } from '../base/errors.ts'

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

function escapeOf(mark: string | undefined, at: Span | undefined): string | undefined {
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

/** Whether a text matches a LIKE pattern. */
export function compileLike(
  pattern: string,
  mark: string | undefined,
  ignoreCase: boolean,
  at: Span | undefined,
): (text: string) => boolean {
  const fold = ignoreCase ? (text: string) => text.toLowerCase() : (text: string) => text
  const parts = splitLike(pattern, mark, at).map((part) =>
    typeof part === 'string' ? part : { text: fold(part.text) },
  )
  const units = parts.flatMap((part): Unit[] =>
    typeof part === 'string' ? [part] : Array.from(part.text, (character) => ({ character })),
  )
  return (text) => matchUnits(units, Array.from(fold(text)))
}

type Unit = 'one' | 'any' | { readonly character: string }

/** Greedy matching that only ever goes back to the last %, so it takes O(pattern x text). */
function matchUnits(units: readonly Unit[], characters: readonly string[]): boolean {
  let u = 0
  let c = 0
  let lastAny = -1
  let lastStart = 0
  while (c < characters.length) {
    const unit = units[u]
    if (unit === 'any') {
      lastAny = u++
      lastStart = c
    } else if (unit === 'one' || (unit !== undefined && unit.character === characters[c])) {
      u++
      c++
    } else if (lastAny >= 0) {
      u = lastAny + 1
      c = ++lastStart
    } else return false
  }
  while (units[u] === 'any') u++
  return u === units.length
}

const QUOTED = /[\\^$.|?*+()[\]{}/-]/

const quote = (character: string): string => (QUOTED.test(character) ? `\\${character}` : character)

/** Whether a text matches a SIMILAR TO pattern. INVALID_ARGUMENT if it is none. */
export function compileSimilar(
  pattern: string,
  mark: string | undefined,
  at: Span | undefined,
): (text: string) => boolean {
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
      if (character === ']') inClass = false
      source += character === '\\' || character === '[' ? `\\${character}` : character
    } else if (character === '[') {
      inClass = true
      source += '['
    } else source += similarUnit(character)
  }
  const regex = makeRegex(`^(?:${source})$`, pattern, at)
  return (text) => regex.test(text)
}

function similarUnit(character: string): string {
  if (character === '%') return '[^]*'
  if (character === '_') return '[^]'
  return '|*+?{},()'.includes(character) ? character : quote(character)
}

/** A regular expression over characters. INVALID_ARGUMENT if it is none. */
export const compileRegex = (pattern: string, at: Span | undefined): RegExp =>
  makeRegex(pattern, pattern, at)

const PATTERN_LENGTH_MAX = 10_000

function makeRegex(source: string, pattern: string, at: Span | undefined): RegExp {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    fail('LIMIT_EXCEEDED', `A pattern has at most ${PATTERN_LENGTH_MAX} characters`, { at })
  }
  try {
    return new RegExp(source, 'u')
  } catch (cause) {
    return fail('INVALID_ARGUMENT', `Not a regular expression: '${pattern}'`, { at, cause })
  }
}
