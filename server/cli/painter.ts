/** Redraws a block of lines in place at the bottom of a terminal, without flicker and without
 *  scrolling the history away. */

import { truncateStyled } from './text-width.ts'

const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
/** Synchronised output: terminals that know it show the frame at once; others ignore it. */
const BEGIN_FRAME = '\u001b[?2026h'
const END_FRAME = '\u001b[?2026l'
const CLEAR_LINE_END = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

export interface Terminal {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

export class Painter {
  readonly #terminal: Terminal
  #height = 0
  #widest = 0
  #hidden = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Terminal cells a line may take, and lines a block may have. */
  get size(): { readonly columns: number; readonly rows: number } {
    const { columns = 80, rows = 24 } = this.#terminal
    return { columns, rows }
  }

  /** Replaces the block by `lines`; what does not fit the terminal is cut. */
  paint(lines: readonly string[]): void {
    const { columns, rows } = this.size
    // One row stays free: writing into the last one would scroll.
    const shown = lines.slice(0, rows - 1).map((line) => truncateStyled(line, columns))
    const up = this.#linesAbove(columns)
    let text = BEGIN_FRAME
    if (!this.#hidden) text += HIDE_CURSOR
    text += up > 0 ? `\u001b[${Math.min(up, rows - 1)}A\r` : '\r'
    for (const line of shown) text += `${line}${CLEAR_LINE_END}\n`
    this.#terminal.write(`${text}${CLEAR_BELOW}${END_FRAME}`)
    this.#hidden = true
    this.#height = shown.length
    this.#widest = columns
  }

  /** A narrower terminal has wrapped our lines: then the block is higher than it was painted. */
  #linesAbove(columns: number): number {
    return columns >= this.#widest ? this.#height : this.#height * Math.ceil(this.#widest / columns)
  }

  /** Leaves the block where it is; what is written next comes below it. */
  end(): void {
    if (this.#hidden) this.#terminal.write(SHOW_CURSOR)
    this.#hidden = false
    this.#height = 0
  }
}
