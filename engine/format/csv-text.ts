/** CSV text into records of cells (RFC 4180): cells may stand in quotes, a quote in them is
 *  doubled, lines end in LF or CRLF. */

/** null: an empty cell without quotes, which means NULL. */
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

const QUOTE = 34
const LF = 10
const CR = 13

/** Reads a text record by record; empty lines are passed over. */
export class CsvReader {
  readonly #text: string
  readonly #delimiter: number
  #at = 0
  #line = 1

  constructor(text: string, delimiter = ',') {
    this.#text = text
    this.#delimiter = delimiter.charCodeAt(0)
  }

  /** The next record, an error, or null at the text's end. */
  next(): CsvRecord | CsvError | null {
    while (this.#skipLineEnd()) this.#line++
    if (this.#at >= this.#text.length) return null
    const line = this.#line
    const cells: Cell[] = []
    for (;;) {
      const quoted = this.#text.charCodeAt(this.#at) === QUOTE
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

  #plain(): Cell {
    const start = this.#at
    let end = start
    for (; end < this.#text.length; end++) {
      const unit = this.#text.charCodeAt(end)
      if (unit === this.#delimiter || unit === LF) break
      if (unit === CR && this.#text.charCodeAt(end + 1) === LF) break
    }
    this.#at = end
    return end === start ? null : this.#text.slice(start, end)
  }

  #quoted(): string | undefined {
    let cell = ''
    for (let start = this.#at + 1; ; ) {
      const end = this.#text.indexOf('"', start)
      if (end < 0) return undefined
      const part = this.#text.slice(start, end)
      this.#countLines(part)
      cell += part
      this.#at = end + 1
      if (this.#text.charCodeAt(end + 1) !== QUOTE) return cell
      cell += '"'
      start = end + 2
    }
  }

  #countLines(part: string): void {
    for (let at = part.indexOf('\n'); at >= 0; at = part.indexOf('\n', at + 1)) this.#line++
  }
}
