/** Which of the two ways of decorrelating a subquery is taken. */

import { assert } from '../../engine/base/assert.ts'
import { type Correlation, correlationOf } from './correlation.ts'
import { type Decorrelated, decorrelate } from './decorrelate.ts'
import type { BoundSubquery, JoinParts, Rows } from './join-subquery.ts'
import { overDomain } from './over-domain.ts'
import { readsOuter } from './placeholder.ts'
import { columnExpr } from './scope.ts'

/** The subquery decorrelated, for a join with the rows: the cheap way if it can be taken and its
 *  result `fits`. */
export function lifted(
  subquery: BoundSubquery,
  { node, rebase, base }: Rows,
  fits: (lifted: Decorrelated) => boolean,
): JoinParts {
  const cheap = decorrelate(subquery.node)
  const outer = (column: number) => rebase(columnExpr(subquery.around, column, subquery.at))
  const found = cheap !== undefined && fits(cheap) ? cheap : overDomain(subquery, base, outer)
  return { node, rebase, base, subquery: { ...subquery, lifted: found } }
}

/** Whether the rows of different outer rows can be kept apart by grouping, and the subquery's
 *  columns are its own. */
export const isGroupable = ({ conditions, outputs, oneRow }: Decorrelated): boolean =>
  !oneRow && correlationOf(conditions) !== undefined && !outputs.some(readsOuter)

/** The equalities that `isGroupable` has found. */
export function equalitiesOf({ conditions }: Decorrelated): readonly Correlation[] {
  const found = correlationOf(conditions)
  assert(found !== undefined, 'the subquery is compared by equality')
  return found
}
