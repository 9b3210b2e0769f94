/** Parts of a text: by position, by separator, without its edges; and where a text stands in
 *  another. Positions count characters (code points) from 1. */

import { BOOLEAN, INT, VARCHAR } from '../../batch/types.ts'
import { type PlainFunction, type ScalarFunction, total } from '../function.ts'
import { int, text } from '../literal.ts'
import { characterLength, characters } from '../utf8.ts'
import { oneOf } from './signature.ts'
import { substringPiece, trimPiece } from './string-code.ts'

const plain = { family: 'string', nulls: 'strict' } as const

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

export const stringParts: readonly ScalarFunction[] = [
  substringEntry,
  left,
  right,
  trim('TRIM', 'both', 'ab', ['BTRIM']),
  trim('LTRIM', 'left', 'ab  '),
  trim('RTRIM', 'right', '  ab'),
  position,
  instr,
  splitIndex,
  splitPart,
  edge('STARTSWITH', 'str'),
  edge('ENDSWITH', 'ing'),
]
