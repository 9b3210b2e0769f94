/** Places in a statement's text as lines and columns. */

import { asSqlError, type Position, SqlError } from './errors.ts'

/** The error as a SqlError whose `at` has become line, column and length; one that has a position
 *  already, or no place in the text, stays as it is. Columns count UTF-16 code units from 1.
 *  `from`: where the text begins in the one that `at` is about. */
export function locatedError(error: unknown, sql: string, from = 0): SqlError {
  const found = asSqlError(error)
  const { code, message, at, hint, details, cause } = found
  if (at === undefined || found.position !== undefined || at.offset < from) return found
  const offset = Math.min(at.offset - from, sql.length)
  const lineStart = sql.lastIndexOf('\n', offset - 1) + 1
  let line = 1
  for (let i = sql.indexOf('\n'); i >= 0 && i < lineStart; i = sql.indexOf('\n', i + 1)) line++
  const position: Position = {
    line,
    column: offset - lineStart + 1,
    length: Math.max(1, at.length),
  }
  return new SqlError(code, message, { at, position, hint, details, cause })
}
