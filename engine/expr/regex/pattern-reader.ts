/** A pattern as it is read: where the parser stands, and errors that name the place. */

import { fail, type Span } from '../../base/errors.ts'

/** Where a pattern's parser stands; shared with the parsers of classes and escapes. */
export class PatternReader {
  readonly text: string
  readonly span: Span | undefined
  at = 0

  constructor(text: string, span: Span | undefined) {
    this.text = text
    this.span = span
  }

  get atEnd(): boolean {
    return this.at >= this.text.length
  }

  /** The text here; true if it was there and is now behind. */
  accept(part: string): boolean {
    if (!this.text.startsWith(part, this.at)) return false
    this.at += part.length
    return true
  }

  /** The next character (code point). */
  next(): number {
    const code = this.text.codePointAt(this.at) as number
    this.at += code > 0xffff ? 2 : 1
    return code
  }

  /** What the expression matches here. It begins at this place (sticky) and has no loops inside
   *  loops. */
  match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.at
    const found = sticky.exec(this.text) ?? undefined
    if (found !== undefined) this.at += found[0].length
    return found
  }

  /** INVALID_ARGUMENT at a character of the pattern. */
  invalid(what: string, from = this.at): never {
    const place = `character ${from + 1} of '${shortened(this.text)}'`
    return fail('INVALID_ARGUMENT', `Not a regular expression: ${what} at ${place}`, {
      at: this.span,
    })
  }

  /** UNSUPPORTED for what cannot run in linear time. */
  refuse(what: string, from: number, hint?: string): never {
    const place = `character ${from + 1} of '${shortened(this.text)}'`
    return fail('UNSUPPORTED', `${what} is not supported in patterns: ${place}`, {
      at: this.span,
      hint: hint ?? 'Patterns run in time linear in the text, which this could not.',
    })
  }
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
