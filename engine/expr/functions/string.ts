/** Text functions. Lengths and positions count characters (code points) from 1. Case follows
 *  Unicode, without regard to a language. */

import { fail } from '../../base/errors.ts'
import { BOOLEAN, BYTES, INT, VARCHAR } from '../../batch/types.ts'
import { type Slice, scalar } from '../emitted.ts'
import { type PlainFunction, type ScalarFunction, total } from '../function.ts'
import type { Value } from '../ir.ts'
import { int, nullLiteral, text } from '../literal.ts'
import { characterLength, countCharacters } from '../utf8.ts'
import { manyOf, oneOf } from './signature.ts'
import { substringPiece, trimPiece } from './string-code.ts'

const plain = { family: 'string', nulls: 'strict' } as const

/** The text's characters. */
const characters = (value: string): readonly string[] => Array.from(value)

/** Longest text a function makes; what is longer is OUT_OF_RANGE, so that no row eats the memory. */
export const TEXT_LENGTH_MAX = 16 * 1024 * 1024

function limited(length: number, at: Parameters<PlainFunction['evaluate']>[0]['at']): void {
  if (length <= TEXT_LENGTH_MAX) return
  fail('OUT_OF_RANGE', `The text would be longer than ${TEXT_LENGTH_MAX} characters`, { at })
}

const mapped = (
  name: string,
  doc: string,
  apply: (value: string) => string,
  example: [string, string],
  aliases: readonly string[] = [],
): PlainFunction => ({
  ...plain,
  name,
  aliases,
  doc,
  syntax: [`${name}(text)`],
  examples: [{ args: [text(example[0])], result: example[1] }],
  resolve: oneOf([[VARCHAR], VARCHAR]),
  evaluate: () => apply,
})

const charLength: PlainFunction = {
  ...plain,
  name: 'CHAR_LENGTH',
  aliases: ['CHARACTER_LENGTH', 'LENGTH'],
  doc: 'The number of characters.',
  syntax: ['CHAR_LENGTH(text)'],
  examples: [{ args: [text('héllo 👋')], result: '7' }],
  resolve: oneOf([[VARCHAR], INT]),
  evaluate: () => characterLength,
  emit: total(([value], code) => {
    const slice = code.asSlice(value)
    if (slice === undefined) return undefined
    const count = code.bind(countCharacters, 'countCharacters')
    return scalar(`${count}(${slice.heap}, ${slice.start}, ${slice.end})`)
  }),
}

const octetLength: PlainFunction = {
  ...plain,
  name: 'OCTET_LENGTH',
  doc: 'The number of bytes; of a text, in UTF-8.',
  syntax: ['OCTET_LENGTH(text)', 'OCTET_LENGTH(bytes)'],
  examples: [{ args: [text('é')], result: '2' }],
  resolve: oneOf([[VARCHAR], INT], [[BYTES], INT]),
  evaluate: () => (value: string | Uint8Array) => Buffer.byteLength(value),
  emit: total(([value], code) => {
    const slice: Slice | undefined = code.asSlice(value)
    return slice === undefined ? undefined : scalar(`${slice.end} - ${slice.start}`)
  }),
}

/** Flink's SUBSTRING: 0 is as 1, a negative start counts from the end. */
function substring(value: string, start: number, length = Number.POSITIVE_INFINITY): string {
  const all = characters(value)
  const from = start > 0 ? start - 1 : start === 0 ? 0 : all.length + start
  if (from < 0 || length <= 0) return ''
  return all.slice(from, from + length).join('')
}

const substringEntry: PlainFunction = {
  ...plain,
  name: 'SUBSTRING',
  aliases: ['SUBSTR'],
  doc: 'The part of the text from a position on, of a length or to the end. Positions count from 1, negative ones from the end.',
  syntax: ['SUBSTRING(text FROM start [FOR length])', 'SUBSTRING(text, start[, length])'],
  examples: [
    { args: [text('streaming'), int(1), int(6)], result: 'stream' },
    { args: [text('streaming'), int(-3)], result: 'ing' },
  ],
  resolve: oneOf([[VARCHAR, INT], VARCHAR], [[VARCHAR, INT, INT], VARCHAR]),
  evaluate: () => substring,
  emit: total(substringPiece),
}

