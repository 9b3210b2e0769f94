/** Queries: WITH, set operations, ORDER BY, LIMIT. What is inside SELECT: `select.ts`. */

import { fail } from '../../engine/base/errors.ts'
import type { Query, QueryBody } from '../ast.ts'
import { columnNames, isMinus } from './alias.ts'
import type { Cursor } from './cursor.ts'
import { orderItems } from './order.ts'
import { isQueryStart, startsQuery } from './query-start.ts'
import { select } from './select.ts'
import { spanOf, spanOver } from './token.ts'
import { valueRows } from './values.ts'

/** The query at the cursor. Stops before EMIT and everything else that is no part of it. */
export function query(cursor: Cursor): Query {
  const first = cursor.token
  const ctes = cursor.is('WITH') ? withClause(cursor) : []
  const around = cursor.windows
  const body = unionOf(cursor)
  // ORDER BY sees the windows of its own SELECT.
  if (body.kind !== 'select') cursor.windows = around
  const orderBy = cursor.accept('ORDER', 'BY') ? orderItems(cursor) : []
  cursor.windows = around
  const window = limits(cursor)
  return { with: ctes, body, orderBy, ...window, at: cursor.spanFrom(first) }
}

function withClause(cursor: Cursor): Query['with'] {
  cursor.expect('WITH')
  if (cursor.is('RECURSIVE') && cursor.isName(1)) cursor.refuse('WITH RECURSIVE')
  return cursor.separated(() => {
    const name = cursor.name('a name for the query')
    const columns = cursor.is('(') ? columnNames(cursor) : []
    cursor.expect('AS')
    if (cursor.is('MATERIALIZED') || cursor.is('NOT', 'MATERIALIZED')) {
      cursor.refuse('MATERIALIZED in WITH', { hint: 'Queries in WITH are always planned in place' })
    }
    cursor.expect('(')
    const inner = cursor.nested(() => query(cursor))
    cursor.expect(')')
    return { name, columns, query: inner }
  })
}

/** UNION and EXCEPT, from left to right. */
function unionOf(cursor: Cursor): QueryBody {
  checkChain(cursor)
  let left = intersectOf(cursor)
  while (cursor.is('UNION') || cursor.is('EXCEPT') || isMinus(cursor)) {
    const operator = cursor.advance().key === 'UNION' ? 'union' : 'except'
    left = combined(cursor, operator, left, intersectOf)
  }
  return left
}

/** INTERSECT binds tighter. */
function intersectOf(cursor: Cursor): QueryBody {
  let left = simple(cursor)
  while (cursor.accept('INTERSECT')) left = combined(cursor, 'intersect', left, simple)
  return left
}

function combined(
  cursor: Cursor,
  operator: 'union' | 'intersect' | 'except',
  left: QueryBody,
  operand: (cursor: Cursor) => QueryBody,
): QueryBody {
  const all = cursor.accept('ALL')
  if (!all) cursor.accept('DISTINCT')
  const right = operand(cursor)
  return { kind: 'set', operator, all, left, right, at: spanOver(left.at, right.at) }
}

/** LIMIT_EXCEEDED if the chain at the cursor is too long, before its queries are parsed. */
function checkChain({ source: { tokens, partner, limits }, index }: Cursor): void {
  let links = 0
  for (let i = index; !ENDS.has(tokens[i].key); i = Math.max(partner[i], i) + 1) {
    if (tokens[i].kind === 'end') return
    if (!OPERATORS.has(tokens[i].key) || ++links <= limits.chainMax) continue
    fail('LIMIT_EXCEEDED', `More than ${limits.chainMax} set operations in one chain`, {
      at: spanOf(tokens[i]),
      hint: 'Group them with brackets or views',
    })
  }
}

const ENDS: ReadonlySet<string> = new Set([')', ';'])
const OPERATORS: ReadonlySet<string> = new Set(['UNION', 'INTERSECT', 'EXCEPT', 'MINUS'])

function simple(cursor: Cursor): QueryBody {
  const first = cursor.token
  if (startsQuery(cursor)) return bracketed(cursor)
  if (cursor.accept('VALUES')) {
    return { kind: 'values', rows: valueRows(cursor), at: cursor.spanFrom(first) }
  }
  if (cursor.is('TABLE') && cursor.isName(1)) return wholeTable(cursor)
  if (cursor.is('WITH')) {
    cursor.refuse('WITH behind a set operation', { hint: 'Put the query in brackets' })
  }
  if (!cursor.is('SELECT')) {
    cursor.unexpected({ what: 'a query: SELECT, VALUES or (', near: ['SELECT', 'VALUES'] })
  }
  return select(cursor)
}

/** Brackets matter only if something inside applies to the whole inside. */
function bracketed(cursor: Cursor): QueryBody {
  const first = cursor.advance()
  const inner = cursor.nested(() => query(cursor))
  if (!cursor.is(')') && isQueryStart(cursor)) cursor.unexpected({ what: '")"' })
  cursor.expect(')')
  const at = cursor.spanFrom(first)
  const isPlain = inner.with.length === 0 && inner.orderBy.length === 0
  if (isPlain && inner.limit === undefined && inner.offset === undefined) {
    return { ...inner.body, at }
  }
  return { kind: 'nested', query: inner, at }
}

/** `TABLE t` is `SELECT * FROM t`. */
function wholeTable(cursor: Cursor): QueryBody {
  const first = cursor.advance()
  const name = cursor.name('a table name')
  const at = cursor.spanFrom(first)
  return {
    kind: 'select',
    distinct: false,
    items: [{ kind: 'all', except: [], at: name.at }],
    from: [{ kind: 'table', name, at: name.at }],
    groupBy: [],
    at,
  }
}

/** LIMIT, OFFSET and FETCH, each at most once, in any order. */
function limits(cursor: Cursor): { limit?: number; offset?: number } {
  const found: { limit?: number; offset?: number } = {}
  for (;;) {
    if (cursor.is('LIMIT') && found.limit === undefined) {
      cursor.advance()
      if (!cursor.accept('ALL')) found.limit = rowCount(cursor, 'LIMIT')
      if (cursor.is(',')) {
        cursor.unexpected({ what: 'the end of LIMIT', hint: 'Write LIMIT count OFFSET start' })
      }
    } else if (cursor.is('OFFSET') && found.offset === undefined) {
      cursor.advance()
      found.offset = rowCount(cursor, 'OFFSET')
      if (!cursor.accept('ROWS')) cursor.accept('ROW')
    } else if (cursor.is('FETCH') && found.limit === undefined) {
      found.limit = fetchFirst(cursor)
    } else {
      return found
    }
  }
}

function rowCount(cursor: Cursor, word: string): number {
  const { token } = cursor
  if (token.kind !== 'number' && token.kind !== 'end') {
    cursor.unexpected({
      what: `a whole number after ${word}`,
      hint: 'It must be written as a number',
    })
  }
  return cursor.integer(`a whole number after ${word}`)
}

function fetchFirst(cursor: Cursor): number {
  cursor.expect('FETCH')
  if (!cursor.accept('NEXT')) cursor.expect('FIRST')
  const count = cursor.token.kind === 'number' ? cursor.integer('a number of rows') : 1
  if (!cursor.accept('ROWS')) cursor.expect('ROW')
  if (cursor.is('WITH', 'TIES')) cursor.refuse('WITH TIES')
  cursor.expect('ONLY')
  return count
}
