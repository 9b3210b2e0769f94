/** The escapes of patterns that stand for characters: \d \w \s, \n, \x41, \p{L}, quoted signs. */

import {
  type CharSet,
  CODE_MAX,
  DIGITS,
  negate,
  one,
  propertySet,
  SPACES,
  WORD,
} from './char-set.ts'
import type { PatternReader } from './pattern-reader.ts'

const SETS: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  D: negate(DIGITS),
  w: WORD,
  W: negate(WORD),
  s: SPACES,
  S: negate(SPACES),
  h: [9, 9, 32, 32, 0xa0, 0xa0],
  t: one(9),
  n: one(10),
  v: one(11),
  f: one(12),
  r: one(13),
  a: one(7),
  e: one(27),
}

/** The characters that the escape means; the reader is behind its backslash, which is at `from`.
 *  INVALID_ARGUMENT for a letter without a meaning. */
export function readEscape(reader: PatternReader, from: number): CharSet {
  const property = reader.match(/([pP])(?:\{\^?([\w=]+)\}|([A-Z]))/y)
  if (property !== undefined) {
    const name = property[2] ?? property[3]
    const set = propertySet(name)
    if (set === undefined) return reader.invalid(`an unknown property ${name}`, from)
    return (property[1] === 'P') !== property[0].includes('^') ? negate(set) : set
  }
  const hex = reader.match(/x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|[xu]\{([0-9A-Fa-f]{1,6})\}/y)
  if (hex !== undefined) {
    const code = Number.parseInt(hex[1] ?? hex[2] ?? hex[3], 16)
    return code <= CODE_MAX ? one(code) : reader.invalid('a code beyond 10FFFF', from)
  }
  const octal = reader.match(/0([0-7]{0,3})/y)
  if (octal !== undefined) return one(Number.parseInt(`0${octal[1]}`, 8))
  const code = reader.next()
  const letter = String.fromCodePoint(code)
  if (Object.hasOwn(SETS, letter)) return SETS[letter]
  return /[A-Za-z0-9]/.test(letter) ? reader.invalid(`\\${letter}`, from) : one(code)
}
