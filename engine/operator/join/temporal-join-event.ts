/** The temporal join in event time: a left row meets the version that was valid at its time.
 *
 *  State: the versions of each key from the earliest time that a left row can still have, and the
 *  left rows until the watermarks have passed their time. Both are let go as time goes on.
 *  A right row is a version from its time on, one that comes late from the watermark on that it
 *  came after; a retraction without a new version ends the last one at the watermark. So what a
 *  left row meets depends on times and marks alone, not on how the inputs interleave.
 *  Output: each left row once, when its time is over: append-only over append-only left rows.
 *  O(log rows waiting) per row. */

import { Batch } from '../../batch/batch.ts'
import { Arrangement } from '../../state/arrangement.ts'
import { timesOf } from '../../state/times.ts'
import { type Version, Versions } from '../../state/versions.ts'
import { allRows } from '../group/group-rows.ts'
import type { TemporalJoinNode } from '../nodes.ts'
import type { Operator, OperatorContext, Output, Section } from '../operator.ts'
import { rowOrder } from '../ordered/ordered-columns.ts'
import { JoinGroups } from './join-groups.ts'
import { compileFindGroups, type FindGroups } from './join-keys.ts'
import { LEFT, RIGHT } from './join-single.ts'
import { TemporalMatches } from './temporal-join-matches.ts'

type EventTime = Extract<TemporalJoinNode['time'], { kind: 'event' }>

export class EventTimeJoin implements Operator {
  readonly #time: EventTime
  readonly #context: OperatorContext
  readonly #groups: JoinGroups
  readonly #waiting: Arrangement
  readonly #versions: Versions
  readonly #find: readonly FindGroups[]
  readonly #matches: TemporalMatches
  /** 1 if what is valid just before a left row's time counts; times are whole microseconds. */
  readonly #backUs: number
  readonly #watermarks: [number, number] = [-Infinity, -Infinity]
  /** Changes of the right side, until the epoch's end says what they come to. */
  #changes: Batch[] = []

