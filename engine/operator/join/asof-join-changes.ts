/** The ASOF join over rows in any order and over updating inputs.
 *
 *  State: the rows of both sides, per key in the order of the compared value, and the match of each
 *  left row. With times, a left row goes when both watermarks have passed it and its match, and a
 *  right row when no left row can come to it any more.
 *  Delta: at the end of an epoch the left rows between a changed right row and the next one get
 *  their match anew; what was said of a row is taken back only if its match is another one. Of
 *  append-only inputs with times each left row is said once, when it goes.
 *  O(log rows of the key) per change, and the left rows whose match changes. */

import type { Batch } from '../../batch/batch.ts'
import { consolidate } from '../../batch/consolidate.ts'
import { grownInts } from '../../state/grown.ts'
import { TimeHeap } from '../../state/time-heap.ts'
import { timesOf } from '../../state/times.ts'
import type { AsofJoinNode } from '../nodes.ts'
import type { Operator, OperatorContext, Output, Section } from '../operator.ts'
import { AsofMatches } from './asof-matches.ts'
import { AsofSide } from './asof-side.ts'
import { JoinGroups } from './join-groups.ts'
import { compileFindGroups, type FindGroups } from './join-keys.ts'
import { JoinPairs } from './join-pairs.ts'
import { JoinSingles, LEFT, RIGHT } from './join-single.ts'
import { onTime } from './on-time.ts'

const NONE = -1
/** Of a row of which nothing is known yet. */
const UNKNOWN = -2

export class AsofChanges implements Operator {
  readonly #node: AsofJoinNode
  readonly #context: OperatorContext
  readonly #groups: JoinGroups
  readonly #find: readonly FindGroups[]
  readonly #sides: readonly [AsofSide, AsofSide]
  readonly #matches: AsofMatches
  readonly #pairs: JoinPairs
  readonly #singles: JoinSingles | undefined
  /** Each left row is said once, when nothing can change it any more. */
  readonly #final: boolean
  readonly #looksBack: boolean
  /** Per left slot: the right slot that it is matched with, or NONE. */
  #matched = new Int32Array(0)
  #waiting: [Batch[], Batch[]] = [[], []]
  readonly #watermarks: [number, number] = [-Infinity, -Infinity]
  /** Left slots by when they are final, and by their times; right slots by theirs. */
  readonly #due = new TimeHeap()
  readonly #leftTimes = new TimeHeap()
  readonly #rightTimes = new TimeHeap()

