/** Parses regular expressions: the part of Java's language that runs in linear time. What would
 *  need backtracking (look-around, back references, possessive and atomic groups) is refused by
 *  name, with its place. */

import { fail, type Span } from '../../base/errors.ts'
import { ANY, type CharSet, LINE_ENDS, negate, one, withBothCases } from './char-set.ts'
import { parseClass } from './class.ts'
import { readEscape } from './escape.ts'
import { PatternReader } from './pattern-reader.ts'
import { type Assertion, EMPTY, type Node, type Pattern } from './syntax.ts'

const REPEAT_MAX = 1000
const DEPTH_MAX = 200
const GROUPS_MAX = 100

interface Flags {
  readonly ignoreCase: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
}

const NO_FLAGS: Flags = { ignoreCase: false, multiline: false, dotAll: false }

/** The tree of a pattern. INVALID_ARGUMENT if it is none, UNSUPPORTED for what is refused. */
export function parsePattern(text: string, span: Span | undefined, ignoreCase = false): Pattern {
  const parser = new Parser(new PatternReader(text, span))
  return parser.parse({ ...NO_FLAGS, ignoreCase })
}

class Parser {
  readonly #reader: PatternReader
  readonly #names = new Map<string, number>()
  #groups = 0
  #depth = 0
  #flags = NO_FLAGS

  constructor(reader: PatternReader) {
    this.#reader = reader
  }

  parse(flags: Flags): Pattern {
    this.#flags = flags
    const root = this.#choice()
    if (!this.#reader.atEnd) this.#reader.invalid('an unmatched )')
    return { root, groupCount: this.#groups, groupNames: this.#names }
  }

  #choice(): Node {
    const reader = this.#reader
    if (++this.#depth > DEPTH_MAX) {
      fail('LIMIT_EXCEEDED', `A pattern is nested at most ${DEPTH_MAX} deep`, { at: reader.span })
    }
    const flags = this.#flags
    const parts = [this.#sequence()]
    while (reader.accept('|')) parts.push(this.#sequence())
    this.#flags = flags
    this.#depth--
    return parts.length === 1 ? parts[0] : { kind: 'choice', parts }
  }

  #sequence(): Node {
    const reader = this.#reader
    const parts: Node[] = []
    while (!reader.atEnd && !'|)'.includes(reader.text[reader.at])) {
      const part = this.#repeated(this.#atom())
      if (part !== EMPTY) parts.push(part)
    }
    return parts.length === 1 ? parts[0] : { kind: 'sequence', parts }
  }

  #atom(): Node {
    const reader = this.#reader
    const from = reader.at
    const code = reader.next()
    switch (String.fromCodePoint(code)) {
      case '(':
        return this.#group(from)
      case '[':
        return this.#set(parseClass(reader, this.#flags.ignoreCase))
      case '\\':
        return this.#escape(from)
      case '.':
        return { kind: 'set', set: this.#flags.dotAll ? ANY : negate(LINE_ENDS) }
      case '^':
        return assertion(this.#flags.multiline ? 'line-begin' : 'begin')
      case '$':
        return assertion(this.#flags.multiline ? 'line-end' : 'end')
      case '*':
      case '+':
      case '?':
        return reader.invalid('nothing to repeat', from)
      default:
        return this.#set(one(code))
    }
  }

  #set(set: CharSet): Node {
    return { kind: 'set', set: this.#flags.ignoreCase ? withBothCases(set) : set }
  }

  #escape(from: number): Node {
    const reader = this.#reader
    if (reader.atEnd) reader.invalid('a \\ with nothing behind it', from)
    if (reader.match(/[1-9k]/y)) reader.refuse('A back reference', from)
    for (const [letter, made] of ASSERTIONS) if (reader.accept(letter)) return assertion(made)
    if (reader.accept('Q')) return this.#quoted()
    return this.#set(readEscape(reader, from))
  }

  /** \Q…\E: the characters as they are. */
  #quoted(): Node {
    const reader = this.#reader
    const end = reader.text.indexOf('\\E', reader.at)
    const stop = end < 0 ? reader.text.length : end
    const parts: Node[] = []
    while (reader.at < stop) parts.push(this.#set(one(reader.next())))
    if (end >= 0) reader.at += 2
    return { kind: 'sequence', parts }
  }

  #group(from: number): Node {
    const reader = this.#reader
    if (!reader.accept('?')) return this.#captured(from)
    if (reader.accept(':')) return this.#closed(from)
    if (reader.match(/[=!]/y)) reader.refuse('Look-ahead', from)
    if (reader.match(/<[=!]/y)) reader.refuse('Look-behind', from)
    if (reader.accept('>')) reader.refuse('An atomic group', from)
    const name = reader.match(/P?<([A-Za-z]\w*)>/y)
    if (name !== undefined) {
      if (this.#names.has(name[1])) reader.invalid(`a second group ${name[1]}`, from)
      this.#names.set(name[1], this.#groups + 1)
      return this.#captured(from)
    }
    const flags = reader.match(/([ims]*)(?:-([ims]+))?([:)])/y)
    if (flags === undefined) return reader.invalid('an unknown kind of group', from)
    const [, on, off = '', close] = flags
    const before = this.#flags
    const is = (letter: string, was: boolean) =>
      on.includes(letter) || (was && !off.includes(letter))
    this.#flags = {
      ignoreCase: is('i', before.ignoreCase),
      multiline: is('m', before.multiline),
      dotAll: is('s', before.dotAll),
    }
    // (?i) holds to the end of the group it stands in, (?i:…) inside its own brackets.
    if (close === ')') return EMPTY
    const part = this.#closed(from)
    this.#flags = before
    return part
  }

  #captured(from: number): Node {
    const index = ++this.#groups
    if (index > GROUPS_MAX) {
      fail('LIMIT_EXCEEDED', `A pattern has at most ${GROUPS_MAX} groups`, {
        at: this.#reader.span,
        hint: 'A group that is not read is written (?:…).',
      })
    }
    return { kind: 'group', part: this.#closed(from), index }
  }

  #closed(from: number): Node {
    const part = this.#choice()
    if (!this.#reader.accept(')')) this.#reader.invalid('a ( that is never closed', from)
    return part
  }

  #repeated(atom: Node): Node {
    const reader = this.#reader
    let part = atom
    for (let count = 0; ; count++) {
      const from = reader.at
      const bounds = this.#bounds()
      if (bounds === undefined) return part
      if (atom === EMPTY || count > 0) reader.invalid('nothing to repeat', from)
      const [min, max] = bounds
      if (reader.accept('+')) reader.refuse('A possessive quantifier', from)
      const lazy = reader.accept('?')
      part = { kind: 'repeat', part, min, max, lazy }
    }
  }

