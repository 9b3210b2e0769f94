/** Expressions: rewritten, parsed by the grammar, put in order, lowered. */

import type { Expression } from '../ast.ts'
import type { Cursor } from './cursor.ts'
import { parseSelectText } from './grammar.ts'
import { lowerExpression } from './lower/lower-expression.ts'
import { listOf, nodeOf, onlyFields, refuse } from './lower/strict.ts'
import { sequence } from './rewrite/sequence.ts'

/** The expression at the cursor. Stops at the first token that does not continue it. */
export function expression(cursor: Cursor): Expression {
  const out = cursor.rewrite(cursor.token)
  sequence(cursor, out)
  const [slot] = out.slots
  // A lone literal, name or subquery has no structure to find.
  if (out.slots.length === 1 && slot.is === 'operand') return slot.value
  const columns = listOf(parseSelectText(out).columns, 'SELECT')
  if (columns.length !== 1) refuse('an expression of several')
  const column = nodeOf(columns[0], 'an expression')
  onlyFields(column, 'an expression', ['type', 'expr'])
  return lowerExpression(column.expr, { out, limits: cursor.source.limits })
}
