/** Which rows have partners: the part of semi, anti and outer joins that is not pairs. Two ways to
 *  know it, by one contract: per group (join-group-partners.ts) or per row
 *  (join-row-partners.ts). */

import type { Batch } from '../../batch/batch.ts'
import type { Output } from '../operator.ts'
import { JoinSingles, LEFT, RIGHT, type Side } from './join-single.ts'
import type { JoinState } from './join-state.ts'

export interface JoinPartners {
  /** Before the rows of a batch, whose groups are found, are added to a side. */
  touch(side: Side, batch: Batch): void
  /** Counts a changed pair that meets the condition; undefined: nobody counts. */
  readonly counts: ((left: number, right: number) => void) | undefined
  /** Something may have to be told although no row was touched. */
  readonly dirty: boolean
  /** Tells the rows whose having a partner has changed, or that changed themselves. */
  tell(out: Output): void
  /** After the changes of the sides are settled. */
  settle(): void
  /** Lets the rows of a side go whose time is below the limit. */
  expire(side: Side, limitUs: number, out: Output): void
  /** After the state was restored. */
  restored(): void
}

/** Per side that is tracked: the way out for its rows. */
export type Singles = readonly [JoinSingles | undefined, JoinSingles | undefined]

export function singlesOf({ plan, context }: JoinState): Singles {
  const [left, right] = context.inputs.map((input) => input.schema)
  const { schema: output, batchRowsMax } = context
  const plain = plan.final || (plan.node.join === 'semi' && plan.appendOnly)
  const of = (side: Side) => {
    const missing = plan.pairs ? (side === LEFT ? right : left) : undefined
    return plan.tracked[side]
      ? new JoinSingles({ side, missing, output, batchRowsMax, plain })
      : undefined
  }
  return [of(LEFT), of(RIGHT)]
}
