/** MATCH_RECOGNIZE: its clauses, in the order of the SQL standard, and Flink's WITHIN. */

import { fail } from '../../engine/base/errors.ts'
import type { Expression, Name } from '../ast.ts'
import type { MatchClause, MatchRows, MatchSkip } from '../match-ast.ts'
import type { Cursor } from './cursor.ts'
import { matchPattern } from './match-pattern.ts'
import { orderItems } from './order.ts'

const CLAUSES = [
  'PARTITION',
  'ORDER',
  'MEASURES',
  'ONE',
  'ALL',
  'AFTER',
  'PATTERN',
  'WITHIN',
  'SUBSET',
  'DEFINE',
]

/** `MATCH_RECOGNIZE ( … )` at the cursor. SYNTAX for a clause that is missing or out of order;
 *  UNSUPPORTED for SEEK and the like. */
export function matchClause(cursor: Cursor): MatchClause {
  const first = cursor.token
  cursor.expect('MATCH_RECOGNIZE', '(')
  const partitionBy = cursor.accept('PARTITION', 'BY')
    ? cursor.separated(() => cursor.rules.expression(cursor))
    : []
  if (!cursor.is('ORDER', 'BY')) {
    missing(cursor, 'ORDER BY', 'ORDER BY its time attribute: ORDER BY ts')
  }
  cursor.expect('ORDER', 'BY')
  const orderBy = orderItems(cursor)
  const measures = cursor.accept('MEASURES') ? cursor.separated(() => measure(cursor)) : []
  const rows = rowsPerMatch(cursor)
  const skip = cursor.accept('AFTER', 'MATCH') ? afterMatch(cursor) : undefined
  if (cursor.is('INITIAL') || cursor.is('SEEK')) cursor.refuse(`${cursor.key} before PATTERN`)
  if (!cursor.is('PATTERN', '(')) missing(cursor, 'PATTERN', 'PATTERN (A B+ C)')
  cursor.advance()
  const pattern = matchPattern(cursor)
  const within = cursor.accept('WITHIN') ? cursor.rules.expression(cursor) : undefined
  const subsets = cursor.accept('SUBSET') ? cursor.separated(() => subset(cursor)) : []
  if (!cursor.is('DEFINE')) missing(cursor, 'DEFINE', 'DEFINE B AS B.price < A.price')
  cursor.advance()
  const defines = cursor.separated(() => define(cursor))
  if (!cursor.is(')')) cursor.unexpected({ what: '"," or ")" after a condition', near: CLAUSES })
  cursor.advance()
  const at = cursor.spanFrom(first)
  return { partitionBy, orderBy, measures, rows, skip, pattern, within, subsets, defines, at }
}

function missing(cursor: Cursor, clause: string, example: string): never {
  cursor.unexpected({
    what: `${clause} in MATCH_RECOGNIZE`,
    near: CLAUSES,
    hint: `The order is PARTITION BY, ORDER BY, MEASURES, ONE ROW or ALL ROWS PER MATCH, AFTER MATCH, PATTERN, WITHIN, SUBSET, DEFINE. For example ${example}`,
  })
}

function measure(cursor: Cursor): { value: Expression; name: Name } {
  const value = cursor.rules.expression(cursor)
  if (!cursor.is('AS')) {
    cursor.unexpected({ what: 'AS and the name of the measure', near: ['AS'] })
  }
  cursor.advance()
  return { value, name: cursor.name('the name of the measure') }
}

function rowsPerMatch(cursor: Cursor): MatchRows {
  if (cursor.accept('ONE')) {
    cursor.expect('ROW', 'PER', 'MATCH')
    return 'one'
  }
  if (!cursor.accept('ALL')) return 'one'
  cursor.expect('ROWS', 'PER', 'MATCH')
  if (cursor.accept('SHOW')) cursor.expect('EMPTY', 'MATCHES')
  else if (cursor.accept('OMIT')) {
    cursor.expect('EMPTY', 'MATCHES')
    return 'all-omit-empty'
  } else if (cursor.accept('WITH')) {
    cursor.expect('UNMATCHED', 'ROWS')
    return 'all-with-unmatched'
  }
  return 'all'
}

function afterMatch(cursor: Cursor): MatchSkip {
  cursor.expect('SKIP')
  if (cursor.accept('PAST')) {
    cursor.expect('LAST', 'ROW')
    return { to: 'past-last' }
  }
  if (!cursor.is('TO')) {
    cursor.unexpected({
      what: 'PAST LAST ROW, TO NEXT ROW, TO FIRST or TO LAST after SKIP',
      near: ['PAST', 'TO'],
    })
  }
  cursor.advance()
  if (cursor.accept('NEXT', 'ROW')) return { to: 'next-row' }
  const isEnd = (cursor.is('FIRST') || cursor.is('LAST')) && cursor.isName(1)
  const to = isEnd && cursor.is('FIRST') ? 'first' : 'last'
  if (isEnd) cursor.advance()
  return { to, variable: cursor.name('a pattern variable') }
}

function subset(cursor: Cursor): { name: Name; members: readonly Name[] } {
  const name = cursor.name('the name of the subset')
  cursor.expect('=')
  return { name, members: cursor.list(() => cursor.name('a pattern variable')) }
}

function define(cursor: Cursor): { name: Name; condition: Expression } {
  const name = cursor.name('a pattern variable')
  if (cursor.is('.')) fail('SYNTAX', 'DEFINE takes the name of a pattern variable', { at: name.at })
  cursor.expect('AS')
  return { name, condition: cursor.rules.expression(cursor) }
}