const left: PlainFunction = {
  ...plain,
  name: 'LEFT',
  doc: 'The first characters; none if the length is not positive.',
  syntax: ['LEFT(text, length)'],
  examples: [{ args: [text('stream'), int(2)], result: 'st' }],
  resolve: oneOf([[VARCHAR, INT], VARCHAR]),
  evaluate: () => (value: string, length: number) => substring(value, 1, length),
}

const right: PlainFunction = {
  ...plain,
  name: 'RIGHT',
  doc: 'The last characters; none if the length is not positive.',
  syntax: ['RIGHT(text, length)'],
  examples: [{ args: [text('stream'), int(2)], result: 'am' }],
  resolve: oneOf([[VARCHAR, INT], VARCHAR]),
  evaluate: () => (value: string, length: number) =>
    length <= 0 ? '' : characters(value).slice(-length).join(''),
}

/** TRIM and its one-sided forms: of spaces, or of any of the characters given. */
function trim(
  name: string,
  sides: 'both' | 'left' | 'right',
  example: string,
  aliases: readonly string[] = [],
): PlainFunction {
  return {
    ...plain,
    name,
    aliases,
    doc: `The text without spaces, or without the given characters, ${sides === 'both' ? 'at both ends' : `at its ${sides === 'left' ? 'beginning' : 'end'}`}.`,
    syntax: [`${name}(text)`, `${name}(text, characters)`],
    examples: [
      { args: [text('  ab  ')], result: example },
      { args: [text('xxabxx'), text('x')], result: example.replaceAll(' ', 'x') },
    ],
    resolve: oneOf([[VARCHAR], VARCHAR], [[VARCHAR, VARCHAR], VARCHAR]),
    evaluate:
      () =>
      (value: string, cut = ' ') => {
        const unwanted = new Set(characters(cut))
        const all = characters(value)
        let from = 0
        let to = all.length
        if (sides !== 'right') while (from < to && unwanted.has(all[from])) from++
        if (sides !== 'left') while (to > from && unwanted.has(all[to - 1])) to--
        return all.slice(from, to).join('')
      },
    emit: total((args, code) => trimPiece(args, code, sides)),
  }
}

const concat: PlainFunction = {
  ...plain,
  name: 'CONCAT',
  aliases: ['||'],
  doc: 'The texts one after another; NULL if one of them is NULL.',
  syntax: ['a || b', 'CONCAT(a, b, …)'],
  examples: [
    { args: [text('stream'), text('ing')], result: 'streaming' },
    { args: [text('a'), nullLiteral()], result: 'NULL' },
  ],
  resolve: manyOf(VARCHAR, VARCHAR, 1),
  evaluate:
    ({ at }) =>
    (...parts: string[]) => {
      const joined = parts.join('')
      limited(joined.length, at)
      return joined
    },
}

const concatWs: PlainFunction = {
  family: 'string',
  nulls: 'custom',
  name: 'CONCAT_WS',
  doc: 'The texts that are not NULL, with a separator between them; NULL if the separator is.',
  syntax: ['CONCAT_WS(separator, a, b, …)'],
  examples: [{ args: [text('-'), text('a'), nullLiteral(), text('b')], result: 'a-b' }],
  resolve: manyOf(VARCHAR, VARCHAR, 1),
  nullable: 'always',
  evaluate:
    ({ at }) =>
    (separator: string | null, ...parts: Value[]) => {
      if (separator === null) return null
      const joined = parts.filter((part) => part !== null).join(separator)
      limited(joined.length, at)
      return joined
    },
}

