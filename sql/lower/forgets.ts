/** Which operators obey `table.exec.state.ttl`. */

import type { LogicalNode } from '../logical/node.ts'

/** Whether the node's operator forgets state without news. The others have state that time bounds
 *  anyway (windows), or would give rows that never were right: an outer join that has forgotten a
 *  partner. */
export function forgets(node: LogicalNode): boolean {
  switch (node.kind) {
    case 'aggregate':
      return node.keys.length > 0
    case 'rank':
      return node.partitionBy.length > 0 && node.traits.windowColumns.length === 0
    default:
      return false
  }
}
