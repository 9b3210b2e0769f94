/** Result rows as a table: numbers to the right, NULL told from text. */

import type { JsonValue, ResultColumn, Row } from '../client/index.ts'
import { element } from './element.ts'

const NUMBERS = /^(TINYINT|SMALLINT|INT|BIGINT|FLOAT|DOUBLE|DECIMAL)/

const isNumber = (column: ResultColumn): boolean => NUMBERS.test(column.type)

/** The table and its body, for rows that come later. */
export function resultTable(columns: readonly ResultColumn[], extra: readonly string[] = []) {
  const heads = columns.map((column) =>
    element(
      'th',
      { className: isNumber(column) ? 'number' : '' },
      column.name,
      element('small', {}, column.type),
    ),
  )
  const more = extra.map((name) => element('th', {}, name))
  const body = element('tbody')
  const head = element('thead', {}, element('tr', {}, ...more, ...heads))
  const frame = element('div', { className: 'scroll' }, element('table', {}, head, body))
  return { frame, body }
}

/** One row. */
export function resultRow(
  columns: readonly ResultColumn[],
  row: Row,
  extra: readonly string[] = [],
): HTMLTableRowElement {
  const cells = columns.map((column) => {
    const value = row[column.name]
    const className = value === null ? 'null' : isNumber(column) ? 'number' : ''
    return element('td', { className }, cellText(value, column))
  })
  return element('tr', {}, ...extra.map((text) => element('td', {}, text)), ...cells)
}

function cellText(value: JsonValue | undefined, column: ResultColumn): string {
  if (value === null || value === undefined) return 'NULL'
  if (column.type.startsWith('TIMESTAMP')) return timeText(String(value))
  // Fractions are rounded for reading; the API gives all digits.
  if (typeof value === 'number' && !Number.isInteger(value)) return String(+value.toFixed(6))
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** `2001-01-18 00:00:00`: without the T, and without a fraction that is zero. */
const timeText = (iso: string): string => iso.replace('T', ' ').replace(/\.0+(?=Z?$)/, '')