const replace: PlainFunction = {
  ...plain,
  name: 'REPLACE',
  doc: 'The text with every occurrence of another replaced.',
  syntax: ['REPLACE(text, search, replacement)'],
  examples: [{ args: [text('a-b-c'), text('-'), text('+')], result: 'a+b+c' }],
  resolve: oneOf([[VARCHAR, VARCHAR, VARCHAR], VARCHAR]),
  evaluate:
    ({ at }) =>
    (value: string, search: string, replacement: string) => {
      if (search === '') return value
      const parts = value.split(search)
      limited(value.length + (parts.length - 1) * (replacement.length - search.length), at)
      return parts.join(replacement)
    },
}

/** Where `search` first stands in `value`, in characters from 1; 0 if it does not. */
function positionOf(search: string, value: string, from = 1): number {
  if (from < 1) return 0
  const start =
    from === 1
      ? 0
      : characters(value)
          .slice(0, from - 1)
          .join('').length
  if (start === value.length && from > characterLength(value) + 1) return 0
  const index = value.indexOf(search, start)
  return index < 0 ? 0 : characterLength(value.slice(0, index)) + 1
}

const position: PlainFunction = {
  ...plain,
  name: 'POSITION',
  aliases: ['LOCATE'],
  doc: 'Where a text first stands in another, from a position on; counted from 1, and 0 if it does not.',
  syntax: ['POSITION(search IN text)', 'LOCATE(search, text[, start])'],
  examples: [
    { args: [text('an'), text('banana')], result: '2' },
    { args: [text('an'), text('banana'), int(3)], result: '4' },
    { args: [text('x'), text('banana')], result: '0' },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR], INT], [[VARCHAR, VARCHAR, INT], INT]),
  evaluate: () => positionOf,
}

const instr: PlainFunction = {
  ...plain,
  name: 'INSTR',
  doc: 'POSITION with the arguments the other way round.',
  syntax: ['INSTR(text, search)'],
  examples: [{ args: [text('banana'), text('an')], result: '2' }],
  resolve: oneOf([[VARCHAR, VARCHAR], INT]),
  evaluate: () => (value: string, search: string) => positionOf(search, value),
}

/** LPAD and RPAD: to an exact length; what is too long is cut at its end. */
const pad = (name: string, atStart: boolean, example: string): PlainFunction => ({
  ...plain,
  name,
  doc: `The text made exactly as long as wanted: filled at its ${atStart ? 'beginning' : 'end'} or cut at its end. NULL for a negative length or nothing to fill with.`,
  syntax: [`${name}(text, length)`, `${name}(text, length, fill)`],
  examples: [
    { args: [text('7'), int(3), text('0')], result: example },
    { args: [text('stream'), int(2), text('x')], result: 'st' },
  ],
  resolve: oneOf([[VARCHAR, INT], VARCHAR], [[VARCHAR, INT, VARCHAR], VARCHAR]),
  nullable: 'always',
  evaluate:
    ({ at }) =>
    (value: string, length: number, fill = ' ') => {
      if (length < 0) return null
      limited(length, at)
      const all = characters(value)
      if (all.length >= length) return all.slice(0, length).join('')
      if (fill === '') return null
      const filler = characters(fill)
      const missing = Array.from(
        { length: length - all.length },
        (_, i) => filler[i % filler.length],
      )
      return (atStart ? [...missing, ...all] : [...all, ...missing]).join('')
    },
})

const repeat: PlainFunction = {
  ...plain,
  name: 'REPEAT',
  doc: 'The text repeated; empty if the count is not positive.',
  syntax: ['REPEAT(text, count)'],
  examples: [{ args: [text('ab'), int(3)], result: 'ababab' }],
  resolve: oneOf([[VARCHAR, INT], VARCHAR]),
  evaluate:
    ({ at }) =>
    (value: string, count: number) => {
      limited(value.length * Math.max(count, 0), at)
      return value.repeat(Math.max(count, 0))
    },
}

const splitIndex: PlainFunction = {
  ...plain,
  name: 'SPLIT_INDEX',
  doc: 'The part number index (from 0) of a text split at a separator; NULL if there is none.',
  syntax: ['SPLIT_INDEX(text, separator, index)'],
  examples: [
    { args: [text('a,b,c'), text(','), int(1)], result: 'b' },
    { args: [text('a,b,c'), text(','), int(3)], result: 'NULL' },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR, INT], VARCHAR]),
  nullable: 'always',
  evaluate: () => (value: string, separator: string, index: number) => {
    if (index < 0) return null
    return (separator === '' ? [value] : value.split(separator))[index] ?? null
  },
}

