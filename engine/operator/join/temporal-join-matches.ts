/** The way out of a temporal join: left rows with a right row that meets the condition, and for a
 *  left join those without. */

import type { Batch } from '../../batch/batch.ts'
import { grownCapacity } from '../../state/grown.ts'
import type { TemporalJoinNode } from '../nodes.ts'
import type { OperatorContext, Output } from '../operator.ts'
import { JoinPairs } from './join-pairs.ts'
import { JoinSingles, LEFT } from './join-single.ts'

export class TemporalMatches {
  readonly #pairs: JoinPairs
  readonly #singles: JoinSingles | undefined
  #left: Batch | undefined
  /** Of a left join: the left rows at hand with their weights, and per row whether it was met. */
  readonly #rows: number[] = []
  readonly #weights: number[] = []
  #isMet = new Uint8Array(0)

  constructor(
    { join, condition }: Pick<TemporalJoinNode, 'join' | 'condition'>,
    context: OperatorContext,
  ) {
    const [left, right] = context.inputs
    const { schema: output, batchRowsMax, clock } = context
    const plain = left.appendOnly
    this.#pairs = new JoinPairs({
      left: left.schema,
      right: right.schema,
      condition,
      output,
      batchRowsMax,
      clock,
      plain,
      silent: false,
      onMatch:
        join === 'inner'
          ? undefined
          : (place) => {
              this.#isMet[this.#pairs.left[place]] = 1
            },
    })
    if (join === 'inner') return
    const missing = right.schema
    this.#singles = new JoinSingles({ side: LEFT, missing, output, batchRowsMax, plain })
  }

  /** Where row positions point to, until `end`. */
  begin(left: Batch, right: Batch): void {
    this.#left = left
    this.#pairs.from(left, right)
    if (this.#isMet.length >= left.rowCount) return
    this.#isMet = new Uint8Array(grownCapacity(this.#isMet.length, left.rowCount))
  }

  /** A left row comes out: with the right rows that `pair` is called with afterwards, if any. */
  row(left: number, weight: number): void {
    if (this.#singles === undefined) return
    this.#rows.push(left)
    this.#weights.push(weight)
  }

  pair(left: number, right: number, weight: number, out: Output): void {
    this.#pairs.add(left, right, weight, out)
  }

  end(out: Output): void {
    this.#pairs.flush(out)
    const left = this.#left
    if (this.#singles === undefined || left === undefined) return
    this.#rows.forEach((row, i) => {
      if (this.#isMet[row] === 0) this.#singles!.add(left, row, this.#weights[i], out)
      this.#isMet[row] = 0
    })
    this.#singles.flush(left, out)
    this.#rows.length = 0
    this.#weights.length = 0
  }
}
