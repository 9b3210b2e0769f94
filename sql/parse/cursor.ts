/** Walks over the tokens of one text. Grammar rules take a cursor, move it behind what they have
 *  read and stop at the first token they do not know. */

import { fail, type Span } from '../../engine/base/errors.ts'
import type { Expression, Name, Over, Query, TableRef } from '../ast.ts'
import { tooDeep } from './brackets.ts'
import { isReserved } from './keyword.ts'
import { Rewritten } from './rewrite/rewritten.ts'
import { isName, type Source, spanOf, spanOver, type Token } from './token.ts'
import { type Expected, unexpected } from './unexpected.ts'

/** The rules that call one another in circles: queries hold expressions, expressions hold
 *  queries. `rules.ts` ties them together. */
export interface Rules {
  /** A query with WITH, set operations, ORDER BY and LIMIT. */
  query(cursor: Cursor): Query
  expression(cursor: Cursor): Expression
  /** Rewrites one expression into `out` without parsing it. */
  sequence(cursor: Cursor, out: Rewritten, stops?: ReadonlySet<string>): void
  /** One table of FROM, without joins. */
  table(cursor: Cursor): TableRef
  /** The whole of FROM: tables, joins and commas. */
  from(cursor: Cursor): readonly TableRef[]
}

/** Counts against the limits, shared by all cursors over one text. */
interface Meter {
  depth: number
  grammarPieces: number
}

export class Cursor {
  readonly source: Source
  readonly rules: Rules
  index: number
  /** The windows that the SELECT around defines by name, in upper case. */
  windows: ReadonlyMap<string, Over> = new Map()
  readonly #meter: Meter

  constructor(
    source: Source,
    rules: Rules,
    index = 0,
    meter: Meter = { depth: 0, grammarPieces: 0 },
  ) {
    this.source = source
    this.rules = rules
    this.index = index
    this.#meter = meter
  }

  /** Another cursor over the same text. */
  fork(index: number): Cursor {
    const cursor = new Cursor(this.source, this.rules, index, this.#meter)
    cursor.windows = this.windows
    return cursor
  }

  /** A cursor over another text, e.g. of a function's body, under the same counts. */
  over(source: Source): Cursor {
    return new Cursor(source, this.rules, 0, this.#meter)
  }

  get token(): Token {
    return this.source.tokens[this.index]
  }

  get isEnd(): boolean {
    return this.token.kind === 'end'
  }

  get key(): string {
    return this.token.key
  }

  get previous(): Token | undefined {
    return this.source.tokens[this.index - 1]
  }

  peek(ahead = 1): Token {
    const { tokens } = this.source
    return tokens[Math.min(this.index + ahead, tokens.length - 1)]
  }

  /** Moves behind the token and returns it; the end stays where it is. */
  advance(): Token {
    const { token } = this
    if (token.kind !== 'end') this.index++
    return token
  }

  /** Whether these keys stand here, in this order. */
  is(...keys: readonly string[]): boolean {
    return keys.every((key, ahead) => this.peek(ahead).key === key)
  }

  isAny(keys: ReadonlySet<string>): boolean {
    return keys.has(this.key)
  }

  /** Moves behind the keys if they all stand here. */
  accept(...keys: readonly string[]): boolean {
    if (!this.is(...keys)) return false
    this.index += keys.length
    return true
  }

  /** As `accept`, but SYNTAX if they do not. Returns where they are. */
  expect(...keys: readonly string[]): Span {
    const first = this.token
    for (const key of keys) {
      if (this.key !== key) this.unexpected({ what: `"${key}"`, near: [key] })
      this.advance()
    }
    return this.spanFrom(first)
  }

  /** A name: any quoted one, or a word that is not reserved. */
  name(what: string): Name {
    const { token } = this
    if (!this.isName()) {
      const hint = token.kind === 'string' ? `Names have double quotes: "${token.text}"` : undefined
      this.unexpected({ what, hint })
    }
    this.advance()
    return nameOf(token)
  }

  /** Whether the token here can be a name. */
  isName(ahead = 0): boolean {
    const token = this.peek(ahead)
    return isName(token) && !isReserved(token.key)
  }

  /** The text of a string literal. */
  string(what: string): string {
    const { token } = this
    if (token.kind !== 'string') {
      const isQuoted = token.kind === 'quoted'
      const hint = isQuoted ? `Strings have single quotes: '${token.text}'` : undefined
      this.unexpected({ what, hint })
    }
    return this.advance().text
  }

  /** A whole number that is exact in JavaScript. */
  integer(what: string): number {
    const { token } = this
    const value = token.kind === 'number' && /^\d+$/.test(token.text) ? Number(token.text) : -1
    if (!Number.isSafeInteger(value) || value < 0) this.unexpected({ what })
    this.advance()
    return value
  }

  /** `( item, item, … )`, with at least one item. */
  list<Item>(item: () => Item): Item[] {
    this.expect('(')
    const items = this.separated(item)
    this.expect(')')
    return items
  }

  /** `item, item, …` */
  separated<Item>(item: () => Item): Item[] {
    const items = [item()]
    while (this.accept(',')) items.push(item())
    return items
  }

  /** Index of the bracket that closes the one here. */
  closing(ahead = 0): number {
    return this.source.partner[this.index + ahead]
  }

  /** From `first` to the token just passed. */
  spanFrom(first: Span): Span {
    const last = this.previous
    if (last === undefined || last.offset < first.offset) return spanOf(first)
    return spanOver(first, last)
  }

  textFrom(first: Span): string {
    const { offset, length } = this.spanFrom(first)
    return this.source.sql.slice(offset, offset + length)
  }

  /** Runs a rule one level deeper. LIMIT_EXCEEDED if that is too deep. */
  nested<Result>(rule: () => Result): Result {
    const { nestingMax } = this.source.limits
    if (this.#meter.depth >= nestingMax) tooDeep(this.token, nestingMax)
    this.#meter.depth++
    try {
      return rule()
    } finally {
      this.#meter.depth--
    }
  }

  /** Starts the count of the next statement's pieces. */
  startStatement(): void {
    this.#meter.grammarPieces = 0
  }

  /** An empty text for the grammar, whose pieces count against the limit of the statement. */
  rewrite(first: Span): Rewritten {
    return new Rewritten(first, (pieces, at) => {
      this.#meter.grammarPieces += pieces
      if (this.#meter.grammarPieces > this.source.limits.grammarPiecesMax) this.#tooLarge(at)
    })
  }

  #tooLarge(at: Span): never {
    const { grammarPiecesMax } = this.source.limits
    fail('LIMIT_EXCEEDED', `The statement has more than ${grammarPiecesMax} parts`, {
      at: spanOf(at),
      hint: 'Split it into views, or put long lists of values into a table',
    })
  }

  /** SYNTAX at the token here. */
  unexpected(expected: Expected): never {
    unexpected(this.token, this.previous, expected)
  }

  /** UNSUPPORTED, at the tokens from `first` on. */
  refuse(what: string, options: { first?: Span; hint?: string } = {}): never {
    const at = options.first === undefined ? spanOf(this.token) : this.spanFrom(options.first)
    fail('UNSUPPORTED', `${what} is not supported`, { at, hint: options.hint })
  }
}

/** The name that a word or a quoted name is. */
export const nameOf = (token: Token): Name =>
  token.kind === 'quoted'
    ? { text: token.text, quoted: true, at: spanOf(token) }
    : { text: token.text, at: spanOf(token) }