const splitPart: PlainFunction = {
  ...plain,
  name: 'SPLIT_PART',
  doc: 'The part number n (from 1; negative: from the end) of a text split at a separator; empty if there is none.',
  syntax: ['SPLIT_PART(text, separator, n)'],
  examples: [{ args: [text('a,b,c'), text(','), int(-1)], result: 'c' }],
  resolve: oneOf([[VARCHAR, VARCHAR, INT], VARCHAR]),
  evaluate: () => (value: string, separator: string, n: number) => {
    const parts = separator === '' ? [value] : value.split(separator)
    return parts[n > 0 ? n - 1 : n < 0 ? parts.length + n : -1] ?? ''
  },
}

const edge = (name: 'STARTSWITH' | 'ENDSWITH', example: string): PlainFunction => ({
  ...plain,
  name,
  aliases: [name.replace('SWITH', 'S_WITH')],
  doc: `Whether the text ${name === 'STARTSWITH' ? 'begins' : 'ends'} with another.`,
  syntax: [`${name}(text, other)`],
  examples: [{ args: [text('streaming'), text(example)], result: 'TRUE' }],
  resolve: oneOf([[VARCHAR, VARCHAR], BOOLEAN]),
  evaluate: () =>
    name === 'STARTSWITH'
      ? (value: string, other: string) => value.startsWith(other)
      : (value: string, other: string) => value.endsWith(other),
})

const ascii: PlainFunction = {
  ...plain,
  name: 'ASCII',
  doc: 'The code point of the first character; 0 for an empty text.',
  syntax: ['ASCII(text)'],
  examples: [{ args: [text('a')], result: '97' }],
  resolve: oneOf([[VARCHAR], INT]),
  evaluate: () => (value: string) => value.codePointAt(0) ?? 0,
}

const chr: PlainFunction = {
  ...plain,
  name: 'CHR',
  doc: 'The character of a code point from 1 to 0x10FFFF; NULL for any other number.',
  syntax: ['CHR(code)'],
  examples: [{ args: [int(97)], result: 'a' }],
  resolve: oneOf([[INT], VARCHAR]),
  nullable: 'always',
  evaluate: () => (code: number) => {
    const valid = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
    return valid ? String.fromCodePoint(code) : null
  },
}

const initcap = (value: string): string =>
  value.toLowerCase().replace(/[\p{L}\p{N}]+/gu, (word) => {
    const [first] = word
    return first.toUpperCase() + word.slice(first.length)
  })

export const string: readonly ScalarFunction[] = [
  mapped(
    'UPPER',
    'The text in upper case.',
    (value) => value.toUpperCase(),
    ['Straße', 'STRASSE'],
    ['UCASE'],
  ),
  mapped(
    'LOWER',
    'The text in lower case.',
    (value) => value.toLowerCase(),
    ['ÀB', 'àb'],
    ['LCASE'],
  ),
  mapped(
    'INITCAP',
    'Every word with its first letter in upper case and the rest in lower case.',
    initcap,
    ['hello WORLD', 'Hello World'],
  ),
  mapped(
    'REVERSE',
    'The characters in reverse order.',
    (value) => characters(value).toReversed().join(''),
    ['abc👋', '👋cba'],
  ),
  charLength,
  octetLength,
  substringEntry,
  left,
  right,
  trim('TRIM', 'both', 'ab', ['BTRIM']),
  trim('LTRIM', 'left', 'ab  '),
  trim('RTRIM', 'right', '  ab'),
  concat,
  concatWs,
  replace,
  position,
  instr,
  pad('LPAD', true, '007'),
  pad('RPAD', false, '700'),
  repeat,
  splitIndex,
  splitPart,
  edge('STARTSWITH', 'str'),
  edge('ENDSWITH', 'ing'),
  ascii,
  chr,
]
