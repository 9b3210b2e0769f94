/** EXISTS as a value, anywhere in an expression. Where it is a condition of WHERE by itself,
 *  `bind-where.ts` has the cheaper join. */

import { BOOLEAN } from '../../engine/batch/types.ts'
import { literal } from '../../engine/expr/literal.ts'
import type { Decorrelated } from './decorrelate.ts'
import {
  type BoundSubquery,
  hasPartner,
  type Joined,
  joinLifted,
  type Rows,
  withMarker,
} from './join-subquery.ts'
import { isGroupable, lifted } from './lift-subquery.ts'
import { aggregateOf, countOf, groupsOf, isPositive, withGroups } from './mark-groups.ts'

/** Its columns do not matter. */
const isFit = (found: Decorrelated): boolean =>
  found.oneRow || isGroupable({ ...found, outputs: [] })

/** TRUE or FALSE, never NULL. */
export function markExists(subquery: BoundSubquery, rows: Rows): Joined {
  const parts = lifted(subquery, rows, isFit)
  const found = parts.subquery.lifted
  if (found.oneRow) return { node: rows.node, value: literal(BOOLEAN, true, subquery.at) }
  if (found.conditions.length === 0) {
    const groups = groupsOf(found, [], [countOf()])
    const node = joinLifted(withGroups(parts, groups), 'inner')
    return { node, value: isPositive(aggregateOf(node, groups, 0)) }
  }
  const groups = groupsOf(found, [], [])
  const marked = { ...groups, lifted: { ...groups.lifted, node: withMarker(groups.lifted.node) } }
  const node = joinLifted(withGroups(parts, marked), 'left')
  return { node, value: hasPartner(node) }
}
