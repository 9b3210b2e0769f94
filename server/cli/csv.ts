/** Result rows as CSV (RFC 4180). NULL is an empty field, the empty string is `""`. */

import type { JsonValue, ResultColumn, Row } from '../../client/index.ts'

export const csvHeader = (columns: readonly ResultColumn[]): string =>
  columns.map((column) => csvField(column.name)).join(',')

export const csvLine = (columns: readonly ResultColumn[], row: Row): string =>
  columns.map(({ name }) => csvField(row[name])).join(',')

function csvField(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
