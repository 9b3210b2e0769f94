/** CSV text into records of cells (RFC 4180, or another form): cells may stand in quotes, a quote
 *  in them is doubled or escaped, lines end in LF or CRLF. */

import { type CsvForm, PLAIN_CSV } from './csv-form.ts'

/** null: NULL. */
export type Cell = string | null

export interface CsvRecord {
  readonly cells: readonly Cell[]
  /** The line it begins on, from 1. */
  readonly line: number
}

/** A place where the text is not CSV. */
export interface CsvError {
  readonly line: number
  readonly reason: string
}

const LF = 10
const CR = 13
const HASH = 35
/** No code unit. */
const NONE = -1

const unitOf = (character: string | undefined): number => character?.charCodeAt(0) ?? NONE

/** Reads a text record by record; empty lines and comments are passed over. */
export class CsvReader {
  readonly #text: string
  readonly #form: CsvForm
  readonly #delimiter: number
  readonly #quote: number
  readonly #escape: number
  #at = 0
  #line = 1

  constructor(text: string, form: CsvForm = PLAIN_CSV) {
    this.#text = text
    this.#form = form
    this.#delimiter = unitOf(form.delimiter)
    this.#quote = unitOf(form.quote)
    this.#escape = unitOf(form.escaping)
  }

  /** The next record, an error, or null at the text's end. */
  next(): CsvRecord | CsvError | null {
    while (this.#skipLineEnd() || this.#skipComment()) this.#line++
    if (this.#at >= this.#text.length) return null
    const line = this.#line
    const cells: Cell[] = []
    for (;;) {
      const quoted = this.#text.charCodeAt(this.#at) === this.#quote
      const cell = quoted ? this.#quoted() : this.#plain()
      if (cell === undefined) return { line, reason: 'a quoted cell does not end' }
      cells.push(cell)
      if (this.#at >= this.#text.length) return { cells, line }
      if (this.#text.charCodeAt(this.#at) === this.#delimiter) {
        this.#at++
        continue
      }
      if (!this.#skipLineEnd()) return { line, reason: 'text follows a closing quote' }
      this.#line++
      return { cells, line }
    }
  }

  #skipLineEnd(): boolean {
    const unit = this.#text.charCodeAt(this.#at)
    const length =
      unit === LF ? 1 : unit === CR && this.#text.charCodeAt(this.#at + 1) === LF ? 2 : 0
    this.#at += length
    return length > 0
  }

  #skipComment(): boolean {
    if (!this.#form.hasComments || this.#text.charCodeAt(this.#at) !== HASH) return false
    const end = this.#text.indexOf('\n', this.#at)
    this.#at = end < 0 ? this.#text.length : end + 1
    return true
  }

  #plain(): Cell {
    const start = this.#at
    let end = start
    let escapes = false
    for (; end < this.#text.length; end++) {
      const unit = this.#text.charCodeAt(end)
      if (unit === this.#delimiter || unit === LF) break
      if (unit === CR && this.#text.charCodeAt(end + 1) === LF) break
      if (unit !== this.#escape) continue
      escapes = true
      end++
    }
    end = Math.min(end, this.#text.length)
    this.#at = end
    const text = this.#text.slice(start, end)
    const { nullLiteral } = this.#form
    if (nullLiteral === undefined ? text === '' : text === nullLiteral) return null
    return escapes ? this.#unescaped(text) : text
  }

  /** Without the escape characters. */
  #unescaped(text: string): string {
    let plain = ''
    for (let i = 0; i < text.length; i++) {
      if (text.charCodeAt(i) === this.#escape && i + 1 < text.length) i++
      plain += text[i]
    }
    return plain
  }

  #quoted(): string | undefined {
    let cell = ''
    for (let start = this.#at + 1; ; ) {
      const end = this.#closing(start)
      if (end < 0) return undefined
      const part = this.#text.slice(start, end)
      this.#countLines(part)
      cell += this.#escape === NONE ? part : this.#unescaped(part)
      this.#at = end + 1
      if (this.#text.charCodeAt(end + 1) !== this.#quote) return cell
      cell += this.#form.quote
      start = end + 2
    }
  }

  /** The next quote that is not escaped; -1: none. */
  #closing(from: number): number {
    if (this.#escape === NONE) return this.#text.indexOf(this.#form.quote!, from)
    for (let at = from; at < this.#text.length; at++) {
      const unit = this.#text.charCodeAt(at)
      if (unit === this.#escape) at++
      else if (unit === this.#quote) return at
    }
    return -1
  }

  #countLines(part: string): void {
    for (let at = part.indexOf('\n'); at >= 0; at = part.indexOf('\n', at + 1)) this.#line++
  }
}
