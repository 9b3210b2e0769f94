/** Pairs of rows on their way out of a join: gathered up to a batch, tested against the condition
 *  by generated code, then turned into output columns. */

import type { EpochClock } from '../../base/clock.ts'
import { Batch, emptyBatch } from '../../batch/batch.ts'
import { type Column, gather } from '../../batch/column.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import { compileFilter, type Filter } from '../../expr/compile-filter.ts'
import { columnsOf, type Expr } from '../../expr/ir.ts'
import type { Output } from '../operator.ts'

export interface PairSpec {
  readonly left: Schema
  readonly right: Schema
  /** Over the left columns, then the right ones. */
  readonly condition: Expr | undefined
  /** Of the output: left, then right columns. */
  readonly output: Schema
  readonly batchRowsMax: number
  readonly clock: EpochClock
  /** All weights are 1, and the output has none. */
  readonly plain: boolean
  /** The pairs are only looked at, not emitted. */
  readonly silent: boolean
  /** Sees each pair that meets the condition, by its place in `left` and `right`. */
  readonly onMatch?: ((place: number) => void) | undefined
}

export class JoinPairs {
  readonly #spec: PairSpec
  readonly #filter: Filter | undefined
  readonly #conditionColumns: readonly number[]
  readonly #passing: Int32Array
  readonly #empty: Batch
  /** Row positions in the left and right source, and the weight; `count` of them are filled.
   *  Whoever fills the last place must call `flush`. */
  readonly left: Int32Array
  readonly right: Int32Array
  readonly weights: Int32Array
  count = 0
  #leftSource: Batch
  #rightSource: Batch

  constructor(spec: PairSpec) {
    this.#spec = spec
    const { condition, left, right, batchRowsMax } = spec
    const both = schemaOf([...left.fields, ...right.fields])
    this.#filter = condition && compileFilter(condition, both)
    this.#conditionColumns = condition === undefined ? [] : [...columnsOf(condition)]
    this.#empty = emptyBatch(both)
    this.#passing = new Int32Array(condition === undefined ? 0 : batchRowsMax)
    this.left = new Int32Array(batchRowsMax)
    this.right = new Int32Array(batchRowsMax)
    this.weights = new Int32Array(batchRowsMax)
    this.#leftSource = emptyBatch(left)
    this.#rightSource = emptyBatch(right)
  }

  /** Where the pairs' row positions point to, from now on. Not while pairs are waiting. */
  from(left: Batch, right: Batch): void {
    this.#leftSource = left
    this.#rightSource = right
  }

  add(left: number, right: number, weight: number, out: Output): void {
    const at = this.count++
    this.left[at] = left
    this.right[at] = right
    this.weights[at] = weight
    if (this.count === this.left.length) this.flush(out)
  }

  /** Emits the waiting pairs that meet the condition. Raises what the condition raises. */
  flush(out: Output): void {
    const waiting = this.count
    if (waiting === 0) return
    this.count = 0
    const passing = this.#select(waiting)
    const { onMatch, silent, plain } = this.#spec
    if (onMatch !== undefined) for (let at = 0; at < passing; at++) onMatch(at)
    if (silent) return
    const n = plain ? passing : this.#dropUnchanged(passing)
    if (n === 0) return
    out.emit(this.#batch(n))
  }

  /** Moves the pairs that meet the condition to the front; returns how many there are. */
  #select(waiting: number): number {
    if (this.#filter === undefined) return waiting
    const passing = this.#passing
    const count = this.#filter(this.#conditionBatch(waiting), passing, this.#spec.clock)
    this.#moveUp(passing, count)
    return count
  }

  #moveUp(places: Int32Array, count: number): void {
    const { left, right, weights } = this
    for (let at = 0; at < count; at++) {
      left[at] = left[places[at]]
      right[at] = right[places[at]]
    }
    if (!this.#spec.plain) for (let at = 0; at < count; at++) weights[at] = weights[places[at]]
  }

  /** The pairs as a batch of the columns that the condition reads. */
  #conditionBatch(n: number): Batch {
    const { schema, columns } = this.#empty
    const some: Column[] = [...columns]
    const leftCount = this.#spec.left.fields.length
    for (const c of this.#conditionColumns) {
      some[c] =
        c < leftCount
          ? gather(this.#leftSource.columns[c], this.left, n)
          : gather(this.#rightSource.columns[c - leftCount], this.right, n)
    }
    return new Batch(schema, some, n)
  }

  /** Pairs may be listed for their matches alone, with weight 0. */
  #dropUnchanged(count: number): number {
    const { left, right, weights } = this
    let n = 0
    for (let at = 0; at < count; at++) {
      if (weights[at] === 0) continue
      left[n] = left[at]
      right[n] = right[at]
      weights[n++] = weights[at]
    }
    return n
  }

  #batch(n: number): Batch {
    const columns = [
      ...this.#leftSource.columns.map((column) => gather(column, this.left, n)),
      ...this.#rightSource.columns.map((column) => gather(column, this.right, n)),
    ]
    const weights = this.#spec.plain ? null : this.weights.slice(0, n)
    return new Batch(this.#spec.output, columns, n, weights)
  }
}
