/** Sessions are only known when they are over, so a row cannot be given its session by itself. */

import { fail } from '../../engine/base/errors.ts'
import type { LogicalNode } from '../logical/node.ts'

/** UNSUPPORTED for a SESSION that no GROUP BY over its bounds and its partition follows. */
export function refuseBareSession({ window }: Extract<LogicalNode, { kind: 'window' }>): void {
  if (window.kind !== 'session') return
  fail('UNSUPPORTED', 'The rows of SESSION must be grouped by their session', {
    hint: 'GROUP BY window_start, window_end and exactly the columns of its PARTITION BY, with no WHERE between.',
  })
}
