/** A query's operators, built from its plan. Rows go in at the leaves, one per table reference; the
 *  epoch's result is collected at the root. */

import type { EpochClock } from '../base/clock.ts'
import { Batch } from '../batch/batch.ts'
import { BatchBuilder } from '../batch/builder.ts'
import { concat } from '../batch/concat.ts'
import { consolidate } from '../batch/consolidate.ts'
import { operatorOf } from '../operator/index.ts'
import type { Section, StateSize } from '../operator/operator.ts'
import { infoOf } from '../plan/info.ts'
import {
  nodesOf,
  type OperatorPlan,
  type Plan,
  type QueryPlan,
  type SourcePlan,
  type ValuesPlan,
} from '../plan/physical.ts'
import { FanOut } from './fan-out.ts'
import { Meter } from './meter.ts'
import type { NodeReport } from './protocol.ts'
import { type Receiver, Stage } from './stage.ts'

/** Where one table reference of the plan takes its rows. */
export interface Leaf {
  readonly tableId: string
  batch(batch: Batch): void
  watermark(watermarkUs: number): void
}

export interface StageState {
  readonly name: string
  readonly watermarkUs: number
  readonly sections: readonly Section[]
}

export interface PipelineOptions {
  readonly clock: EpochClock
  readonly batchRowsMax: number
  /** To tell how long each operator works; without it all take no time. */
  readonly monotonicMs?: () => number
  /** Rows that an operator left out because they were late. */
  readonly onLate?: (batch: Batch) => void
}

export class Pipeline {
  readonly plan: QueryPlan
  readonly leaves: Leaf[] = []
  readonly #stages: Stage[] = []
  readonly #values: { plan: ValuesPlan; receiver: Receiver }[] = []
  /** Where each part of the plan sends its output; a part that is read twice is built once. */
  readonly #outputs = new Map<Plan, FanOut>()
  readonly #reports = new Map<Plan, () => NodeReport>()
  readonly #meter: Meter
  readonly #onLate: (batch: Batch) => void
  readonly #clock: EpochClock
  readonly #batchRowsMax: number
  #output: Batch[] = []
  watermarkUs = -Infinity
  rowsIn = 0
  rowsOut = 0
  lateRows = 0
  #started = false
  #stageCount = 0

