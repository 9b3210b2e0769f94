/** Rewrites GROUP BY; GROUPING SETS, ROLLUP and CUBE are written out as lists of sets. */

import { fail, type Span } from '../../../engine/base/errors.ts'
import type { Expression } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'
import { CLAUSES } from '../keyword.ts'
import { startsQuery } from '../query-start.ts'
import type { Rewritten } from './rewritten.ts'

type Sets = readonly (readonly Expression[])[]

/** More sets than this are surely a mistake. */
const SETS_MAX = 1024

/** `item, item, …` behind GROUP BY. LIMIT_EXCEEDED if a CUBE has too many sets. */
export function groupItems(cursor: Cursor, out: Rewritten): void {
  if (cursor.is('ALL') || cursor.is('DISTINCT')) cursor.refuse(`GROUP BY ${cursor.key}`)
  item(cursor, out)
  while (cursor.is(',')) {
    out.word(',', cursor.advance())
    item(cursor, out)
  }
}

function item(cursor: Cursor, out: Rewritten): void {
  const first = cursor.token
  const sets = cursor.is('(', ')') ? set(cursor) : groupingSets(cursor)
  if (sets === undefined) {
    values(cursor, out)
    return
  }
  const at = cursor.spanFrom(first)
  out.slot({ is: 'group', item: { kind: 'grouping-sets', sets, at } }, first)
}

/** One value, or `(a, b)`, which is two values and no row. */
function values(cursor: Cursor, out: Rewritten): void {
  const { tokens } = cursor.source
  const isList = cursor.is('(') && !startsQuery(cursor) && holdsComma(cursor)
  const after = isList ? tokens[cursor.closing() + 1] : undefined
  if (after === undefined || (after.kind !== 'end' && !LIST_ENDS.has(after.key))) {
    cursor.rules.sequence(cursor, out)
    return
  }
  cursor.advance()
  cursor.rules.sequence(cursor, out)
  while (cursor.is(',')) {
    out.word(',', cursor.advance())
    cursor.rules.sequence(cursor, out)
  }
  cursor.expect(')')
}

/** What stands behind an item that is complete. */
const LIST_ENDS: ReadonlySet<string> = new Set([',', ')', ';', ...CLAUSES])

/** Whether the bracket at the cursor holds several parts. */
function holdsComma(cursor: Cursor): boolean {
  const { tokens, partner } = cursor.source
  const close = cursor.closing()
  for (let i = cursor.index + 1; i < close; i = Math.max(partner[i], i) + 1) {
    if (tokens[i].key === ',') return true
  }
  return false
}

/** GROUPING SETS (…), ROLLUP (…) or CUBE (…); undefined, without a move, if it is none. */
function groupingSets(cursor: Cursor): Sets | undefined {
  const first = cursor.token
  if (cursor.is('ROLLUP', '(')) {
    cursor.advance()
    const parts = cursor.list(() => columns(cursor))
    if (parts.length >= SETS_MAX) tooMany(cursor.spanFrom(first))
    return Array.from({ length: parts.length + 1 }, (_, i) =>
      parts.slice(0, parts.length - i).flat(),
    )
  }
  if (cursor.is('CUBE', '(')) {
    cursor.advance()
    const parts = cursor.list(() => columns(cursor))
    const count = 2 ** parts.length
    if (count > SETS_MAX) tooMany(cursor.spanFrom(first))
    return Array.from({ length: count }, (_, i) =>
      parts.filter((_part, bit) => ((i >> (parts.length - 1 - bit)) & 1) === 0).flat(),
    )
  }
  if (!cursor.is('GROUPING', 'SETS', '(')) return undefined
  cursor.expect('GROUPING', 'SETS')
  const sets = cursor.nested(() => cursor.list(() => set(cursor)).flat())
  if (sets.length > SETS_MAX) tooMany(cursor.spanFrom(first))
  return sets
}

/** One element of GROUPING SETS: a set, or several by ROLLUP, CUBE or GROUPING SETS inside. */
function set(cursor: Cursor): Sets {
  return groupingSets(cursor) ?? [columns(cursor)]
}

/** `a`, `(a, b)` or `()`. */
function columns(cursor: Cursor): Expression[] {
  if (!cursor.is('(')) return [cursor.rules.expression(cursor)]
  if (cursor.accept('(', ')')) return []
  return cursor.list(() => cursor.rules.expression(cursor))
}

function tooMany(at: Span): never {
  fail('LIMIT_EXCEEDED', `More than ${SETS_MAX} grouping sets`, {
    at,
    hint: 'Name the sets you need',
  })
}
