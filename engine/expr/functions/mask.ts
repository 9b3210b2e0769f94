/** Masking: texts that keep their shape but not what they say. */

import { INT, VARCHAR } from '../../batch/types.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import { int, text } from '../literal.ts'
import { characters } from '../utf8.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'hashing', nulls: 'strict' } as const

const UPPER = /\p{Lu}|\p{Lt}/u
const LETTER = /\p{L}/u
const DIGIT = /\p{Nd}/u

const mask: PlainFunction = {
  ...plain,
  name: 'MASK',
  doc: 'The text with every upper-case letter as X, other letter as x and digit as n (or as the signs given); everything else stays.',
  syntax: ['MASK(text)', 'MASK(text, upper, lower, digit)'],
  examples: [
    { args: [text('Jane Doe, 42')], result: 'Xxxx Xxx, nn' },
    { args: [text('AB-12'), text('*'), text('*'), text('#')], result: '**-##' },
  ],
  resolve: oneOf([[VARCHAR], VARCHAR], [[VARCHAR, VARCHAR, VARCHAR, VARCHAR], VARCHAR]),
  evaluate:
    () =>
    (value: string, upper = 'X', lower = 'x', digit = 'n') =>
      characters(value)
        .map((sign) => {
          if (UPPER.test(sign)) return upper
          if (LETTER.test(sign)) return lower
          return DIGIT.test(sign) ? digit : sign
        })
        .join(''),
}

const edges = (
  name: string,
  doc: string,
  hides: (at: number, length: number, first: number, last: number) => boolean,
  result: string,
): PlainFunction => ({
  ...plain,
  name,
  doc,
  syntax: [`${name}(text, first, last[, sign])`],
  examples: [{ args: [text('4556737586899855'), int(2), int(4)], result }],
  resolve: oneOf([[VARCHAR, INT, INT], VARCHAR], [[VARCHAR, INT, INT, VARCHAR], VARCHAR]),
  evaluate:
    () =>
    (value: string, first: number, last: number, sign = 'X') => {
      const all = characters(value)
      return all.map((own, at) => (hides(at, all.length, first, last) ? sign : own)).join('')
    },
})

const email: PlainFunction = {
  ...plain,
  name: 'MASK_EMAIL',
  doc: 'An e-mail address with all but the first letter of its name hidden. A text that is none is hidden whole.',
  syntax: ['MASK_EMAIL(text)'],
  examples: [{ args: [text('jane.doe@example.org')], result: 'jXXXXXXX@example.org' }],
  resolve: oneOf([[VARCHAR], VARCHAR]),
  evaluate: () => (value: string) => {
    const at = value.lastIndexOf('@')
    const all = characters(at < 1 ? value : value.slice(0, at))
    const hidden = all.map((sign, i) => (i === 0 && at >= 1 ? sign : 'X')).join('')
    return at < 1 ? hidden : hidden + value.slice(at)
  },
}

export const masks: readonly ScalarFunction[] = [
  mask,
  edges(
    'MASK_INNER',
    'The text with everything but its first and last characters hidden.',
    (at, length, first, last) => at >= first && at < length - last,
    '45XXXXXXXXXX9855',
  ),
  edges(
    'MASK_OUTER',
    'The text with its first and last characters hidden.',
    (at, length, first, last) => at < first || at >= length - last,
    'XX5673758689XXXX',
  ),
  email,
]
