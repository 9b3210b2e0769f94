/** `GROUP BY 1`, `ORDER BY 2`: a whole number there means a column of the SELECT list. */

import { fail } from '../../engine/base/errors.ts'
import { isInteger } from '../../engine/batch/types.ts'
import type { Expression } from '../ast.ts'

/** The column's index, from 0; undefined if the expression is no whole number. INVALID_ARGUMENT if
 *  there is no such column. */
export function positionOf(value: Expression, count: number, clause: string): number | undefined {
  if (value.kind !== 'literal' || !isInteger(value.type) || value.value === null) return undefined
  const position = Number(value.value)
  if (position >= 1 && position <= count) return position - 1
  const there = count === 1 ? 'is 1 column' : `are ${count} columns`
  return fail('INVALID_ARGUMENT', `${clause} ${position}: there ${there}`, {
    at: value.at,
  })
}