  constructor(plan: QueryPlan, options: PipelineOptions) {
    const { clock, batchRowsMax, monotonicMs = () => 0, onLate = () => {} } = options
    this.plan = plan
    this.#onLate = onLate
    this.#clock = clock
    this.#batchRowsMax = batchRowsMax
    this.#meter = new Meter(monotonicMs)
    this.#build(plan.root, {
      batch: (batch) => this.#output.push(batch),
      watermark: (watermarkUs) => {
        this.watermarkUs = watermarkUs
      },
    })
  }

  #build(plan: Plan, receiver: Receiver): void {
    const known = this.#outputs.get(plan)
    if (known !== undefined) {
      known.add(receiver)
      return
    }
    const next = new FanOut(receiver)
    this.#outputs.set(plan, next)
    if (plan.kind === 'source') this.leaves.push(this.#leaf(plan, next))
    else if (plan.kind === 'values') {
      this.#values.push({ plan, receiver: next })
      this.#reports.set(plan, () => reportOf(this.#started ? plan.rows.length : 0, Infinity))
    } else this.#stage(plan, next)
  }

  #leaf(plan: SourcePlan, next: Receiver): Leaf {
    const { schema } = infoOf(plan)
    // Two readings of a table can differ in how long they were silent: the later one holds.
    let lastUs = -Infinity
    let rowsOut = 0
    this.#reports.set(plan, () => reportOf(rowsOut, lastUs))
    return {
      tableId: plan.table.id,
      batch: (batch) => {
        this.rowsIn += batch.rowCount
        rowsOut += batch.rowCount
        const columns = plan.columns.map((c) => batch.columns[c])
        const { rowCount, weights, watermarks } = batch
        // Only these can be late.
        const origin = watermarks && { tableId: plan.table.id, batch, rows: null }
        next.batch(new Batch(schema, columns, rowCount, weights, watermarks, origin))
      },
      watermark: (watermarkUs) => {
        if (watermarkUs <= lastUs) return
        lastUs = watermarkUs
        next.watermark(watermarkUs)
      },
    }
  }

  #stage(plan: OperatorPlan, next: Receiver): void {
    const inputs = plan.inputs.map(infoOf)
    const { schema, appendOnly } = infoOf(plan)
    const operator = operatorOf(plan.kind).create(plan.node, {
      inputs,
      schema,
      batchRowsMax: this.#batchRowsMax,
      clock: this.#clock,
      late: (batch) => {
        this.lateRows += batch.rowCount
        this.#onLate(batch)
      },
    })
    const name = `${plan.kind}-${this.#stageCount++}`
    const stage = new Stage(
      { name, appendOnly, batchRowsMax: this.#batchRowsMax, meter: this.#meter },
      operator,
      next,
    )
    this.#reports.set(plan, () => reportOfStage(stage))
    for (const [i, input] of plan.inputs.entries()) this.#build(input, stage.input(i))
    // After its inputs: the stages stand in the order in which an epoch must end.
    this.#stages.push(stage)
  }

  /** Ends the epoch: whatever is emitted once per epoch comes out. Returns the epoch's result,
   *  consolidated; null if nothing changed. */
  endEpoch(): Batch | null {
    if (!this.#started) this.#start()
    this.#meter.reset()
    for (const stage of this.#stages) stage.endEpoch()
    const output = this.#output
    this.#output = []
    if (output.length === 0) return null
    const { schema, appendOnly } = this.plan
    const result = appendOnly ? concat(output) : consolidate(output, schema)
    if (result === null || result.rowCount === 0) return null
    this.rowsOut += result.rowCount
    return new Batch(schema, result.columns, result.rowCount, result.weights)
  }

  /** Literal rows enter in the first epoch. */
  #start(): void {
    this.#started = true
    for (const { plan, receiver } of this.#values) {
      const builder = new BatchBuilder(plan.schema)
      for (const row of plan.rows) builder.append(row)
      if (plan.rows.length > 0) receiver.batch(builder.finish())
      receiver.watermark(Infinity)
    }
  }

  /** The epoch clock at which something is due without a new row; Infinity if nothing is. */
  dueUs(): number {
    if (!this.#started) return -Infinity
    return Math.min(Infinity, ...this.#stages.map((s) => s.operator.dueUs?.() ?? Infinity))
  }

  stateSize(): StateSize {
    const sizes = this.#stages.map((stage) => stage.operator.stateSize())
    return {
      rows: sizes.reduce((sum, size) => sum + size.rows, 0),
      bytes: sizes.reduce((sum, size) => sum + size.bytes, 0),
    }
  }

  /** What each part of the plan has done since the query or the server started, in the order of
   *  `nodesOf`. */
  report(): NodeReport[] {
    return [...nodesOf(this.plan.root)].map((plan) => this.#reports.get(plan)!())
  }

  snapshot(): StageState[] {
    return this.#stages.map((stage) => ({
      name: stage.name,
      watermarkUs: stage.watermarkUs,
      sections: stage.operator.snapshot(),
    }))
  }

  restore(states: readonly StageState[], watermarkUs: number): void {
    this.#started = true
    this.watermarkUs = watermarkUs
    for (const stage of this.#stages) {
      const state = states.find(({ name }) => name === stage.name)
      if (state) stage.restore(state.sections, state.watermarkUs)
    }
  }
}

const reportOf = (rowsOut: number, watermarkUs: number): NodeReport => ({
  ...{ rowsIn: 0, rowsOut, busyMs: 0, stateRows: 0, stateBytes: 0, watermarkUs },
})

function reportOfStage(stage: Stage): NodeReport {
  const { rowsIn, rowsOut, busyMs, watermarkUs } = stage
  const { rows, bytes } = stage.operator.stateSize()
  return { rowsIn, rowsOut, busyMs, stateRows: rows, stateBytes: bytes, watermarkUs }
}
