/** Window specifications: OVER (PARTITION BY … ORDER BY … ROWS …) and the WINDOW clause. */

import { fail } from '../../engine/base/errors.ts'
import { nearestName } from '../../engine/base/nearest-name.ts'
import type { Frame, FrameBound, Over } from '../ast.ts'
import type { Cursor } from './cursor.ts'
import { orderItems } from './order.ts'
import { spanOf } from './token.ts'

/** What stands behind OVER: a name of the WINDOW clause or a specification. SYNTAX if the name is
 *  not defined. */
export function over(cursor: Cursor): Over {
  if (cursor.is('(')) return specification(cursor)
  const name = cursor.name('a window name or "("')
  const found = cursor.windows.get(name.text.toUpperCase())
  if (found === undefined) {
    const meant = nearestName(name.text, cursor.windows.keys())
    fail('SYNTAX', `There is no window ${name.text}`, {
      at: name.at,
      hint: meant === undefined ? 'Define it: WINDOW name AS (…)' : `Did you mean ${meant}?`,
    })
  }
  return { ...found, at: name.at }
}

/** `(…)` of OVER or of the WINDOW clause. */
export function specification(cursor: Cursor): Over {
  const first = cursor.token
  cursor.expect('(')
  if (cursor.isName() && !cursor.isAny(PARTS)) {
    cursor.refuse('A window that extends another window', { hint: 'Write it out' })
  }
  const partitionBy = cursor.accept('PARTITION', 'BY')
    ? cursor.separated(() => cursor.rules.expression(cursor))
    : []
  const orderBy = cursor.accept('ORDER', 'BY') ? orderItems(cursor) : []
  const frame = cursor.is('ROWS') || cursor.is('RANGE') ? readFrame(cursor) : undefined
  if (cursor.is('GROUPS')) cursor.refuse('A GROUPS frame', { hint: 'Use ROWS or RANGE' })
  if (cursor.is('EXCLUDE')) cursor.refuse('EXCLUDE in a frame')
  if (!cursor.is(')')) {
    cursor.unexpected({
      what: 'PARTITION BY, ORDER BY, ROWS, RANGE or ")"',
      near: [...PARTS, 'ASC', 'DESC', 'NULLS'],
    })
  }
  cursor.advance()
  return { partitionBy, orderBy, frame, at: cursor.spanFrom(first) }
}

const PARTS: ReadonlySet<string> = new Set(['PARTITION', 'ORDER', 'ROWS', 'RANGE', 'GROUPS'])

function readFrame(cursor: Cursor): Frame {
  const first = cursor.advance()
  const unit = first.key === 'ROWS' ? 'rows' : 'range'
  if (!cursor.accept('BETWEEN')) return { unit, from: bound(cursor), to: { kind: 'current-row' } }
  const from = bound(cursor)
  cursor.expect('AND')
  const to = bound(cursor)
  if (rank(from) > rank(to)) {
    fail('SYNTAX', 'The frame ends before it starts', { at: cursor.spanFrom(spanOf(first)) })
  }
  return { unit, from, to }
}

const ORDER: readonly FrameBound['kind'][] = [
  'unbounded-preceding',
  'preceding',
  'current-row',
  'following',
  'unbounded-following',
]
const rank = (bound: FrameBound): number => ORDER.indexOf(bound.kind)

function bound(cursor: Cursor): FrameBound {
  if (cursor.accept('CURRENT', 'ROW')) return { kind: 'current-row' }
  if (cursor.accept('UNBOUNDED', 'PRECEDING')) return { kind: 'unbounded-preceding' }
  if (cursor.accept('UNBOUNDED', 'FOLLOWING')) return { kind: 'unbounded-following' }
  const by = cursor.rules.expression(cursor)
  if (cursor.accept('PRECEDING')) return { kind: 'preceding', by }
  if (cursor.accept('FOLLOWING')) return { kind: 'following', by }
  return cursor.unexpected({
    what: 'PRECEDING or FOLLOWING',
    near: ['PRECEDING', 'FOLLOWING'],
    hint: 'A bound is UNBOUNDED PRECEDING, n PRECEDING, CURRENT ROW, n FOLLOWING or UNBOUNDED FOLLOWING',
  })
}
