/** A query's operators, built from its plan. Rows go in at the leaves, one per table reference; the
 *  epoch's result is collected at the root. */

import type { EpochClock } from '../base/clock.ts'
import { Batch } from '../batch/batch.ts'
import { BatchBuilder } from '../batch/builder.ts'
import { concat } from '../batch/concat.ts'
import { consolidate } from '../batch/consolidate.ts'
import { schemaOf } from '../batch/schema.ts'
import { operatorOf } from '../operator/index.ts'
import type { InputInfo, Section, StateSize } from '../operator/operator.ts'
import type { OperatorPlan, Plan, QueryPlan, SourcePlan, ValuesPlan } from '../plan/physical.ts'
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

/** What a plan's output looks like; raises the errors of the operators' `check`. */
export function infoOf(plan: Plan): InputInfo {
  if (plan.kind === 'source') {
    const { schema } = plan.table
    return { schema: schemaOf(plan.columns.map((c) => schema.fields[c])), appendOnly: true }
  }
  if (plan.kind === 'values') return { schema: plan.schema, appendOnly: true }
  const definition = operatorOf(plan.kind)
  const inputs = plan.inputs.map(infoOf)
  definition.check(plan.node, inputs)
  return {
    schema: definition.schema(
      plan.node,
      inputs.map((input) => input.schema),
    ),
    appendOnly: definition.appendOnly(plan.node, inputs),
  }
}

export class Pipeline {
  readonly plan: QueryPlan
  readonly leaves: Leaf[] = []
  readonly #stages: Stage[] = []
  readonly #values: { plan: ValuesPlan; receiver: Receiver }[] = []
  readonly #clock: EpochClock
  readonly #batchRowsMax: number
  #output: Batch[] = []
  watermarkUs = -Infinity
  rowsIn = 0
  rowsOut = 0
  lateRows = 0
  #started = false
  #stageCount = 0

  constructor(plan: QueryPlan, clock: EpochClock, batchRowsMax: number) {
    this.plan = plan
    this.#clock = clock
    this.#batchRowsMax = batchRowsMax
    this.#build(plan.root, {
      batch: (batch) => this.#output.push(batch),
      watermark: (watermarkUs) => {
        this.watermarkUs = watermarkUs
      },
    })
  }

  #build(plan: Plan, next: Receiver): void {
    if (plan.kind === 'source') this.leaves.push(this.#leaf(plan, next))
    else if (plan.kind === 'values') this.#values.push({ plan, receiver: next })
    else this.#stage(plan, next)
  }

  #leaf(plan: SourcePlan, next: Receiver): Leaf {
    const { schema } = infoOf(plan)
    // Two readings of a table can differ in how long they were silent: the later one holds.
    let lastUs = -Infinity
    return {
      tableId: plan.table.id,
      batch: (batch) => {
        this.rowsIn += batch.rowCount
        next.batch(
          batch.withColumns(
            schema,
            plan.columns.map((c) => batch.columns[c]),
          ),
        )
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
      },
    })
    const stage = new Stage(
      { name: `${plan.kind}-${this.#stageCount++}`, appendOnly, batchRowsMax: this.#batchRowsMax },
      operator,
      next,
    )
    for (const [i, input] of plan.inputs.entries()) this.#build(input, stage.input(i))
    // After its inputs: the stages stand in the order in which an epoch must end.
    this.#stages.push(stage)
  }

  /** Ends the epoch: whatever is emitted once per epoch comes out. Returns the epoch's result,
   *  consolidated; null if nothing changed. */
  endEpoch(): Batch | null {
    if (!this.#started) this.#start()
    for (const stage of this.#stages) stage.operator.epoch(stage)
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
