/** REGEXP and the functions that search, take out and replace by regular expression. They work on
 *  UTF-8 bytes in linear time; constant patterns are compiled once. */

import type { Span } from '../../base/errors.ts'
import { BOOLEAN, INT, VARCHAR } from '../../batch/types.ts'
import type { LoopCode } from '../codegen.ts'
import { literalInteger, literalText } from '../coerce.ts'
import { type Emitted, type Slice, scalar } from '../emitted.ts'
import { guarded, type PlainFunction, type ScalarFunction, total } from '../function.ts'
import type { CallExpr, Expr } from '../ir.ts'
import { int, text } from '../literal.ts'
import { compileRegex, type Regex, replaceAll } from '../regex/regex.ts'
import { countCharacters, decodeText, encodeText } from '../utf8.ts'
import { lastOf } from './last.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'pattern', nulls: 'strict' } as const

/** The regular expression of an argument; a constant is compiled once. */
function regexOf(arg: Expr, at: Span | undefined): (pattern: string) => Regex {
  const regex = fixedRegex(arg, at)
  if (regex !== undefined) return () => regex
  return lastOf((pattern: string) => compileRegex(pattern, at))
}

function fixedRegex(arg: Expr, at: Span | undefined): Regex | undefined {
  const fixed = literalText(arg)
  return fixed === undefined ? undefined : compileRegex(fixed, arg.at ?? at)
}

/** JavaScript that tests a slice. */
export function testCode(regex: Regex, { heap, start, end }: Slice, code: LoopCode): string {
  return `${code.bind(regex, 'regex')}.test(${heap}, ${start}, ${end})`
}

const regexp: PlainFunction = {
  ...plain,
  name: 'REGEXP',
  aliases: ['REGEXP_LIKE', 'RLIKE', 'REGEXP_MATCHES'],
  doc: 'Whether a part of the text matches a regular expression. Look-around and back references are refused, so that matching takes time linear in the text.',
  syntax: ['REGEXP(text, regex)', 'text REGEXP regex', 'text RLIKE regex'],
  examples: [
    { args: [text('flight 123'), text('[0-9]+')], result: 'TRUE' },
    { args: [text('flight'), text('^[0-9]+$')], result: 'FALSE' },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR], BOOLEAN]),
  evaluate({ args, at }) {
    const regex = regexOf(args[1], at)
    return (value: string, pattern: string) => regex(pattern).testText(value)
  },
  emit: total(([value], code, { args, at }) => {
    const slice = code.asSlice(value)
    const regex = fixedRegex(args[1], at)
    return slice && regex && scalar(testCode(regex, slice, code))
  }),
}

/** Finds a group of the first match in bytes. */
class Extractor {
  start = 0
  end = 0
  readonly #regex: Regex
  readonly #group: number

  constructor(regex: Regex, group: number) {
    this.#regex = regex
    this.#group = group
  }

  /** True if it is there: from `start` to `end`. */
  find(bytes: Uint8Array, from: number, to: number): boolean {
    const group = this.#group
    if (group < 0 || group > this.#regex.groupCount) return false
    const found = this.#regex.match(bytes, from, to)
    if (found === undefined || found[2 * group] < 0) return false
    this.start = found[2 * group]
    this.end = found[2 * group + 1]
    return true
  }
}

function extractText(regex: Regex, value: string, group: number): string | null {
  const bytes = encodeText(value)
  const extractor = new Extractor(regex, group)
  if (!extractor.find(bytes, 0, bytes.length)) return null
  return decodeText(bytes, extractor.start, extractor.end)
}

/** A part of the bytes that are there already. */
function extractPiece(
  [value]: readonly Emitted[],
  code: LoopCode,
  { args, at }: CallExpr,
): Emitted | undefined {
  const group = args[2] === undefined ? 0n : literalInteger(args[2])
  const regex = fixedRegex(args[1], at)
  const slice = code.asSlice(value)
  if (slice === undefined || regex === undefined || group === undefined) return undefined
  const extractor = code.bind(new Extractor(regex, Number(group)), 'extractor')
  const { heap } = slice
  const isNull = code.constant('n', `!${extractor}.find(${heap}, ${slice.start}, ${slice.end})`)
  const start = code.constant('s', `${isNull} ? 0 : ${extractor}.start`)
  const end = code.constant('e', `${isNull} ? 0 : ${extractor}.end`)
  return { form: 'slice', heap, start, end, isNull }
}

const regexpExtract: PlainFunction = {
  ...plain,
  name: 'REGEXP_EXTRACT',
  aliases: ['REGEXP_SUBSTR'],
  doc: 'What a group (default 0: all) of a regular expression matched first; NULL if nothing did.',
  syntax: ['REGEXP_EXTRACT(text, regex[, group])', 'REGEXP_SUBSTR(text, regex)'],
  examples: [
    { args: [text('flight 123'), text('([a-z]+) ([0-9]+)'), int(2)], result: '123' },
    { args: [text('flight'), text('[0-9]+')], result: 'NULL' },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR], VARCHAR], [[VARCHAR, VARCHAR, INT], VARCHAR]),
  nullable: 'always',
  evaluate({ args, at }) {
    const regex = regexOf(args[1], at)
    return (value: string, pattern: string, group = 0) => extractText(regex(pattern), value, group)
  },
  emit: guarded(extractPiece),
}

