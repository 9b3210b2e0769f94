/** Which operators obey `table.exec.state.ttl`. */

import type { LogicalNode } from '../logical/node.ts'

/** Whether the node's operator forgets state without news. The others have state that time or a
 *  number of rows bounds anyway, or could not tell what is left: NOT IN that has forgotten a
 *  NULL. */
export function forgets(node: LogicalNode): boolean {
  switch (node.kind) {
    case 'aggregate':
    case 'set-operation':
      return true
    case 'join':
      return node.parts.interval === undefined && !node.nullAware
    case 'over':
      return node.traits.windowColumns.length === 0
    case 'rank':
      return node.partitionBy.length > 0 && node.traits.windowColumns.length === 0
    default:
      return false
  }
}
