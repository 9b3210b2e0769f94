/** Places in a text for people: lines, columns and a caret under the culprit. */

import type { Position, SqlError } from '../../engine/base/errors.ts'
import { locatedError } from '../../engine/base/located-error.ts'

/** The error as a SqlError whose `at` has become line, column and length; one that has a position
 *  already, or no place at all, stays as it is. Columns count UTF-16 code units from 1. */
export const locate = (error: unknown, sql: string): SqlError => locatedError(error, sql)

const WIDTH_MAX = 100

/** The message, the line it is about with the culprit underlined, and the hint:
 *
 *      error: No such column: orgin (UNKNOWN_COLUMN)
 *        1 | SELECT orgin FROM flights
 *          |        ^^^^^
 *      hint: Did you mean origin?
 *
 *  Without a place, only the message and the hint. Long lines are cut around the culprit. */
export function caretText(error: unknown, sql: string): string {
  const { code, message, position, hint } = locate(error, sql)
  const lines = [`error: ${message} (${code})`]
  if (position !== undefined) lines.push(...excerpt(position, sql))
  if (hint !== undefined) lines.push(`hint: ${hint}`)
  return lines.join('\n')
}

function excerpt({ line, column, length }: Position, sql: string): string[] {
  const text = (sql.split('\n', line)[line - 1] ?? '').trimEnd()
  const start = Math.min(column - 1, text.length)
  const end = Math.min(start + length, Math.max(text.length, start + 1))
  const from =
    text.length <= WIDTH_MAX ? 0 : Math.max(0, Math.min(start - 30, text.length - WIDTH_MAX))
  const to = Math.min(text.length, from + WIDTH_MAX)
  const shown = `${from > 0 ? '…' : ''}${text.slice(from, to)}${to < text.length ? '…' : ''}`
  // A tab stays a tab, so that the caret stands where the text does.
  const indent = (from > 0 ? ' ' : '') + text.slice(from, start).replaceAll(/[^\t]/gu, ' ')
  const carets = '^'.repeat(Math.max(1, Math.min(end, to) - start))
  const number = String(line)
  const gutter = ' '.repeat(number.length)
  return [`  ${number} | ${shown.toWellFormed()}`, `  ${gutter} | ${indent}${carets}`]
}
