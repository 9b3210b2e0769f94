/** How far from its match a row can be that an expression reads: behind it, rows must be kept;
 *  ahead of it, a decision waits until they have come. */

import { columnsOf, type Expr } from '../../expr/ir.ts'
import type { MatchNode, MatchPlace } from '../nodes.ts'
import { leastBefore } from './match-program.ts'

export interface MatchReach {
  /** Rows before the first one of a match. */
  readonly behind: number
  /** Per variable: rows behind the one that its condition is about. */
  readonly ahead: readonly number[]
  /** Rows behind the last one of a match that the measures read. */
  readonly aheadOfEnd: number
}

export function reachOf(node: MatchNode): MatchReach {
  const least = leastBefore(node.pattern, node.variables.length)
  let behind = 0
  const look = (expr: Expr | undefined, current: number): number => {
    let ahead = 0
    for (const { place } of placesOf(node, expr)) {
      behind = Math.max(behind, -place.shift - leastOf(place, least, current))
      ahead = Math.max(ahead, place.shift)
    }
    return ahead
  }
  const ahead = node.variables.map(({ condition }, v) => look(condition, least[v]))
  const aheadOfEnd = Math.max(0, ...node.measures.map((expr) => look(expr, 0)))
  return { behind, ahead, aheadOfEnd }
}

function placesOf({ references }: MatchNode, expr: Expr | undefined) {
  if (expr === undefined) return []
  return [...columnsOf(expr)].flatMap((index) => {
    const reference = references[index]
    return reference.kind === 'column' ? [reference] : []
  })
}

/** How many rows of the match are before the place's own row at least; `current`: before the row
 *  that the expression is about. */
function leastOf(
  { variables, end, offset }: MatchPlace,
  least: readonly number[],
  current: number,
): number {
  if (variables !== undefined) return Math.min(...variables.map((v) => least[v]))
  return end === 'first' ? offset : Math.max(0, current - offset)
}
