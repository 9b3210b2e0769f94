/** Says all that a join's output adds up to: a join of the rows that it keeps, from the start. */

import type { Operator, Output } from '../operator.ts'
import type { JoinState } from './join-state.ts'

/** Whether the state has every row that came: none was let go, and none is kept as its key
 *  alone. */
export const holdsRows = ({ plan, keysOnly, watermarks }: JoinState): boolean =>
  plan.node.interval === undefined &&
  plan.ttlUs === undefined &&
  !keysOnly &&
  !watermarks.includes(Infinity)

/** `fresh`: the same join without any state. */
export function tellRows({ sides }: JoinState, fresh: Operator, out: Pick<Output, 'emit'>): void {
  const to: Output = { emit: (batch) => out.emit(batch), watermark() {} }
  for (const [input, side] of sides.entries()) {
    for (const rows of side.rows.all()) fresh.batch(input, rows, to)
  }
  fresh.epoch(to)
}