  constructor(node: TemporalJoinNode, time: EventTime, context: OperatorContext) {
    this.#time = time
    this.#context = context
    this.#backUs = node.before === true ? 1 : 0
    const [left, right] = context.inputs
    this.#groups = new JoinGroups(node.leftKeys, [-1, -1, -1])
    const { table, firstPlace } = this.#groups
    this.#waiting = new Arrangement({
      schema: left.schema,
      table,
      heads: firstPlace,
      indexed: !left.appendOnly,
      tracked: true,
      counted: false,
      timeColumn: time.leftTime,
    })
    this.#versions = new Versions({
      schema: right.schema,
      table,
      first: firstPlace + 1,
      last: firstPlace + 2,
      ties: node.ties === 'greatest' ? rowOrder(right.schema) : (node.ties ?? 'last'),
    })
    const nullSafe = node.nullSafe ?? node.leftKeys.map(() => false)
    const find = (keys: TemporalJoinNode['leftKeys'], schema: Batch['schema']) =>
      compileFindGroups({ keys, nullSafe, schema, insert: true })
    this.#find = [find(node.leftKeys, left.schema), find(node.rightKeys, right.schema)]
    this.#matches = new TemporalMatches(node, context)
  }

  batch(input: number, batch: Batch): void {
    if (input === LEFT) this.#leftBatch(batch)
    else this.#changes.push(this.#marked(batch))
  }

  #groupsOf(input: number, batch: Batch, rows: Int32Array, n: number): Int32Array {
    const groups = new Int32Array(n)
    this.#find[input](batch, this.#groups.table, rows, n, groups, this.#context.clock)
    return groups
  }

  #leftBatch(batch: Batch): void {
    const times = timesOf(batch.columns[this.#time.leftTime], 0, batch.rowCount)
    const rows = new Int32Array(batch.rowCount)
    const late: number[] = []
    let n = 0
    for (let i = 0; i < batch.rowCount; i++) {
      if (times[i] < this.#markOf(LEFT, batch, i)) late.push(i)
      else rows[n++] = i
    }
    if (late.length > 0) this.#context.late(batch.keep(Int32Array.from(late), late.length))
    const groups = this.#groupsOf(LEFT, batch, rows, n)
    // Without a time no version is valid.
    for (let j = 0; j < n; j++) if (Number.isNaN(times[rows[j]])) groups[j] = -1
    this.#waiting.insert(batch, rows, n, groups)
  }

  /** What is below this came late. */
  #markOf(input: number, { watermarks }: Batch, row: number): number {
    const passed = this.#watermarks[input]
    return watermarks === null ? passed : Math.max(passed, watermarks[row])
  }

  /** The batch of the right side with the marks that hold now: it waits for the epoch's end. */
  #marked(batch: Batch): Batch {
    const { schema, columns, rowCount, weights, origin } = batch
    const marks = Float64Array.from({ length: rowCount }, (_, row) =>
      this.#markOf(RIGHT, batch, row),
    )
    return new Batch(schema, columns, rowCount, weights, marks, origin)
  }

  /** Adds rows of a marked batch as versions. */
  #addVersions(batch: Batch, rows: readonly number[]): void {
    const picked = Int32Array.from(rows)
    const n = rows.length
    const times = timesOf(batch.columns[this.#time.rightTime], 0, batch.rowCount)
    const groups = this.#groupsOf(RIGHT, batch, picked, n)
    const versions: Version[] = []
    for (let j = 0; j < n; j++) {
      const row = picked[j]
      const timeUs = times[row]
      if (groups[j] < 0 || Number.isNaN(timeUs)) continue
      const fromUs = Math.max(timeUs, batch.watermarks![row])
      versions.push({ row, group: groups[j], timeUs, fromUs, ends: false })
    }
    const late = this.#versions.insert(batch, versions)
    if (late.length > 0) this.#context.late(batch.keep(Int32Array.from(late), late.length))
  }

  /** An epoch's changes of the right side, in their order. */
  #applyChanges(): void {
    const changes = this.#changes
    this.#changes = []
    for (const batch of changes) this.#applyInOrder(batch)
  }

  /** Every new row is a version, and every removal ends one. */
  #applyInOrder(batch: Batch): void {
    const { rowCount, weights } = batch
    if (weights === null) {
      this.#addVersions(batch, [...allRows(rowCount).subarray(0, rowCount)])
      return
    }
    for (let from = 0, to = 0; from < rowCount; from = to) {
      const rows: number[] = []
      while (to < rowCount && weights[to] > 0 === weights[from] > 0) rows.push(to++)
      if (weights[from] > 0) this.#addVersions(batch, rows)
      else this.#endVersions(batch, rows)
    }
  }

  #endVersions(batch: Batch, rows: readonly number[]): void {
    const times = timesOf(batch.columns[this.#time.rightTime], 0, batch.rowCount)
    const groups = this.#groupsOf(RIGHT, batch, Int32Array.from(rows), rows.length)
    const ends: Version[] = []
    rows.forEach((row, j) => {
      if (groups[j] < 0 || Number.isNaN(times[row])) return
      if (!this.#versions.isLatest(groups[j], batch, row)) return
      const timeUs = Math.max(times[row], batch.watermarks![row])
      ends.push({ row, group: groups[j], timeUs, fromUs: timeUs, ends: true })
    })
    this.#versions.insert(batch, ends)
  }

  watermark(input: number, watermarkUs: number): void {
    this.#watermarks[input] = watermarkUs
  }

  /** Left rows below this time know their version, and no other one below it will come. */
  get #doneUs(): number {
    return Math.min(...this.#watermarks)
  }

  epoch(out: Output): void {
    this.#applyChanges()
    this.#tell(out)
    this.#versions.forget(this.#doneUs - this.#backUs)
    this.#waiting.tidy()
    this.#versions.tidy()
    this.#groups.tidy([this.#waiting, this.#versions])
    if (this.#doneUs > -Infinity) out.watermark(this.#doneUs)
  }

  #tell(out: Output): void {
    const waiting = this.#waiting
    const versions = this.#versions
    const matches = this.#matches
    const { view } = waiting.rows
    matches.begin(
      view,
      versions.rows.view.withColumns(this.#context.inputs[RIGHT].schema, this.#columns()),
    )
    for (let i = 0; i < waiting.touchedCount; i++) {
      const slot = waiting.touched[i]
      const delta = waiting.deltas[slot]
      if (waiting.groups[slot] < 0 && delta !== 0) matches.row(slot, delta)
    }
    waiting.settle()
    waiting.expire(this.#doneUs, (slot) => {
      const weight = waiting.rows.weights[slot]
      matches.row(slot, weight)
      const version = versions.at(waiting.groups[slot], waiting.times[slot] - this.#backUs)
      if (version >= 0) matches.pair(slot, version, weight, out)
    })
    matches.end(out)
  }

  /** The right side's own columns of the versions. */
  #columns() {
    return this.#versions.rows.view.columns.slice(
      0,
      this.#context.inputs[RIGHT].schema.fields.length,
    )
  }

  snapshot(): Section[] {
    const marks = Float64Array.from(this.#watermarks)
    const version = this.#context.clock.epoch
    return [
      { name: 'watermarks', version, bytes: new Uint8Array(marks.buffer) },
      ...this.#waiting.rows.snapshot('left-'),
      ...this.#versions.rows.snapshot('right-'),
    ]
  }

  restore(sections: readonly Section[]): void {
    const marks = sections.find((section) => section.name === 'watermarks')
    if (marks === undefined) return
    const [left, right] = new Float64Array(marks.bytes.slice().buffer)
    this.#watermarks[0] = left
    this.#watermarks[1] = right
    const find =
      (input: number) => (batch: Batch, rows: Int32Array, n: number, groups: Int32Array) =>
        this.#find[input](batch, this.#groups.table, rows, n, groups, this.#context.clock)
    this.#waiting.restore('left-', sections, find(LEFT))
    this.#versions.restore('right-', sections, find(RIGHT))
  }

  stateSize() {
    return {
      rows: this.#waiting.rows.live + this.#versions.rows.live,
      bytes: this.#waiting.bytes + this.#versions.bytes + this.#groups.table.bytes,
    }
  }
}
