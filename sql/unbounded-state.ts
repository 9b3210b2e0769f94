/** Warns of operators whose state can grow for as long as a continuous query runs. */

import { printExpr } from '../engine/expr/ir.ts'
import type { LogicalNode } from './logical/node.ts'
import { eachNode } from './logical/visit.ts'

/** One sentence per operator: which one it is and how to bound it. */
export function unboundedState(root: LogicalNode): string[] {
  const warnings: string[] = []
  eachNode(root, (node) => {
    if (node.kind !== 'aggregate' || node.keys.length === 0) return
    const keys = node.keys.map(printExpr).join(', ')
    const [what, kept] =
      node.aggregates.length === 0
        ? [`DISTINCT ${keys}`, 'every distinct row']
        : [`GROUP BY ${keys}`, 'a row for every group']
    warnings.push(`${what} keeps ${kept} for ever. ${boundBy(node.input)}`)
  })
  return warnings
}

/** Who grouped by half a window meant to group by the window. */
function boundBy(input: LogicalNode): string {
  return input.traits.windowColumns.length > 0
    ? 'Group by both window_start and window_end to drop each window when it closes.'
    : 'Group by a window (TUMBLE) as well to bound it.'
}
