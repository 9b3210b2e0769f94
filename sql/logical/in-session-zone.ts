/** The session's time zone in a bound plan: every conversion that it decides is spelled out. */

import { inZone } from '../../engine/expr/in-zone.ts'
import type { LogicalNode } from './node.ts'
import { mapNode, rebuild } from './visit.ts'

/** The plan as it means in that zone. What is spelled out already (a view of another zone) stays as
 *  it is. */
export function inSessionZone(node: LogicalNode, timeZone: string): LogicalNode {
  if (timeZone === 'UTC') return node
  return mapNode(node, (part) => rebuild(part, { expr: (expr) => inZone(expr, timeZone) }))
}

/** The plan of a view that was made in `own`, for a query in the zone `around`. */
export function inViewZone(node: LogicalNode, own: string, around: string): LogicalNode {
  // The query spells out its own zone for all of its plan.
  if (own === around) return node
  return mapNode(node, (part) => rebuild(part, { expr: (expr) => inZone(expr, own, true) }))
}
