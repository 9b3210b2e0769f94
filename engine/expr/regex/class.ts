/** Character classes: [a-z_], [^0-9], [[:alpha:]], and unions of nested classes [a-z[0-9]]. */

import { type CharSet, negate, one, propertySet, union, withBothCases } from './char-set.ts'
import { readEscape } from './escape.ts'
import type { PatternReader } from './pattern-reader.ts'

const NESTED_MAX = 50

/** The set of a class whose [ is just behind. Both cases of it are added before a ^ turns it
 *  around. INVALID_ARGUMENT if it is not closed or a range runs backwards. */
export function parseClass(reader: PatternReader, ignoreCase: boolean, depth = 0): CharSet {
  const from = reader.at - 1
  if (depth > NESTED_MAX) reader.invalid('classes nested too deep', from)
  const negated = reader.accept('^')
  const sets: CharSet[] = []
  for (let first = true; ; first = false) {
    if (reader.atEnd) reader.invalid('a [ that is never closed', from)
    if (!first && reader.accept(']')) break
    if (reader.accept('&&')) reader.refuse('&& in a class', reader.at - 2, 'List the characters.')
    const part = member(reader, ignoreCase, depth)
    sets.push(isRange(reader) ? range(reader, part) : part)
  }
  const set = union(...sets)
  return negated ? negate(ignoreCase ? withBothCases(set) : set) : set
}

function member(reader: PatternReader, ignoreCase: boolean, depth: number): CharSet {
  const from = reader.at
  const posix = reader.match(/\[:(\^?)([a-z]+):\]/y)
  if (posix !== undefined) {
    const name = posix[2] === 'xdigit' ? 'XDigit' : posix[2][0].toUpperCase() + posix[2].slice(1)
    const set = propertySet(name)
    if (set === undefined) return reader.invalid(`an unknown class ${posix[0]}`, from)
    return posix[1] === '^' ? negate(set) : set
  }
  if (reader.accept('[')) return parseClass(reader, ignoreCase, depth + 1)
  if (!reader.accept('\\')) return one(reader.next())
  if (reader.atEnd) reader.invalid('a \\ with nothing behind it', from)
  return reader.accept('b') ? one(8) : readEscape(reader, from)
}

/** A - that stands between two characters. */
const isRange = ({ text, at }: PatternReader): boolean =>
  text[at] === '-' && at + 1 < text.length && text[at + 1] !== ']' && text[at + 1] !== '['

function range(reader: PatternReader, low: CharSet): CharSet {
  const from = reader.at
  reader.accept('-')
  const high = reader.accept('\\') ? readEscape(reader, from + 1) : one(reader.next())
  const isOne = (set: CharSet) => set.length === 2 && set[0] === set[1]
  if (!isOne(low) || !isOne(high)) reader.invalid('a range between classes', from)
  if (low[0] > high[0]) reader.invalid('a range that runs backwards', from)
  return [low[0], high[0]]
}
