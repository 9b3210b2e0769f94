/** LIKE, ILIKE, SIMILAR TO and regular expressions. Constant patterns are analysed once. */

import type { Span } from '../../base/errors.ts'
import { BOOLEAN, VARCHAR } from '../../batch/types.ts'
import { literalText } from '../coerce.ts'
import { scalar } from '../emitted.ts'
import {
  type Apply,
  type Emit,
  type PlainFunction,
  type ScalarFunction,
  total,
} from '../function.ts'
import type { CallExpr } from '../ir.ts'
import { text } from '../literal.ts'
import type { Regex } from '../regex/regex.ts'
import { compileLike, compileSimilar, escapeOf } from '../text-pattern.ts'
import { lastOf } from './last.ts'
import { likePiece } from './like-code.ts'
import { regexps, testCode } from './regexp.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'pattern', nulls: 'strict' } as const

type MakeRegex = (pattern: string, mark: string | undefined, at: Span | undefined) => Regex

/** The matcher if pattern and escape are constants. */
function fixedRegex(make: MakeRegex, { args, at }: CallExpr): Regex | undefined {
  const [, pattern, mark] = args
  const fixed = literalText(pattern)
  const fixedMark = mark === undefined ? undefined : literalText(mark)
  if (fixed === undefined || (mark !== undefined && fixedMark === undefined)) return undefined
  return make(fixed, fixedMark, pattern.at ?? at)
}

function matcher(make: MakeRegex, call: CallExpr): Apply {
  const fixed = fixedRegex(make, call)
  if (fixed !== undefined) return (value: string) => fixed.testText(value)
  const regexOf = lastOf((p: string, e: string | undefined) => make(p, e, call.at))
  return (value: string, p: string, e?: string) => regexOf(p, e).testText(value)
}

/** On bytes, without making a string. */
const matcherEmit = (make: MakeRegex): Emit =>
  total((args, code, call) => {
    const simple = call.name === 'LIKE' ? likePiece(args, code, call) : undefined
    if (simple !== undefined) return simple
    const slice = code.asSlice(args[0])
    const regex = fixedRegex(make, call)
    return slice && regex && scalar(testCode(regex, slice, code))
  })

const signature = oneOf([[VARCHAR, VARCHAR], BOOLEAN], [[VARCHAR, VARCHAR, VARCHAR], BOOLEAN])

function patternEntry(
  name: string,
  doc: string,
  make: MakeRegex,
  examples: PlainFunction['examples'],
  syntax: string,
): PlainFunction {
  return {
    ...plain,
    name,
    doc,
    syntax: [syntax],
    examples,
    resolve(args) {
      const [, , mark] = args
      if (mark !== undefined) escapeOf(literalText(mark), mark.at)
      return signature(args)
    },
    evaluate: (call) => matcher(make, call),
    emit: matcherEmit(make),
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
  ...regexps,
]
