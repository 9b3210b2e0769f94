/** What the tokenizer gives: the pieces of the text, each with its place. */

import type { Span } from '../../engine/base/errors.ts'
import type { ParseLimits } from './limits.ts'

export type TokenKind =
  | 'word'
  | 'quoted'
  | 'string'
  | 'bytes'
  | 'number'
  | 'symbol'
  | 'hint'
  | 'end'

export interface Token extends Span {
  readonly kind: TokenKind
  /** A word, number or symbol as written; a quoted name or string without its quotes and escapes;
   *  the hex digits of a bytes literal; the inside of a hint. */
  readonly text: string
  /** What the grammar compares: a word in upper case, or a symbol. Empty for all others, so that a
   *  quoted name is never taken for a keyword. */
  readonly key: string
}

/** A text and all that is known of it before the grammar starts. */
export interface Source {
  readonly sql: string
  /** The last token is `end`. */
  readonly tokens: readonly Token[]
  /** Index of the bracket that closes the one at this index, and the other way round; -1 for
   *  other tokens. */
  readonly partner: Int32Array
  readonly limits: ParseLimits
}

/** Whether the token can be a name, reserved words included. */
export const isName = (token: Token): boolean => token.kind === 'word' || token.kind === 'quoted'

/** The token as an error message shows it. */
export function tokenLabel(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the text'
    case 'string':
      return `'${shorten(token.text)}'`
    case 'hint':
      return 'a hint'
    case 'bytes':
      return `X'${shorten(token.text)}'`
    default:
      return `"${shorten(token.text)}"`
  }
}

const shorten = (text: string): string =>
  text.length <= 40 ? text : `${text.slice(0, 39).toWellFormed()}…`

/** The smallest span over both. */
export function spanOver(from: Span, to: Span): Span {
  const offset = Math.min(from.offset, to.offset)
  const end = Math.max(from.offset + from.length, to.offset + to.length)
  return { offset, length: end - offset }
}

/** The token's own span, without the rest of it. */
export const spanOf = ({ offset, length }: Span): Span => ({ offset, length })
