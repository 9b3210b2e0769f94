/** The temporal join in processing time: a left row meets the right rows of the epoch that reads
 *  it; later changes of the right side change nothing.
 *
 *  State: the right side as it is now, per key.
 *  Output: at the end of the epoch, when the right side's changes are all in. O(rows + matches). */

import type { Batch } from '../../batch/batch.ts'
import { Arrangement } from '../../state/arrangement.ts'
import { allRows } from '../group/group-rows.ts'
import type { TemporalJoinNode } from '../nodes.ts'
import type { Operator, OperatorContext, Output, Section } from '../operator.ts'
import { JoinGroups } from './join-groups.ts'
import { compileFindGroups, type FindGroups } from './join-keys.ts'
import { LEFT } from './join-single.ts'
import { TemporalMatches } from './temporal-join-matches.ts'

export class ProcessingTimeJoin implements Operator {
  readonly #context: OperatorContext
  readonly #groups: JoinGroups
  readonly #right: Arrangement
  readonly #lookup: FindGroups
  readonly #find: FindGroups
  readonly #matches: TemporalMatches
  #leftBatches: Batch[] = []
  #watermarkUs = -Infinity

  constructor(node: TemporalJoinNode, context: OperatorContext) {
    this.#context = context
    const [left, right] = context.inputs
    const { leftKeys, rightKeys } = node
    this.#groups = new JoinGroups(leftKeys, [-1])
    this.#right = new Arrangement({
      schema: right.schema,
      table: this.#groups.table,
      heads: this.#groups.firstPlace,
      indexed: !right.appendOnly,
      tracked: true,
      counted: false,
    })
    const nullSafe = node.nullSafe ?? leftKeys.map(() => false)
    this.#lookup = compileFindGroups({
      keys: leftKeys,
      nullSafe,
      schema: left.schema,
      insert: false,
    })
    this.#find = compileFindGroups({
      keys: rightKeys,
      nullSafe,
      schema: right.schema,
      insert: true,
    })
    this.#matches = new TemporalMatches(node, context)
  }

  batch(input: number, batch: Batch): void {
    if (input === LEFT) {
      this.#leftBatches.push(batch)
      return
    }
    const rows = allRows(batch.rowCount)
    const groups = this.#groupsOf(this.#find, batch)
    this.#right.insert(batch, rows, batch.rowCount, groups)
  }

  #groupsOf(find: FindGroups, batch: Batch): Int32Array {
    const n = batch.rowCount
    const groups = new Int32Array(n)
    find(batch, this.#groups.table, allRows(n), n, groups, this.#context.clock)
    return groups
  }

  watermark(input: number, watermarkUs: number): void {
    if (input === LEFT) this.#watermarkUs = watermarkUs
  }

  epoch(out: Output): void {
    this.#right.settle()
    for (const batch of this.#leftBatches) this.#probe(batch, out)
    this.#leftBatches = []
    this.#right.tidy()
    this.#groups.tidy([this.#right])
    if (this.#watermarkUs > -Infinity) out.watermark(this.#watermarkUs)
  }

  #probe(batch: Batch, out: Output): void {
    const groups = this.#groupsOf(this.#lookup, batch)
    const right = this.#right
    this.#matches.begin(batch, right.rows.view)
    for (let row = 0; row < batch.rowCount; row++) {
      this.#matches.row(row, 1)
      if (groups[row] < 0) continue
      const n = right.members(groups[row])
      for (let k = 0; k < n; k++) this.#pairs(row, right.found[k], out)
    }
    this.#matches.end(out)
  }

  /** The output of append-only rows has no weights, so equal right rows come one by one. */
  #pairs(row: number, slot: number, out: Output): void {
    const weight = this.#right.rows.weights[slot]
    for (let n = 0; n < weight; n++) this.#matches.pair(row, slot, 1, out)
  }

  fanOut(input: number): number {
    return input === LEFT ? this.#right.longest : 1
  }

  snapshot(): Section[] {
    const mark = Float64Array.of(this.#watermarkUs)
    const version = this.#context.clock.epoch
    return [
      { name: 'watermark', version, bytes: new Uint8Array(mark.buffer) },
      ...this.#right.rows.snapshot('right-'),
    ]
  }

  restore(sections: readonly Section[]): void {
    const mark = sections.find((section) => section.name === 'watermark')
    if (mark === undefined) return
    this.#watermarkUs = new Float64Array(mark.bytes.slice().buffer)[0]
    this.#right.restore('right-', sections, (batch, rows, n, groups) =>
      this.#find(batch, this.#groups.table, rows, n, groups, this.#context.clock),
    )
  }

  stateSize() {
    return {
      rows: this.#right.rows.live,
      bytes: this.#right.bytes + this.#groups.table.bytes,
    }
  }
}
