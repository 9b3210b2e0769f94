/** A query's operators, built from its plan. Rows go in at the leaves, one per table reference; the
 *  epoch's result is collected at the root. */

import type { EpochClock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import { BatchBuilder } from '../batch/builder.ts'
import { concat } from '../batch/concat.ts'
import { consolidate } from '../batch/consolidate.ts'
import { operatorOf } from '../operator/index.ts'
import type { Asking } from '../operator/lookup/asking.ts'
import type { Operator, Section, StateSize } from '../operator/operator.ts'
import { infoOf } from '../plan/info.ts'
import { lookedUpTables } from '../plan/looked-up.ts'
import {
  nodesOf,
  type OperatorPlan,
  type Plan,
  type QueryPlan,
  type SourcePlan,
  type ValuesPlan,
} from '../plan/physical.ts'
import { columnIds } from '../source/layout.ts'
import type { LookupRequest } from '../source/lookup.ts'
import type { TableSpec } from '../source/table.ts'
import { FanOut } from './fan-out.ts'
import { FanOutLimit } from './fan-out-limit.ts'
import { Meter } from './meter.ts'
import type { NodeReport } from './protocol.ts'
import { queryClock } from './query-clock.ts'
import { type Receiver, Stage } from './stage.ts'

/** Where one table reference of the plan takes its rows. */
export interface Leaf {
  readonly tableId: string
  /** The rows that follow have the columns of this form of the table. */
  readAs(table: TableSpec): void
  batch(batch: Batch): void
  watermark(watermarkUs: number): void
}

/** Where the rows of one part of a plan go: to another part, or (null) into the result. */
export interface Edge {
  readonly from: Plan
  readonly to: Plan | null
  readonly receiver: Receiver
}

/** An operator that asks outside, and what it asks for. */
export interface Asker {
  readonly asking: Asking
  readonly request: LookupRequest
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
  /** Tables that rows are looked up in: they should be read before the others. */
  readonly lookedUp: ReadonlySet<string>
  /** The operators that ask outside, by the names of their stages. */
  readonly asking = new Map<string, Asker>()
  readonly edges: Edge[] = []
  readonly #stages: Stage[] = []
  readonly #stageOf = new Map<Plan, Stage>()
  /** Literal rows that have been in before, in the pipeline whose state was taken over. */
  readonly #past = new Set<Plan>()
  /** The stages whose watermark is the clock's. */
  readonly #clocked: Stage[] = []
  readonly #values: { plan: ValuesPlan; receiver: Receiver }[] = []
  /** Where each part of the plan sends its output; a part that is read twice is built once. */
  readonly #outputs = new Map<Plan, FanOut>()
  readonly #reports = new Map<Plan, () => NodeReport>()
  readonly #limit: FanOutLimit
  readonly #meter: Meter
  readonly #onLate: (batch: Batch) => void
  readonly #epochClock: EpochClock
  /** The same as this query sees it. */
  readonly #clock: EpochClock
  readonly batchRowsMax: number
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
    this.lookedUp = lookedUpTables(plan.root)
    this.#onLate = onLate
    this.#epochClock = clock
    this.#clock = queryClock(clock, plan.id)
    this.batchRowsMax = batchRowsMax
    this.#meter = new Meter(monotonicMs)
    this.#build(plan.root, null, {
      batch: (batch) => this.#output.push(batch),
      watermark: (watermarkUs) => {
        this.watermarkUs = watermarkUs
      },
    })
    this.#limit = new FanOutLimit(plan.root, (part) => this.#stageOf.get(part)!.operator)
  }

  #build(plan: Plan, to: Plan | null, receiver: Receiver): void {
    this.edges.push({ from: plan, to, receiver })
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
    let { table, columns: places } = plan
    this.#reports.set(plan, () => reportOf(rowsOut, lastUs))
    return {
      tableId: plan.table.id,
      readAs(form) {
        if (form === table) return
        table = form
        places = columnsIn(plan, form)
      },
      batch: (batch) => {
        this.rowsIn += batch.rowCount
        rowsOut += batch.rowCount
        const columns = places.map((c) => batch.columns[c])
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
    const { appendOnly } = infoOf(plan)
    const operator = this.createOperator(plan)
    const name = `${plan.kind}-${this.#stageCount++}`
    const stage = new Stage(
      { name, appendOnly, batchRowsMax: this.batchRowsMax, meter: this.#meter },
      operator,
      next,
    )
    this.#reports.set(plan, () => reportOfStage(stage))
    this.#stageOf.set(plan, stage)
    for (const [i, input] of plan.inputs.entries()) this.#build(input, plan, stage.input(i))
    // After its inputs: the stages stand in the order in which an epoch must end.
    this.#stages.push(stage)
    const { asking } = operator
    if (asking !== undefined) this.asking.set(name, { asking, request: requestOf(plan) })
    if (isClocked(plan)) this.#clocked.push(stage)
  }

  /** The operator of a part of the plan, without any state. */
  createOperator({ kind, node, inputs }: OperatorPlan): Operator {
    const all = inputs.map(infoOf)
    const { schema } = infoOf({ kind, node, inputs } as OperatorPlan)
    return operatorOf(kind).create(node, {
      inputs: all,
      schema,
      batchRowsMax: this.batchRowsMax,
      clock: this.#clock,
      late: (batch) => {
        this.lateRows += batch.rowCount
        this.#onLate(batch)
      },
    })
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

  /** Whether enough rows wait for answers from outside: no more should come (law 8). */
  get isHeldUp(): boolean {
    for (const { asking } of this.asking.values())
      if (asking.waiting >= WAITING_ROWS_MAX) return true
    return false
  }

  /** How many rows of a table an epoch should bring at most. */
  rowsMax(tableId: string): number {
    return this.#limit.rowsMax(tableId)
  }

  /** Literal rows enter in the first epoch. */
  #start(): void {
    this.#started = true
    for (const { plan, receiver } of this.#values) {
      if (this.#past.has(plan)) continue
      const builder = new BatchBuilder(plan.schema)
      for (const row of plan.rows) builder.append(row)
      if (plan.rows.length > 0) receiver.batch(builder.finish())
      receiver.watermark(Infinity)
    }
  }

  /** The epoch clock at which something is due without a new row; Infinity if nothing is. */
  dueUs(): number {
    if (!this.#started) return -Infinity
    const due = this.#stages.map((stage) => stage.operator.dueUs?.() ?? Infinity)
    return Math.min(Infinity, ...due, ...this.#clocked.map((stage) => this.#clockOf(stage)))
  }

  /** The clock at which a stage acts that waits for the clock. If that has passed, something else
   *  holds its watermark back, and it is looked at again after a while. */
  #clockOf({ operator }: Stage): number {
    const actsAtUs = operator.actsAtUs?.() ?? Infinity
    const clockUs = Math.ceil(actsAtUs / CLOCK_STEP_US) * CLOCK_STEP_US
    return clockUs > this.#clock.nowUs ? clockUs : this.#clock.nowUs + CLOCK_RETRY_US
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

  /** Another plan under the same clock, which has not begun. */
  withPlan(plan: QueryPlan): Pipeline {
    return new Pipeline(plan, { clock: this.#epochClock, batchRowsMax: this.batchRowsMax })
  }

  /** The operator of a part of this plan; undefined for a leaf. */
  operatorAt(part: Plan): Operator | undefined {
    return this.#stageOf.get(part)?.operator
  }

  /** How far time has come in what the part gives. */
  watermarkAt(part: Plan): number {
    if (part.kind === 'values') return Infinity
    return this.#stageOf.get(part)?.watermarkUs ?? -Infinity
  }

  /** The state of one part; undefined for a leaf. */
  stateAt(part: Plan): StageState | undefined {
    const stage = this.#stageOf.get(part)
    if (stage === undefined) return undefined
    const { name, watermarkUs, operator } = stage
    return { name, watermarkUs, sections: operator.snapshot() }
  }

  /** Goes on with a part where another pipeline has come with it. */
  takePart(part: Plan, state: StageState | undefined): void {
    if (state !== undefined) this.#stageOf.get(part)!.restore(state.sections, state.watermarkUs)
    else if (part.kind === 'values') this.#past.add(part)
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

/** Where a form of the table has the columns that the plan reads. */
function columnsIn({ table, columns }: SourcePlan, form: TableSpec): number[] {
  const ids = columnIds(table)
  const known = columnIds(form)
  return columns.map((column) => known.indexOf(ids[column]))
}

const WAITING_ROWS_MAX = 65_536
/** Processing time is in whole milliseconds. */
const CLOCK_STEP_US = 1000
const CLOCK_RETRY_US = 1_000_000

function requestOf(plan: OperatorPlan): LookupRequest {
  if (plan.kind !== 'lookup-join') fail('INTERNAL', `${plan.kind} asks outside`)
  const { table, keys, columns } = plan.node
  return { table: table as TableSpec, keys, columns }
}

/** Whether processing time begins at or below this operator. */
function isClocked(plan: OperatorPlan): boolean {
  for (const { kind } of nodesOf(plan)) if (kind === 'processing-time') return true
  return false
}

const reportOf = (rowsOut: number, watermarkUs: number): NodeReport => ({
  ...{ rowsIn: 0, rowsOut, busyMs: 0, stateRows: 0, stateBytes: 0, watermarkUs },
})

function reportOfStage(stage: Stage): NodeReport {
  const { rowsIn, rowsOut, busyMs, watermarkUs } = stage
  const { rows, bytes } = stage.operator.stateSize()
  return { rowsIn, rowsOut, busyMs, stateRows: rows, stateBytes: bytes, watermarkUs }
}
