/** Regular expressions that run in linear time on UTF-8 bytes: no text and no pattern can hang the
 *  engine (law 7), which V8's backtracking would allow. */

import { fail, type Span } from '../../base/errors.ts'
import { limitText } from '../text-limit.ts'
import { decodeText, encodeText } from '../utf8.ts'
import { Captures } from './captures.ts'
import { Dfa } from './dfa.ts'
import { parsePattern } from './parse.ts'
import { makeProgram, type Program } from './program.ts'
import type { Pattern } from './syntax.ts'

const PATTERN_LENGTH_MAX = 10_000

/** Not for two texts at once: a match is read before the next is searched. */
export class Regex {
  readonly groupCount: number
  readonly groupNames: ReadonlyMap<string, number>
  readonly #program: Program
  readonly #at: Span | undefined
  readonly #dfa: Dfa | undefined
  #captures: Captures | undefined

  /** `whole`: the match has to begin where the text does (the pattern says how it ends). */
  constructor(pattern: Pattern, at: Span | undefined, whole = false) {
    this.groupCount = pattern.groupCount
    this.groupNames = pattern.groupNames
    this.#program = makeProgram(pattern, at)
    this.#at = at
    this.#dfa = this.#program.isPlain ? new Dfa(this.#program, whole, at) : undefined
  }

  /** Whether bytes[start, end) has a match. */
  test(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#dfa !== undefined) return this.#dfa.test(bytes, start, end)
    return this.#find(bytes, start, end)
  }

  /** Whether the text has a match. */
  testText(text: string): boolean {
    const bytes = encodeText(text)
    return this.test(bytes, 0, bytes.length)
  }

  #find(bytes: Uint8Array, start: number, end: number): boolean {
    const captures = this.#searcher()
    captures.begin()
    return captures.find(bytes, start, end, start)
  }

  #searcher(): Captures {
    this.#captures ??= new Captures(this.#program, this.#at)
    return this.#captures
  }

  /** The first match: positions [start, end) of the whole, then of each group (-1: not part of the
   *  match); undefined if there is none. Valid until the next search. */
  match(bytes: Uint8Array, start: number, end: number): Int32Array | undefined {
    // Most texts that do not match are found out faster.
    if (this.#dfa?.test(bytes, start, end) === false) return undefined
    return this.#find(bytes, start, end) ? this.#searcher().found : undefined
  }

  /** Every match from left to right, none over another, as `match` gives it. */
  *matches(bytes: Uint8Array, start: number, end: number): Generator<Int32Array> {
    const captures = this.#searcher()
    captures.begin()
    for (let from = start; from <= end; ) {
      if (!captures.find(bytes, start, end, from)) return
      const [first, last] = captures.found
      yield captures.found
      from = last > first ? last : afterCharacter(bytes, last, end)
    }
  }
}

/** The position behind the character at `at`; past the end if there is none. */
function afterCharacter(bytes: Uint8Array, at: number, end: number): number {
  let next = at + 1
  while (next < end && (bytes[next] & 0xc0) === 0x80) next++
  return next
}

/** A regular expression. INVALID_ARGUMENT if it is none, UNSUPPORTED for look-around and back
 *  references, LIMIT_EXCEEDED if it is too large. */
export function compileRegex(pattern: string, at: Span | undefined): Regex {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    fail('LIMIT_EXCEEDED', `A pattern has at most ${PATTERN_LENGTH_MAX} characters`, { at })
  }
  return new Regex(parsePattern(pattern, at), at)
}

/** The text with every match replaced. In the replacement $1 and ${name} stand for groups, $0 for
 *  the match; a backslash takes the meaning from what follows.
 *  OUT_OF_RANGE if the text becomes too long. */
export function replaceAll(
  regex: Regex,
  text: string,
  replacement: string,
  at: Span | undefined,
): string {
  const bytes = encodeText(text)
  const parts = splitReplacement(replacement, regex)
  let made = ''
  let from = 0
  for (const found of regex.matches(bytes, 0, bytes.length)) {
    made += decodeText(bytes, from, found[0])
    for (const part of parts) {
      if (typeof part === 'string') made += part
      else if (found[2 * part] >= 0) {
        made += decodeText(bytes, found[2 * part], found[2 * part + 1])
      }
    }
    from = found[1]
    limitText(made.length, at)
  }
  return from === 0 && made === '' ? text : made + decodeText(bytes, from, bytes.length)
}

const REFERENCE = /\$(?:(\d{1,3})|\{([A-Za-z]\w*)\})/y

/** Texts and group numbers. */
function splitReplacement(text: string, { groupCount, groupNames }: Regex): (string | number)[] {
  const parts: (string | number)[] = []
  let at = 0
  while (at < text.length) {
    REFERENCE.lastIndex = at
    const found = text[at] === '$' ? REFERENCE.exec(text) : null
    const named = found?.[2] === undefined ? undefined : groupNames.get(found[2])
    let digits = found?.[1] ?? ''
    // $12 is $1 and a 2 if there is no twelfth group.
    while (digits.length > 1 && Number(digits) > groupCount) digits = digits.slice(0, -1)
    if (named !== undefined) {
      parts.push(named)
      at += found?.[0].length ?? 1
    } else if (digits !== '' && Number(digits) <= groupCount) {
      parts.push(Number(digits))
      at += digits.length + 1
    } else {
      if (text[at] === '\\' && at + 1 < text.length) at++
      parts.push(text[at++])
    }
  }
  return parts
}
