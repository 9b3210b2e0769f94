/** Sessions of SESSION(…) in GROUP BY are by the other keys of the GROUP BY. */

import { fail } from '../../engine/base/errors.ts'
import type { LogicalNode } from '../logical/node.ts'

/** UNSUPPORTED for a GROUP BY SESSION(…) whose keys are not one list: grouping sets. */
export function refuseBareSession({
  window,
  partitionBy,
}: Extract<LogicalNode, { kind: 'window' }>): void {
  if (window.kind !== 'session' || partitionBy !== undefined) return
  fail('UNSUPPORTED', 'GROUP BY SESSION(…) takes no grouping sets: sessions are by its keys', {
    hint: 'FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), gap)) GROUP BY window_start, window_end, ROLLUP (…)',
  })
}
