/** What every join keeps: the groups of its keys, an arrangement of rows per side, and how far time
 *  has come on either side. Lets rows go when no partner of theirs can come any more. */

import type { Batch } from '../../batch/batch.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import { compileProject, type Project } from '../../expr/compile-project.ts'
import type { Expr } from '../../expr/ir.ts'
import { Arrangement } from '../../state/arrangement.ts'
import type { GroupTable } from '../../state/group-table.ts'
import { timesOf } from '../../state/times.ts'
import { allRows } from '../group/group-rows.ts'
import type { OperatorContext, Section, StateSize } from '../operator.ts'
import { JoinGroups } from './join-groups.ts'
import { compileFindGroups, type FindGroups } from './join-keys.ts'
import type { JoinPlan } from './join-plan.ts'
import { LEFT, RIGHT, type Side } from './join-single.ts'
import { onTime } from './on-time.ts'

/** Positions in the table's arrays, behind those of the keys. */
export interface GroupPlaces {
  readonly heads: readonly [number, number]
  /** The sum of weights of a side's rows. */
  readonly weights: readonly [number, number]
  /** The same when the epoch began, and whether this epoch has touched the group. */
  readonly before: readonly [number, number]
  readonly mark: number
}

export class JoinState {
  readonly plan: JoinPlan
  readonly context: OperatorContext
  readonly #groups: JoinGroups
  readonly table: GroupTable
  readonly places: GroupPlaces
  readonly sides: readonly [Arrangement, Arrangement]
  /** The right side is kept as its keys alone. */
  readonly keysOnly: boolean
  /** Whether a row has partners is known of its group. */
  readonly grouped: boolean
  /** Groups of the rows that are being looked at; grows with them. */
  groups = new Int32Array(0)
  /** How far either input's watermark has come. */
  readonly watermarks: [number, number] = [-Infinity, -Infinity]
  readonly #find: readonly [FindGroups, FindGroups]
  readonly #lookup: [FindGroups | undefined, FindGroups | undefined] = [undefined, undefined]
  readonly #stored: readonly [FindGroups, FindGroups]
  readonly #project: Project

  constructor(plan: JoinPlan, context: OperatorContext) {
    this.plan = plan
    this.context = context
    const { leftKeys, rightKeys, nullAware, condition } = plan
    this.grouped = plan.tracked.includes(true) && !plan.counted
    this.#groups = new JoinGroups(leftKeys, [-1, -1, ...(this.grouped ? [0, 0, 0, 0, 0] : [])])
    this.table = this.#groups.table
    const at = this.#groups.firstPlace
    this.places = {
      heads: [at, at + 1],
      weights: [at + 2, at + 3],
      before: [at + 4, at + 5],
      mark: at + 6,
    }
    this.keysOnly = !plan.pairs && !plan.counted && condition === undefined
    // NOT IN: the NULLs of a side are a group like any other.
    const nullSafe = nullAware ? [true] : plan.nullSafe
    const [left, right] = context.inputs.map((input) => input.schema)
    const find = (keys: readonly Expr[], schema: Schema) =>
      compileFindGroups({ keys, nullSafe, schema, insert: true })
    this.#find = [find(leftKeys, left), find(rightKeys, right)]
    const keySchema = schemaOf(
      rightKeys.map(({ type }, i) => ({ name: `key${i}`, type, nullable: true })),
    )
    this.#project = compileProject(this.keysOnly ? rightKeys : [], right)
    const keyColumns = keySchema.fields.map(
      (field, index): Expr => ({ kind: 'column', index, ...field }),
    )
    this.#stored = [this.#find[0], this.keysOnly ? find(keyColumns, keySchema) : this.#find[1]]
    this.sides = [
      this.#arrangement(LEFT, left),
      this.#arrangement(RIGHT, this.keysOnly ? keySchema : right),
    ]
  }

