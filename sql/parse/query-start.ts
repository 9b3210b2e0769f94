/** Tells a query in brackets from an expression in brackets. */

import type { Cursor } from './cursor.ts'
import type { Source } from './token.ts'

const STARTS: ReadonlySet<string> = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE'])
const CONTINUES: ReadonlySet<string> = new Set([
  'UNION',
  'INTERSECT',
  'EXCEPT',
  'MINUS',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'FETCH',
  'EMIT',
])

/** Whether the bracket at the cursor holds a query: `(SELECT …)`, `((SELECT …) UNION …)`, but not
 *  `((SELECT …) + 1)`. */
export const startsQuery = (cursor: Cursor): boolean =>
  cursor.is('(') && holdsQuery(cursor.source, cursor.index)

function holdsQuery({ tokens, partner }: Source, open: number): boolean {
  let inner = open + 1
  while (tokens[inner].key === '(') inner++
  if (!STARTS.has(tokens[inner].key)) return false
  // Every bracket around must go on as a query does.
  for (let bracket = inner - 1; bracket > open; bracket--) {
    const after = partner[bracket] + 1
    if (after !== partner[bracket - 1] && !CONTINUES.has(tokens[after].key)) return false
  }
  return true
}

/** Whether a query without brackets, or with them, starts at the cursor. */
export const isQueryStart = (cursor: Cursor): boolean => cursor.isAny(STARTS) || startsQuery(cursor)
