/** A condition on the passing of time: rows come into the result and go out of it as the epoch
 *  clock passes their bounds.
 *
 *  State: the rows that have yet to come in or to go out, with the moments at which they do; of
 *  updating inputs equal rows are one, so that a retraction finds its row.
 *  Delta: what an epoch brings counts if it is in at the epoch's clock; a row that the clock has
 *  brought in is inserted, one that it has taken out is retracted. O(log rows) per row. */

import { fail } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import { type DataType, TIMESTAMP_LTZ, typeName } from '../batch/types.ts'
import { compileProject, type Project } from '../expr/compile-project.ts'
import { type Expr, printExpr } from '../expr/ir.ts'
import { TimedRows } from '../state/timed-rows.ts'
import { timesOf } from '../state/times.ts'
import type { TemporalFilterNode } from './nodes.ts'
import {
  defineOperator,
  type Operator,
  type OperatorContext,
  type Output,
  type Section,
} from './operator.ts'

export const temporalFilter = defineOperator<'temporal-filter', TemporalFilterNode>({
  kind: 'temporal-filter',
  inputs: 1,
  check({ from, until }) {
    for (const bound of [from, until]) {
      if (bound === undefined || isMoment(bound.type)) continue
      fail('TYPE_MISMATCH', `The clock is compared with a ${typeName(bound.type)}`, {
        at: bound.at,
      })
    }
  },
  schema: (_node, [input]) => input,
  appendOnly: ({ until }, [input]) => input.appendOnly && until === undefined,
  explain({ from, until }) {
    const bounds = [from && `from ${printExpr(from)}`, until && `until ${printExpr(until)}`]
    return `TemporalFilter: ${bounds.filter((bound) => bound !== undefined).join(' ') || 'always'}`
  },
  create: (node, context) => new TemporalFilter(node, context),
})

const isMoment = ({ kind }: DataType): boolean => kind === 'timestamp_ltz' || kind === 'timestamp'

class TemporalFilter implements Operator {
  readonly #context: OperatorContext
  readonly #plain: boolean
  /** Two columns: when a row comes in, and when it goes out. */
  readonly #bounds: Project
  readonly #rows: TimedRows
  #watermarkUs = -Infinity

  constructor({ from, until }: TemporalFilterNode, context: OperatorContext) {
    this.#context = context
    const [input] = context.inputs
    this.#plain = input.appendOnly && until === undefined
    const open: Expr = { kind: 'literal', value: null, type: TIMESTAMP_LTZ }
    this.#bounds = compileProject([from ?? open, until ?? open], input.schema)
    this.#rows = new TimedRows(input.schema, !input.appendOnly)
  }

  batch(_input: number, batch: Batch): void {
    const { clock } = this.#context
    const [from, until] = this.#bounds(batch, clock)
    const froms = timesOf(from, 0, batch.rowCount)
    const untils = timesOf(until, 0, batch.rowCount)
    for (let i = 0; i < batch.rowCount; i++) {
      // A NULL bound is open.
      if (Number.isNaN(froms[i])) froms[i] = -Infinity
      if (Number.isNaN(untils[i])) untils[i] = Infinity
    }
    this.#rows.add(batch, froms, untils, clock.nowUs)
  }

  watermark(_input: number, watermarkUs: number): void {
    this.#watermarkUs = watermarkUs
  }

  epoch(out: Output): void {
    const { schema, batchRowsMax, clock } = this.#context
    const slots = new Int32Array(batchRowsMax)
    const weights = new Int32Array(batchRowsMax)
    let n = 0
    const flush = () => {
      if (n > 0) out.emit(this.#changes(schema, slots, weights, n))
      n = 0
    }
    this.#rows.advance(clock.nowUs, (slot, weight) => {
      slots[n] = slot
      weights[n++] = weight
      if (n === batchRowsMax) flush()
    })
    flush()
    this.#rows.settle()
    if (this.#watermarkUs > -Infinity) out.watermark(this.#watermarkUs)
  }

  #changes(schema: Schema, slots: Int32Array, weights: Int32Array, n: number): Batch {
    const { columns } = this.#rows.store.view
    const stored = new Batch(schemaOf([]), columns.slice(0, schema.fields.length), columns.length)
    const rows = stored.keep(slots, n)
    return new Batch(schema, rows.columns, n, this.#plain ? null : weights.slice(0, n))
  }

  dueUs(): number {
    return this.#rows.dueUs
  }

  snapshot(): Section[] {
    const mark = new Uint8Array(Float64Array.of(this.#watermarkUs).buffer)
    const version = this.#context.clock.epoch
    return [{ name: 'watermark', version, bytes: mark }, ...this.#rows.store.snapshot('')]
  }

  restore(sections: readonly Section[]): void {
    const mark = sections.find((section) => section.name === 'watermark')
    if (mark === undefined) return
    this.#watermarkUs = new Float64Array(mark.bytes.slice().buffer)[0]
    this.#rows.restore(sections)
  }

  stateSize() {
    return { rows: this.#rows.store.live, bytes: this.#rows.bytes }
  }
}