const regexpExtractAll: PlainFunction = {
  ...plain,
  name: 'REGEXP_EXTRACT_ALL',
  doc: 'What a group (default 1 if there is one, else all) of a regular expression matched, for every match, as an array.',
  syntax: ['REGEXP_EXTRACT_ALL(text, regex[, group])'],
  examples: [
    { args: [text('a1 a22 c'), text('a([0-9]+)')], result: '[1, 22]' },
    { args: [text('a1 a22 c'), text('([a-z])[0-9]*'), int(0)], result: '[a1, a22, c]' },
  ],
  resolve: oneOf(
    [[VARCHAR, VARCHAR], { kind: 'array', element: VARCHAR }],
    [[VARCHAR, VARCHAR, INT], { kind: 'array', element: VARCHAR }],
  ),
  nullable: 'always',
  evaluate({ args, at }) {
    const regexAt = regexOf(args[1], at)
    return (value: string, pattern: string, wanted?: number) => {
      const regex = regexAt(pattern)
      const group = wanted ?? Math.min(regex.groupCount, 1)
      if (group < 0 || group > regex.groupCount) return null
      const bytes = encodeText(value)
      const parts: (string | null)[] = []
      for (const found of regex.matches(bytes, 0, bytes.length)) {
        const [start, end] = [found[2 * group], found[2 * group + 1]]
        parts.push(start < 0 ? null : decodeText(bytes, start, end))
      }
      return parts
    }
  },
}

const regexpReplace: PlainFunction = {
  ...plain,
  name: 'REGEXP_REPLACE',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how the reference is written.
  doc: 'The text with every match of a regular expression replaced; $1 or ${name} stands for a group, $0 for the match.',
  syntax: ['REGEXP_REPLACE(text, regex, replacement)'],
  examples: [
    { args: [text('a1b22'), text('[0-9]+'), text('#')], result: 'a#b#' },
    { args: [text('Doe, Jane'), text('(\\w+), (\\w+)'), text('$2 $1')], result: 'Jane Doe' },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR, VARCHAR], VARCHAR]),
  evaluate({ args, at }) {
    const regex = regexOf(args[1], at)
    return (value: string, pattern: string, replacement: string) =>
      replaceAll(regex(pattern), value, replacement, at)
  },
}

const regexpCount: PlainFunction = {
  ...plain,
  name: 'REGEXP_COUNT',
  doc: 'How often a regular expression matches in the text.',
  syntax: ['REGEXP_COUNT(text, regex)'],
  examples: [{ args: [text('a1b22'), text('[0-9]')], result: '3' }],
  resolve: oneOf([[VARCHAR, VARCHAR], INT]),
  evaluate({ args, at }) {
    const regex = regexOf(args[1], at)
    return (value: string, pattern: string) => {
      const bytes = encodeText(value)
      let count = 0
      for (const _ of regex(pattern).matches(bytes, 0, bytes.length)) count++
      return count
    }
  },
}

const regexpInstr: PlainFunction = {
  ...plain,
  name: 'REGEXP_INSTR',
  doc: 'Where a regular expression first matches, in characters from 1; 0 if it does not.',
  syntax: ['REGEXP_INSTR(text, regex)'],
  examples: [{ args: [text('über 12'), text('[0-9]')], result: '6' }],
  resolve: oneOf([[VARCHAR, VARCHAR], INT]),
  evaluate({ args, at }) {
    const regex = regexOf(args[1], at)
    return (value: string, pattern: string) => {
      const bytes = encodeText(value)
      const found = regex(pattern).match(bytes, 0, bytes.length)
      return found === undefined ? 0 : countCharacters(bytes, 0, found[0]) + 1
    }
  },
}

export const regexps: readonly ScalarFunction[] = [
  regexp,
  regexpExtract,
  regexpExtractAll,
  regexpReplace,
  regexpCount,
  regexpInstr,
]
