/** VALUES rows. */

import { fail } from '../../engine/base/errors.ts'
import type { Expression } from '../ast.ts'
import type { Cursor } from './cursor.ts'
import { lonelyLiteral } from './literal.ts'

const STOPS: ReadonlySet<string> = new Set([',', ')'])

/** `(1, 'a'), (2, 'b')` or `1, 2`, behind VALUES. SYNTAX if the rows differ in length. */
export function valueRows(cursor: Cursor): Expression[][] {
  const rows = [row(cursor)]
  while (cursor.is(',')) {
    cursor.advance()
    const first = cursor.token
    const next = row(cursor)
    if (next.length !== rows[0].length) {
      fail(
        'SYNTAX',
        `This row has ${next.length} value${next.length === 1 ? '' : 's'}, the first one ${rows[0].length}`,
        {
          at: cursor.spanFrom(first),
          hint: 'All rows of VALUES have the same columns',
        },
      )
    }
    rows.push(next)
  }
  return rows
}

function row(cursor: Cursor): Expression[] {
  const isRow = cursor.is('ROW', '(')
  const open = isRow ? 1 : 0
  const after = cursor.is('(') || isRow ? cursor.source.tokens[cursor.closing(open) + 1] : undefined
  const isWhole = after?.kind === 'end' || after?.kind === 'word' || STOPS.has(after?.key ?? '')
  if (after === undefined || !(isWhole || after.key === ';')) return [value(cursor)]
  cursor.index += open
  return cursor.list(() => value(cursor))
}

function value(cursor: Cursor): Expression {
  if (cursor.is('DEFAULT'))
    cursor.refuse('DEFAULT', { hint: 'Write the value, or leave the column out' })
  return lonelyLiteral(cursor, STOPS) ?? cursor.rules.expression(cursor)
}
