/** Changing and comparing texts: TRANSLATE, OVERLAY, PRINTF, distances, and tests of characters. */

import { BOOLEAN, INT, VARCHAR } from '../../batch/types.ts'
import { formatValue } from '../cast.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { Value } from '../ir.ts'
import { double, int, text } from '../literal.ts'
import { limitText } from '../text-limit.ts'
import { characters } from '../utf8.ts'
import { printf } from './printf.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'string', nulls: 'strict' } as const

const translate: PlainFunction = {
  ...plain,
  name: 'TRANSLATE',
  doc: 'The text with each character of `from` as the one at the same place of `to`, or left out if there is none.',
  syntax: ['TRANSLATE(text, from, to)'],
  examples: [{ args: [text('a-b_c'), text('-_'), text('+')], result: 'a+bc' }],
  resolve: oneOf([[VARCHAR, VARCHAR, VARCHAR], VARCHAR]),
  evaluate: () => (value: string, from: string, to: string) => {
    const replacements = characters(to)
    const table = new Map<string, string>()
    for (const [i, sign] of characters(from).entries()) {
      if (!table.has(sign)) table.set(sign, replacements[i] ?? '')
    }
    return characters(value)
      .map((sign) => table.get(sign) ?? sign)
      .join('')
  },
}

const overlay: PlainFunction = {
  ...plain,
  name: 'OVERLAY',
  doc: 'The text with a part replaced: from a position (from 1) on, as many characters as told, or as the replacement has. A position outside leaves the text as it is.',
  syntax: ['OVERLAY(text PLACING replacement FROM start [FOR length])'],
  examples: [
    { args: [text('xxxxxtest'), text('xxxx'), int(6)], result: 'xxxxxxxxx' },
    { args: [text('abcdef'), text('-'), int(2), int(3)], result: 'a-ef' },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR, INT], VARCHAR], [[VARCHAR, VARCHAR, INT, INT], VARCHAR]),
  evaluate: () => (value: string, part: string, start: number, length?: number) => {
    const all = characters(value)
    if (start < 1 || start > all.length) return value
    const count = length ?? characters(part).length
    const head = all.slice(0, start - 1).join('')
    return count < 0 ? head + part : head + part + all.slice(start - 1 + count).join('')
  },
}

const elt: PlainFunction = {
  ...plain,
  nulls: 'custom',
  name: 'ELT',
  doc: 'The text with that number, from 1; NULL if there is none.',
  syntax: ['ELT(n, a, b, …)'],
  examples: [{ args: [int(2), text('a'), text('b')], result: 'b' }],
  resolve: (args) =>
    args.length < 2
      ? undefined
      : { args: [INT, ...args.slice(1).map(() => VARCHAR)], type: VARCHAR },
  nullable: 'always',
  evaluate:
    () =>
    (n: number | null, ...texts: Value[]) =>
      n === null ? null : (texts[n - 1] ?? null),
}

const printfEntry: PlainFunction = {
  ...plain,
  name: 'PRINTF',
  aliases: ['FORMAT'],
  doc: 'The format with its fields filled in: %s any value, %d a whole number, %f %e a number, %x %X hexadecimal, %% a percent sign; between them, flags (- 0 + ,), a width and a precision. NULL if a field does not fit its value.',
  syntax: ['PRINTF(format, a, b, …)'],
  examples: [
    { args: [text('%s: %05.1f'), text('delay'), double(3.14)], result: 'delay: 003.1' },
    { args: [text('%,d'), int(1234567)], result: '1,234,567' },
  ],
  resolve: (args) =>
    args.length === 0
      ? undefined
      : { args: [VARCHAR, ...args.slice(1).map(({ type }) => type)], type: VARCHAR },
  nullable: 'always',
  evaluate: ({ args, at }) => {
    const types = args.slice(1).map(({ type }) => type)
    return (format: string, ...values: Value[]) => {
      const made = printf(
        format,
        values.map((value, i) => ({ value, text: formatValue(value, types[i]), type: types[i] })),
        at,
      )
      if (made !== null) limitText(made.length, at)
      return made
    }
  },
}

/** Longest texts whose distance is told: the work is their product. */
const DISTANCE_MAX = 1000

const levenshtein: PlainFunction = {
  ...plain,
  name: 'LEVENSHTEIN',
  doc: 'How many characters must be put in, taken out or changed to make one text the other; NULL for texts of more than 1000 characters.',
  syntax: ['LEVENSHTEIN(a, b)'],
  examples: [{ args: [text('kitten'), text('sitting')], result: '3' }],
  resolve: oneOf([[VARCHAR, VARCHAR], INT]),
  nullable: 'always',
  evaluate: () => (a: string, b: string) => {
    const [x, y] = [characters(a), characters(b)]
    if (x.length > DISTANCE_MAX || y.length > DISTANCE_MAX) return null
    let row = Array.from({ length: y.length + 1 }, (_, i) => i)
    for (const [i, sign] of x.entries()) {
      const next = [i + 1]
      for (let j = 0; j < y.length; j++) {
        const changed = row[j] + (sign === y[j] ? 0 : 1)
        next.push(Math.min(changed, row[j + 1] + 1, next[j] + 1))
      }
      row = next
    }
    return row[y.length]
  },
}

const isAll = (name: string, doc: string, pattern: RegExp, example: string): PlainFunction => ({
  ...plain,
  name,
  doc,
  syntax: [`${name}(text)`],
  examples: [{ args: [text(example)], result: 'TRUE' }],
  resolve: oneOf([[VARCHAR], BOOLEAN]),
  evaluate: () => (value: string) => pattern.test(value),
})

export const stringEdits: readonly ScalarFunction[] = [
  translate,
  overlay,
  elt,
  printfEntry,
  levenshtein,
  isAll('IS_ALPHA', 'Whether the text is one or more letters.', /^\p{L}+$/u, 'abc'),
  isAll('IS_DIGIT', 'Whether the text is one or more digits.', /^\p{Nd}+$/u, '123'),
  isAll(
    'IS_DECIMAL',
    'Whether the text is a decimal number.',
    /^\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*$/,
    '-1.50',
  ),
]
