/** LIKE, ILIKE, SIMILAR TO and regular expressions. Constant patterns are analysed once. */

import type { Span } from '../../base/errors.ts'
import { BOOLEAN, INT, VARCHAR } from '../../batch/types.ts'
import { literalText } from '../coerce.ts'
import { type Apply, type PlainFunction, type ScalarFunction, total } from '../function.ts'
import type { CallExpr, Expr } from '../ir.ts'
import { int, text } from '../literal.ts'
import { compileLike, compileRegex, compileSimilar } from '../text-pattern.ts'
import { likePiece } from './like-code.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'pattern', nulls: 'strict' } as const

type Test = (value: string) => boolean
type MakeTest = (pattern: string, mark: string | undefined, at: Span | undefined) => Test

/** Keeps the last pattern's test, for patterns that are not constant but rarely change. */
function lastOf<Key extends readonly unknown[], T>(make: (...key: Key) => T): (...key: Key) => T {
  let last: { key: Key; value: T } | undefined
  return (...key) => {
    if (last === undefined || key.some((part, i) => part !== last?.key[i])) {
      last = { key, value: make(...key) }
    }
    return last.value
  }
}

/** LIKE and its kin: the pattern and escape are usually constants. */
function matcher(make: MakeTest, { args, at }: CallExpr): Apply {
  const [, pattern, mark] = args
  const fixed = literalText(pattern)
  const fixedMark = mark === undefined ? undefined : literalText(mark)
  if (fixed !== undefined && (mark === undefined || fixedMark !== undefined)) {
    return make(fixed, fixedMark, pattern.at ?? at)
  }
  const testOf = lastOf((p: string, e: string | undefined) => make(p, e, at))
  return (value: string, p: string, e?: string) => testOf(p, e)(value)
}

function patternEntry(
  name: string,
  doc: string,
  make: MakeTest,
  examples: PlainFunction['examples'],
  syntax: string,
): PlainFunction {
  return {
    ...plain,
    name,
    doc,
    syntax: [syntax],
    examples,
    resolve: oneOf([[VARCHAR, VARCHAR], BOOLEAN], [[VARCHAR, VARCHAR, VARCHAR], BOOLEAN]),
    evaluate: (call) => matcher(make, call),
    ...(name === 'LIKE' ? { emit: total(likePiece) } : {}),
  }
}

const negated = (name: string): ScalarFunction => ({
  name: `NOT ${name}`,
  family: 'pattern',
  doc: `NOT (a ${name} b).`,
  syntax: [`a NOT ${name} pattern [ESCAPE e]`],
  examples: [{ args: [text('abc'), text('x%')], result: 'TRUE' }],
  nulls: 'macro',
  arity: [2, 3],
  expand: (args, { call }) => call('NOT', call(name, ...args)),
})

/** The regular expression of an argument; constants are compiled once. */
function regexOf(arg: Expr, at: Span | undefined): (pattern: string) => RegExp {
  const fixed = literalText(arg)
  if (fixed === undefined) return lastOf((pattern: string) => compileRegex(pattern, at))
  const regex = compileRegex(fixed, arg.at ?? at)
  return () => regex
}

const regexp: PlainFunction = {
  ...plain,
  name: 'REGEXP',
  aliases: ['RLIKE', 'REGEXP_LIKE'],
  doc: 'Whether a regular expression matches somewhere in the text.',
  syntax: ['REGEXP(text, regex)'],
  examples: [{ args: [text('flight 123'), text('[0-9]+$')], result: 'TRUE' }],
  resolve: oneOf([[VARCHAR, VARCHAR], BOOLEAN]),
  evaluate({ args, at }) {
    const regex = regexOf(args[1], at)
    return (value: string, pattern: string) => regex(pattern).test(value)
  },
}

const regexpExtract: PlainFunction = {
  ...plain,
  name: 'REGEXP_EXTRACT',
  doc: 'What a group (default 0: all) of a regular expression matched first; NULL if nothing did.',
  syntax: ['REGEXP_EXTRACT(text, regex[, group])'],
  examples: [
    { args: [text('flight 123'), text('([a-z]+) ([0-9]+)'), int(2)], result: '123' },
    { args: [text('flight'), text('[0-9]+')], result: 'NULL' },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR], VARCHAR], [[VARCHAR, VARCHAR, INT], VARCHAR]),
  nullable: 'always',
  evaluate({ args, at }) {
    const regex = regexOf(args[1], at)
    return (value: string, pattern: string, group = 0) =>
      (group < 0 ? undefined : regex(pattern).exec(value)?.[group]) ?? null
  },
}

const regexpReplace: PlainFunction = {
  ...plain,
  name: 'REGEXP_REPLACE',
  doc: 'The text with every match of a regular expression replaced; $1 stands for the first group.',
  syntax: ['REGEXP_REPLACE(text, regex, replacement)'],
  examples: [{ args: [text('a1b22'), text('[0-9]+'), text('#')], result: 'a#b#' }],
  resolve: oneOf([[VARCHAR, VARCHAR, VARCHAR], VARCHAR]),
  evaluate({ args, at }) {
    const regex = regexOf(args[1], at)
    return (value: string, pattern: string, replacement: string) => {
      const { source, flags } = regex(pattern)
      return value.replace(new RegExp(source, `${flags}g`), replacement)
    }
  },
}

export const pattern: readonly ScalarFunction[] = [
  patternEntry(
    'LIKE',
    'Whether the whole text matches the pattern: % is any text, _ one character. The character given by ESCAPE takes the meaning from the one behind it.',
    (p, e, at) => compileLike(p, e, false, at),
    [
      { args: [text('streaming'), text('str%')], result: 'TRUE' },
      { args: [text('10%'), text('10!%'), text('!')], result: 'TRUE' },
      { args: [text('abc'), text('a_')], result: 'FALSE' },
    ],
    'a LIKE pattern [ESCAPE e]',
  ),
  negated('LIKE'),
  patternEntry(
    'ILIKE',
    'LIKE without regard to case.',
    (p, e, at) => compileLike(p, e, true, at),
    [{ args: [text('Streaming'), text('STR%')], result: 'TRUE' }],
    'a ILIKE pattern [ESCAPE e]',
  ),
  negated('ILIKE'),
  patternEntry(
    'SIMILAR TO',
    "Whether the whole text matches an SQL regular expression: LIKE's % and _ with | * + ? {m,n} ( ) and [ ].",
    compileSimilar,
    [
      { args: [text('abcabc'), text('(abc)+')], result: 'TRUE' },
      { args: [text('abd'), text('ab(c|d)')], result: 'TRUE' },
    ],
    'a SIMILAR TO pattern [ESCAPE e]',
  ),
  negated('SIMILAR TO'),
  regexp,
  regexpExtract,
  regexpReplace,
]