  #bounds(): [number, number] | undefined {
    const reader = this.#reader
    if (reader.accept('*')) return [0, Number.POSITIVE_INFINITY]
    if (reader.accept('+')) return [1, Number.POSITIVE_INFINITY]
    if (reader.accept('?')) return [0, 1]
    const from = reader.at
    const found = reader.match(/\{(\d{1,9})(,?)(\d{0,9})\}/y)
    if (found === undefined) {
      return reader.accept('{') ? reader.invalid('a { without a count', from) : undefined
    }
    const min = Number(found[1])
    const open = found[2] === '' ? min : Number.POSITIVE_INFINITY
    const max = found[3] === '' ? open : Number(found[3])
    if (max < min) reader.invalid('a count whose ends are the wrong way round', from)
    if (min > REPEAT_MAX || (max > REPEAT_MAX && max !== Number.POSITIVE_INFINITY)) {
      fail('LIMIT_EXCEEDED', `A pattern repeats a part at most ${REPEAT_MAX} times by count`, {
        at: reader.span,
      })
    }
    return [min, max]
  }
}

const assertion = (made: Assertion): Node => ({ kind: 'assert', assertion: made })

const ASSERTIONS: readonly (readonly [letter: string, made: Assertion])[] = [
  ['b', 'word'],
  ['B', 'not-word'],
  ['A', 'begin'],
  ['z', 'end'],
  ['Z', 'end'],
]