  constructor(node: AsofJoinNode, context: OperatorContext) {
    const [left, right] = context.inputs
    const { schema: output, batchRowsMax, clock } = context
    this.#node = node
    this.#context = context
    this.#looksBack = node.comparison.startsWith('>')
    this.#final = node.time !== undefined && left.appendOnly && right.appendOnly
    this.#groups = new JoinGroups(node.leftKeys, [])
    const find = (keys: AsofJoinNode['leftKeys'], schema: Batch['schema']) =>
      compileFindGroups({ keys, nullSafe: node.nullSafe, schema, insert: true })
    this.#find = [find(node.leftKeys, left.schema), find(node.rightKeys, right.schema)]
    const side = (input: 0 | 1) =>
      new AsofSide({
        schema: context.inputs[input].schema,
        value: input === LEFT ? node.leftValue : node.rightValue,
        falling: !this.#looksBack,
        indexed: !context.inputs[input].appendOnly,
        clock,
      })
    this.#sides = [side(LEFT), side(RIGHT)]
    this.#matches = new AsofMatches(node, ...this.#sides)
    const shape = { output, batchRowsMax, plain: this.#final }
    this.#pairs = new JoinPairs({
      ...{ ...shape, left: left.schema, right: right.schema, condition: undefined },
      ...{ clock, silent: false },
    })
    this.#singles =
      node.join === 'left'
        ? new JoinSingles({ ...shape, side: LEFT, missing: right.schema })
        : undefined
  }

  batch(input: number, arrived: Batch): void {
    const { time } = this.#node
    const column = input === LEFT ? time?.leftTime : time?.rightTime
    const batch =
      column === undefined
        ? arrived
        : onTime(arrived, column, this.#watermarks[input], this.#context.late)
    if (batch.rowCount > 0) this.#waiting[input].push(batch)
  }

  watermark(input: number, watermarkUs: number): void {
    this.#watermarks[input] = watermarkUs
  }

  epoch(out: Output): void {
    if (this.#waiting[LEFT].length + this.#waiting[RIGHT].length > 0) this.#apply(out)
    if (this.#node.time !== undefined) this.#letGo(out)
    if (this.#doneUs === Infinity) this.#clear()
    this.#tidy()
    const watermarkUs = this.#outputUs()
    if (watermarkUs > -Infinity) out.watermark(watermarkUs)
  }

  #apply(out: Output): void {
    const gone: number[] = []
    const fresh: number[] = []
    const changed = new Map<number, number[]>()
    const change = (slot: number) => {
      const group = this.#sides[RIGHT].groups[slot]
      const slots = changed.get(group)
      if (slots === undefined) changed.set(group, [slot])
      else slots.push(slot)
    }
    const came = (slot: number) => {
      this.#track(RIGHT, slot)
      change(slot)
    }
    this.#take(RIGHT, { came, went: change }, out)
    this.#take(LEFT, { came: (slot) => fresh.push(slot), went: (slot) => gone.push(slot) }, out)
    this.#matched = grownInts(this.#matched, this.#sides[LEFT].rows.capacity)
    for (const slot of fresh) {
      this.#matched[slot] = UNKNOWN
      this.#track(LEFT, slot)
    }
    this.#fromViews()
    for (const slot of gone) this.#say(slot, this.#matched[slot], -1, out)
    for (const [group, slots] of changed) {
      this.#matches.affected(group, slots, (left, right) => this.#match(left, right, out))
    }
    for (const slot of fresh) {
      if (this.#matched[slot] === UNKNOWN) this.#match(slot, this.#matches.of(slot), out)
    }
    this.#pairs.flush(out)
    this.#flushSingles(out)
  }

  /** Brings an input's epoch into its side. Rows that match nothing, because their key or value is
   *  NULL, are not kept. */
  #take(input: 0 | 1, see: Parameters<AsofSide['apply']>[4], out: Output): void {
    const net = consolidate(this.#waiting[input], this.#context.inputs[input].schema)
    this.#waiting[input] = []
    if (net === null) return
    const side = this.#sides[input]
    const batch = side.extended(net)
    const values = side.valueOf(batch)
    const all = Int32Array.from({ length: net.rowCount }, (_, row) => row)
    const groups = new Int32Array(net.rowCount)
    this.#find[input](net, this.#groups.table, all, net.rowCount, groups, this.#context.clock)
    let n = 0
    for (let row = 0; row < net.rowCount; row++) {
      if (groups[row] >= 0 && !values.isNull(row)) {
        all[n] = row
        groups[n++] = groups[row]
      } else if (input === LEFT) this.#alone(net, row, out)
    }
    if (input === LEFT) this.#singles?.flush(net, out)
    side.apply(batch, all, n, groups, see)
  }

  #alone(batch: Batch, row: number, out: Output): void {
    const weight = batch.weights?.[row] ?? 1
    const times = this.#final ? weight : 1
    // Output without weights says a row as often as it came.
    for (let n = 0; n < times; n++) this.#singles?.add(batch, row, this.#final ? 1 : weight, out)
  }

  /** Notes a new row's time. */
  #track(input: 0 | 1, slot: number): void {
    if (this.#node.time === undefined) return
    const timeUs = this.#timeOf(input, slot)
    if (input === RIGHT) this.#rightTimes.push(timeUs, slot)
    else if (this.#looksBack) this.#due.push(timeUs, slot)
    else this.#leftTimes.push(timeUs, slot)
  }

  #timeOf(input: 0 | 1, slot: number): number {
    return timesOf(this.#sides[input].values, slot, slot + 1)[0]
  }

  #match(left: number, right: number, out: Output): void {
    const before = this.#matched[left]
    this.#matched[left] = right
    if (right === before) return
    if (!this.#looksBack && right !== NONE && this.#node.time !== undefined) {
      this.#due.push(this.#timeOf(RIGHT, right), left)
    }
    if (this.#final) return
    if (before >= 0 && right >= 0 && this.#sides[RIGHT].isSame(before, right)) return
    if (before !== UNKNOWN) this.#say(left, before, -1, out)
    this.#say(left, right, 1, out)
  }

  #say(left: number, right: number, weight: number, out: Output): void {
    if (right >= 0) this.#pairs.add(left, right, weight, out)
    else if (right === NONE) this.#singles?.add(this.#sides[LEFT].view, left, weight, out)
  }

  #fromViews(): void {
    this.#pairs.from(this.#sides[LEFT].view, this.#sides[RIGHT].view)
  }

  #flushSingles(out: Output): void {
    this.#singles?.flush(this.#sides[LEFT].view, out)
  }

  /** Left rows below this time are final if they are looked back for. */
  get #doneUs(): number {
    return Math.min(...this.#watermarks)
  }

  #letGo(out: Output): void {
    const left = this.#sides[LEFT]
    const doneUs = this.#doneUs
    this.#fromViews()
    // Whoever looks forth waits for what comes before its match.
    while (this.#due.firstUs < doneUs) {
      const [slot, timeUs] = [this.#due.firstSlot, this.#due.firstUs]
      this.#due.pop()
      if (left.rows.weights[slot] > 0 && this.#finalUs(slot) === timeUs) this.#finish(slot, out)
    }
    if (doneUs === Infinity) {
      for (let slot = 0; slot < left.rows.count; slot++) {
        if (left.rows.weights[slot] > 0) this.#finish(slot, out)
      }
    }
    this.#pairs.flush(out)
    this.#flushSingles(out)
    this.#forgetRight(doneUs)
  }

  /** Both inputs have ended. */
  #clear(): void {
    for (const side of this.#sides) side.clear()
    for (const heap of [this.#due, this.#leftTimes, this.#rightTimes]) heap.clear()
    this.#matched = new Int32Array(0)
  }

  #finalUs(left: number): number {
    if (this.#looksBack) return this.#timeOf(LEFT, left)
    const right = this.#matched[left]
    return right === NONE ? Infinity : this.#timeOf(RIGHT, right)
  }

  #finish(slot: number, out: Output): void {
    if (this.#final) this.#say(slot, this.#matched[slot], 1, out)
    this.#sides[LEFT].remove(slot)
  }

  /** Lets the right rows go to which no left row can come that is not below `doneUs`. */
  #forgetRight(doneUs: number): void {
    const right = this.#sides[RIGHT]
    while (this.#rightTimes.firstUs < doneUs) {
      const slot = this.#rightTimes.firstSlot
      this.#rightTimes.pop()
      if (right.rows.weights[slot] <= 0) continue
      const group = right.groups[slot]
      const before = right.firstFrom(group, right.values, slot, false)
      // The last one before is the match of the next left row.
      if (this.#looksBack) right.drop(group, before)
      else right.drop(group, right.firstFrom(group, right.values, slot, true))
    }
  }

  /** What the output can promise. */
  #outputUs(): number {
    const { weights } = this.#sides[LEFT].rows
    while (this.#leftTimes.size > 0 && weights[this.#leftTimes.firstSlot] <= 0) {
      this.#leftTimes.pop()
    }
    return Math.min(this.#doneUs, this.#leftTimes.firstUs)
  }

  #tidy(): void {
    const [left, right] = this.#sides
    const keptRight = right.tidy()
    if (keptRight !== undefined) this.#renumberMatches(keptRight)
    const keptLeft = left.tidy()
    if (keptLeft !== undefined) {
      const matched = new Int32Array(left.rows.capacity)
      keptLeft.forEach((old, slot) => {
        matched[slot] = this.#matched[old]
      })
      this.#matched = matched
    }
    if (keptLeft !== undefined || keptRight !== undefined) this.#trackAgain()
    const numbers = this.#groups.tidy(this.#sides)
    if (numbers === undefined) return
    left.renumberGroups(numbers)
    right.renumberGroups(numbers)
  }

  #renumberMatches(kept: Int32Array): void {
    const { rows } = this.#sides[LEFT]
    const places = new Map<number, number>()
    kept.forEach((old, slot) => {
      places.set(old, slot)
    })
    for (let slot = 0; slot < rows.count; slot++) {
      const match = this.#matched[slot]
      if (rows.weights[slot] > 0 && match >= 0) this.#matched[slot] = places.get(match)!
    }
  }

  #trackAgain(): void {
    if (this.#node.time === undefined) return
    for (const heap of [this.#due, this.#leftTimes, this.#rightTimes]) heap.clear()
    for (const input of [LEFT, RIGHT] as const) {
      const { rows } = this.#sides[input]
      for (let slot = 0; slot < rows.count; slot++) {
        if (rows.weights[slot] <= 0) continue
        this.#track(input, slot)
        if (input === LEFT && !this.#looksBack && this.#matched[slot] >= 0) {
          this.#due.push(this.#finalUs(slot), slot)
        }
      }
    }
  }

  snapshot(): Section[] {
    const marks = Float64Array.from(this.#watermarks)
    const version = this.#context.clock.epoch
    return [
      { name: 'watermarks', version, bytes: new Uint8Array(marks.buffer) },
      ...this.#sides[LEFT].rows.snapshot('left-'),
      ...this.#sides[RIGHT].rows.snapshot('right-'),
    ]
  }

  restore(sections: readonly Section[]): void {
    const marks = sections.find((section) => section.name === 'watermarks')
    if (marks === undefined) return
    const [leftUs, rightUs] = new Float64Array(marks.bytes.slice().buffer)
    this.#watermarks[LEFT] = leftUs
    this.#watermarks[RIGHT] = rightUs
    for (const input of [LEFT, RIGHT] as const) {
      this.#sides[input].restore(
        input === LEFT ? 'left-' : 'right-',
        sections,
        (batch, rows, n, groups) =>
          this.#find[input](batch, this.#groups.table, rows, n, groups, this.#context.clock),
      )
    }
    const { rows } = this.#sides[LEFT]
    this.#matched = new Int32Array(rows.capacity)
    for (let slot = 0; slot < rows.count; slot++) {
      if (rows.weights[slot] > 0) this.#matched[slot] = this.#matches.of(slot)
    }
    this.#trackAgain()
  }

  stateSize() {
    const [left, right] = this.#sides
    const heaps = this.#due.bytes + this.#leftTimes.bytes + this.#rightTimes.bytes
    return {
      rows: left.rows.live + right.rows.live,
      bytes: left.bytes + right.bytes + this.#matched.byteLength + heaps + this.#groups.table.bytes,
    }
  }
}
