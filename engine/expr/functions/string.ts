/** Text functions. Lengths and positions count characters (code points) from 1. Case follows
 *  Unicode, without regard to a language. */

import { BYTES, INT, VARCHAR } from '../../batch/types.ts'
import { type Slice, scalar } from '../emitted.ts'
import { type PlainFunction, type ScalarFunction, total } from '../function.ts'
import type { Value } from '../ir.ts'
import { int, nullLiteral, text } from '../literal.ts'
import { limitText } from '../text-limit.ts'
import { characterLength, characters, countCharacters } from '../utf8.ts'
import { manyOf, oneOf } from './signature.ts'
import { stringParts } from './string-part.ts'

const plain = { family: 'string', nulls: 'strict' } as const

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
      limitText(joined.length, at)
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
      limitText(joined.length, at)
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
      limitText(value.length + (parts.length - 1) * (replacement.length - search.length), at)
      return parts.join(replacement)
    },
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
      limitText(length, at)
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
      limitText(value.length * Math.max(count, 0), at)
      return value.repeat(Math.max(count, 0))
    },
}

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
  ...stringParts,
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
  concat,
  concatWs,
  replace,
  pad('LPAD', true, '007'),
  pad('RPAD', false, '700'),
  repeat,
  ascii,
  chr,
]