  #arrangement(side: Side, schema: Schema): Arrangement {
    const { plan, context } = this
    const { interval, join } = plan.node
    const keysOnly = side === RIGHT && this.keysOnly
    return new Arrangement({
      schema,
      table: this.table,
      heads: this.places.heads[side],
      indexed: !context.inputs[side].appendOnly && !keysOnly,
      tracked: !keysOnly && !(join === 'inner' && plan.appendOnly),
      counted: plan.counted && plan.tracked[side],
      ttlUs: plan.ttlUs,
      timeColumn: interval && (side === LEFT ? interval.leftTime : interval.rightTime),
    })
  }

  /** Fills `groups` for the rows `rows[0..n)` of a side's batch. `insert` false: unknown keys get
   *  -1 and no group. */
  find(side: Side, batch: Batch, rows: Int32Array, n: number, insert = true): void {
    if (this.groups.length < n) this.groups = new Int32Array(Math.max(n, this.context.batchRowsMax))
    const find = insert ? this.#find[side] : this.#lookupOf(side)
    find(batch, this.table, rows, n, this.groups, this.context.clock)
    const { interval } = this.plan.node
    if (interval === undefined) return
    // A row without a time is in no interval: as a NULL in its key would, that leaves it alone.
    const { validity } = batch.columns[side === LEFT ? interval.leftTime : interval.rightTime]
    if (validity === null) return
    for (let j = 0; j < n; j++) {
      if (((validity[rows[j] >> 3] >> (rows[j] & 7)) & 1) === 0) this.groups[j] = -1
    }
  }

  #lookupOf(side: Side): FindGroups {
    const { leftKeys, rightKeys, nullSafe } = this.plan
    this.#lookup[side] ??= compileFindGroups({
      keys: side === LEFT ? leftKeys : rightKeys,
      nullSafe,
      schema: this.context.inputs[side].schema,
      insert: false,
    })
    return this.#lookup[side]
  }

  /** Keeps the rows that `find` was called for. */
  insert(side: Side, batch: Batch, rows: Int32Array, n: number): void {
    const arrangement = this.sides[side]
    if (side === LEFT || !this.keysOnly) {
      arrangement.insert(batch, rows, n, this.groups)
      return
    }
    const { schema } = arrangement.rows
    const keys = batch.withColumns(schema, this.#project(batch, this.context.clock))
    const known = this.#known(rows, n)
    arrangement.insertByGroup(keys, known.rows, known.n, known.groups)
  }

  /** Without the rows that have no group. */
  #known(rows: Int32Array, n: number) {
    const known = { rows: new Int32Array(n), groups: new Int32Array(n), n: 0 }
    for (let j = 0; j < n; j++) {
      if (this.groups[j] < 0) continue
      known.rows[known.n] = rows[j]
      known.groups[known.n++] = this.groups[j]
    }
    return known
  }

  /** With an interval: the batch without its late rows. A row is late if partners of its may be
   *  forgotten: its time is below the watermark that its split had when it came, or that its input
   *  has had. */
  onTime(side: Side, batch: Batch): Batch {
    const { interval } = this.plan.node
    if (interval === undefined) return batch
    const time = side === LEFT ? interval.leftTime : interval.rightTime
    return onTime(batch, time, this.watermarks[side], this.context.late)
  }

  /** Rows of a side with a time below this have met all their partners, and are not retracted. */
  limitUs(side: Side): number {
    const other = this.watermarks[1 - side]
    const own = this.context.inputs[side].appendOnly ? Infinity : this.watermarks[side]
    const { interval } = this.plan.node
    if (interval === undefined) return Math.min(own, other === Infinity ? Infinity : -Infinity)
    return Math.min(own, other - (side === LEFT ? interval.upperUs : -interval.lowerUs))
  }

  /** The watermark that the output can promise: a new row of one side may meet the oldest partner
   *  that is still kept of the other. */
  get outputUs(): number {
    const [left, right] = this.watermarks
    const { interval } = this.plan.node
    if (interval === undefined) return Math.min(left, right)
    return Math.min(left + Math.min(0, interval.lowerUs), right - Math.max(0, interval.upperUs))
  }

  /** Forgets the rows whose time is over. Before rows of an epoch are looked at. */
  forget(): void {
    if (this.plan.ttlUs === undefined) return
    for (const side of this.sides) side.forget(this.context.clock.nowUs)
  }

  /** With an interval: the times of a side's batch; NaN where there is none. */
  timesOf(side: Side, batch: Batch): Float64Array {
    const { leftTime, rightTime } = this.plan.node.interval!
    return timesOf(batch.columns[side === LEFT ? leftTime : rightTime], 0, batch.rowCount)
  }

  /** Fills `found` of the other side with the partners that a row at `timeUs` may have, and returns
   *  how many they are. */
  partnersOf(side: Side, group: number, timeUs: number): number {
    const other = this.sides[1 - side]
    const { interval } = this.plan.node
    if (interval === undefined) return other.members(group)
    // right time - left time is in [lowerUs, upperUs].
    return side === LEFT
      ? other.members(group, timeUs + interval.lowerUs, timeUs + interval.upperUs)
      : other.members(group, timeUs - interval.upperUs, timeUs - interval.lowerUs)
  }

  /** A row meets the other side's rows of its key; unless all that counts is whether there are
   *  any. */
  fanOut(input: number): number {
    return this.plan.pairs || this.plan.counted ? this.sides[1 - input].longest : 1
  }

  /** When rows should be forgotten if none come. */
  dueUs = (): number => Math.min(...this.sides.map((side) => side.arrivals?.dueUs ?? Infinity))

  /** Ends an epoch: sweeps what is dead. */
  tidy(): void {
    for (const side of this.sides) {
      side.arrivals?.note(side.rows.count, this.context.clock.nowUs)
      side.tidy()
    }
    this.#groups.tidy(this.sides)
  }

  snapshot(): Section[] {
    const marks = Float64Array.from(this.watermarks)
    return [
      {
        name: 'watermarks',
        version: this.context.clock.epoch,
        bytes: new Uint8Array(marks.buffer),
      },
      ...this.sides[0].rows.snapshot('left-'),
      ...this.sides[1].rows.snapshot('right-'),
      ...this.#arrivals(),
    ]
  }

  #arrivals(): Section[] {
    const version = this.context.clock.epoch
    return this.sides.flatMap(({ arrivals }, side) =>
      arrivals === undefined
        ? []
        : [{ name: `arrivals-${side}`, version, bytes: arrivals.snapshot() }],
    )
  }

  restore(sections: readonly Section[]): void {
    const marks = sections.find((section) => section.name === 'watermarks')
    if (marks === undefined) return
    const [left, right] = new Float64Array(marks.bytes.slice().buffer)
    this.watermarks[0] = left
    this.watermarks[1] = right
    this.sides.forEach((side, i) => {
      side.restore(i === LEFT ? 'left-' : 'right-', sections, (batch, rows, n, groups) =>
        this.#stored[i](batch, this.table, rows, n, groups, this.context.clock),
      )
      const arrivals = sections.find((section) => section.name === `arrivals-${i}`)
      if (arrivals !== undefined) side.arrivals?.restore(arrivals.bytes)
      if (this.grouped) this.#weighGroups(i)
    })
  }

  #weighGroups(side: number): void {
    const sums = this.table.arrays[this.places.weights[side]] as Int32Array
    const { rows, groups } = this.sides[side]
    for (let slot = 0; slot < rows.count; slot++) {
      if (rows.weights[slot] !== 0) sums[groups[slot]] += rows.weights[slot]
    }
  }

  /** Rows of a batch, as a list. */
  allRows = (batch: Batch): Int32Array => allRows(batch.rowCount)

  stateSize(): StateSize {
    const [left, right] = this.sides
    return {
      rows: left.rows.live + right.rows.live,
      bytes: left.bytes + right.bytes + this.table.bytes,
    }
  }
}
