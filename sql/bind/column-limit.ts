/** How wide a row may be. Joins and stars over stars would multiply without it. */

import { fail, type Span } from '../../engine/base/errors.ts'

const COLUMNS_MAX = 1600

/** LIMIT_EXCEEDED for rows of more columns. */
export function refuseWide(columns: number, at: Span): void {
  if (columns <= COLUMNS_MAX) return
  fail('LIMIT_EXCEEDED', `A row of ${columns} columns: at most ${COLUMNS_MAX} are possible`, {
    at,
    hint: 'Select the columns that are needed, also inside of queries that are joined.',
  })
}
