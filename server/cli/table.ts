/** Aligned tables for the terminal. */

import type { JsonValue, ResultColumn, Row } from '../../client/index.ts'
import { plain, type Style } from './style.ts'
import { pad, printable, textWidth, truncate } from './text-width.ts'
import { alignOf, valueText } from './value-text.ts'

const SEPARATOR = ' │ '
const COLUMN_WIDTH_MIN = 5

export interface TableOptions {
  /** Terminal cells for a whole line; longer cells are cut with …. Undefined: nothing is cut. */
  readonly width?: number | undefined
  readonly style?: Style | undefined
}

/** A header line, a rule, and one line per row. */
export function tableLines(
  columns: readonly ResultColumn[],
  rows: readonly Row[],
  options: TableOptions = {},
): string[] {
  const layout = new TableLayout(columns, options)
  const cells = rows.map((row) => layout.cells(row))
  layout.fit(cells)
  return [...layout.header(), ...cells.map((line) => layout.line(line))]
}

interface Cell {
  readonly text: string
  readonly isNull: boolean
}

/** The widths of a table's columns. They grow with the rows shown so far, so that a table can be
 *  printed while its rows arrive. */
export class TableLayout {
  readonly #columns: readonly ResultColumn[]
  readonly #names: readonly string[]
  readonly #style: Style
  readonly #limit: number | undefined
  readonly #natural: number[]
  #widths: number[]

  constructor(columns: readonly ResultColumn[], { width, style = plain }: TableOptions = {}) {
    this.#columns = columns
    this.#names = columns.map((column) => printable(column.name))
    this.#style = style
    this.#limit = width
    this.#natural = this.#names.map(textWidth)
    this.#widths = this.#natural
  }

  cells(row: Row): Cell[] {
    return this.#columns.map(({ name, type }) => cellOf(row[name], type))
  }

  /** Widens the columns for these rows; true if a column grew. */
  fit(rows: readonly (readonly Cell[])[]): boolean {
    let grew = false
    for (const cells of rows) {
      for (const [i, { text }] of cells.entries()) {
        const width = textWidth(text)
        if (width <= this.#natural[i]) continue
        this.#natural[i] = width
        grew = true
      }
    }
    this.#widths = shrink(this.#natural, this.#limit)
    return grew
  }

  /** The names and the rule below them. */
  header(): string[] {
    const style = this.#style
    const names = this.#names.map((name, i) =>
      style('bold', this.#pad(truncate(name, this.#widths[i]), i)),
    )
    const rule = this.#widths.map((width) => '─'.repeat(width)).join('─┼─')
    return [` ${names.join(style('dim', SEPARATOR))}`.trimEnd(), style('dim', `─${rule}─`)]
  }

  line(cells: readonly Cell[]): string {
    const style = this.#style
    const parts = cells.map(({ text, isNull }, i) => {
      const shown = truncate(text, this.#widths[i])
      return this.#pad(isNull ? style(['dim', 'italic'], shown) : shown, i)
    })
    return ` ${parts.join(style('dim', SEPARATOR))}`.trimEnd()
  }

  #pad(text: string, i: number): string {
    return pad(text, this.#widths[i], alignOf(this.#columns[i].type))
  }
}

const cellOf = (value: JsonValue | undefined, type: string): Cell => ({
  text: valueText(value, type),
  isNull: value === null || value === undefined,
})

/** Takes cells from the widest columns until the line fits; no column gets below a minimum. */
function shrink(natural: readonly number[], limit: number | undefined): number[] {
  const widths = [...natural]
  if (limit === undefined) return widths
  const separators = (widths.length - 1) * SEPARATOR.length + 2
  let excess = widths.reduce((sum, width) => sum + width, separators) - limit
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths))
    if (widths[widest] <= COLUMN_WIDTH_MIN) break
    widths[widest]--
    excess--
  }
  return widths
}
