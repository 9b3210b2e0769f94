/** Window functions over event time: a row is said once, when the watermark has passed all that its
 *  frames can hold, in order of time; the output is append-only.
 *
 *  State: per partition the rows that wait, and those before them that a later frame may hold; one
 *  row of slots for each function whose frame begins with the partition. A stored row has weight 1
 *  while it waits and 2 once it was said.
 *  A row is late if the watermark, or that of its own split, was past it. */

import type { Batch } from '../../batch/batch.ts'
import { LastTouched } from '../../state/last-touched.ts'
import { OrderedSlots } from '../../state/ordered-slots.ts'
import { TimeHeap } from '../../state/time-heap.ts'
import { timesOf } from '../../state/times.ts'
import type { OverNode } from '../nodes.ts'
import type { OperatorContext, Output, Section, StateSize } from '../operator.ts'
import { OrderedRows } from '../ordered/ordered-rows.ts'
import { orderedBy } from '../rank/rank-state.ts'
import { needOf, type OverNeed, targetsOf } from './over-need.ts'
import { OverPartitions } from './over-partitions.ts'
import { OverProgram } from './over-program.ts'
import type { OverState } from './over-state.ts'
import type { Stretch } from './over-stretch.ts'

const WAITS = 1
const SAID = 2

const SWEEP_MIN = 1024

export class OverTime implements OverState {
  readonly #node: OverNode
  readonly #context: OperatorContext
  readonly #rows: OrderedRows
  readonly #program: OverProgram
  readonly #need: OverNeed
  readonly #partitions = new OverPartitions()
  /** Rows above the watermark. */
  readonly #coming = new TimeHeap()
  /** Rows below the watermark that wait for rows behind them. */
  readonly #held = new TimeHeap()
  /** Rows that were said and are kept for later frames of a certain length in time. */
  readonly #kept = new TimeHeap()
  /** By slot. */
  #partitionOf: number[] = []
  /** Partitions with rows in `held`. */
  readonly #holding = new Set<number>()
  #closedUs = -Infinity
  #version = 0
  /** Partitions are swept when they are more than this. */
  #sweepAt = SWEEP_MIN
  readonly #lastTouched: LastTouched | undefined

  constructor(node: OverNode, context: OperatorContext) {
    this.#node = node
    this.#context = context
    const { clock, inputs } = context
    this.#rows = new OrderedRows({ ...orderedBy(node, context), indexed: false })
    this.#program = new OverProgram({
      node,
      input: inputs[0].schema,
      rows: this.#rows,
      clock,
      carries: true,
    })
    this.#need = needOf(node, this.#program)
    this.#lastTouched = node.stateTtlUs ? new LastTouched(node.stateTtlUs) : undefined
  }

  add(batch: Batch): void {
    this.#version++
    const times = timesOf(batch.columns[this.#node.timeColumn!], 0, batch.rowCount)
    const { rows, late } = this.#onTime(batch, times)
    if (late.length > 0) this.#context.late(batch.keep(Int32Array.from(late), late.length))
    if (rows.length === 0) return
    const partitions = this.#rows.partitionsOf(batch)
    for (const row of rows) this.#renew(partitions[row])
    const first = this.#rows.append(batch, Int32Array.from(rows), rows.length)
    rows.forEach((row, j) => {
      this.#partitionOf[first + j] = partitions[row]
      this.#partitions.list(partitions[row]).insert(first + j, this.#rows.order)
      this.#coming.push(times[row], first + j)
    })
  }

  /** A partition that comes again after its time begins anew, unless rows of it wait. */
  #renew(partition: number): void {
    const touched = this.#lastTouched
    if (touched === undefined) return
    const { nowUs } = this.#context.clock
    touched.makeRoom(this.#rows.partitions.hashes.length)
    if (touched.isExpired(partition, nowUs) && !this.#isWaiting(partition)) {
      for (const slot of this.#partitions.reset(partition)) this.#rows.store.kill(slot)
      for (const carried of this.#program.carried) carried?.reset(partition)
    }
    touched.touch(partition, nowUs)
  }

  #isWaiting(partition: number): boolean {
    return this.#partitions.said[partition] < this.#partitions.list(partition).length
  }

  #onTime({ watermarks }: Batch, times: Float64Array): { rows: number[]; late: number[] } {
    const rows: number[] = []
    const late: number[] = []
    times.forEach((time, row) => {
      const mark = Math.max(this.#closedUs, watermarks === null ? -Infinity : watermarks[row])
      // A row without a time has no place in the order, so it is never in time.
      if (time >= mark) rows.push(row)
      else late.push(row)
    })
    return { rows, late }
  }

  watermark(watermarkUs: number, out: Output): void {
    if (watermarkUs > this.#closedUs) {
      this.#closedUs = watermarkUs
      this.#version++
      this.#program.distance.refresh()
      this.#say(this.#ready(), out)
      this.#letGo()
      this.#closeWindows()
    }
    out.watermark(Math.min(watermarkUs, this.#heldUs()))
  }

  /** The partitions in which rows may have become final. */
  #ready(): Set<number> {
    // Who waits for rows is ready when a row comes; who waits for time, or for the end, may be now.
    const isWaited = this.#need.usBehind > 0 || this.#closedUs === Infinity
    const ready = new Set(isWaited ? this.#holding : [])
    const heap = this.#coming
    while (heap.firstUs < this.#closedUs) {
      const slot = heap.firstSlot
      ready.add(this.#partitionOf[slot])
      if (this.#need.waits) {
        this.#held.push(heap.firstUs, slot)
        this.#holding.add(this.#partitionOf[slot])
      }
      heap.pop()
    }
    return ready
  }

  #say(ready: ReadonlySet<number>, out: Output): void {
    const slots: number[] = []
    const stretches: Stretch[] = []
    for (const partition of ready) this.#stretch(partition, slots, stretches)
    if (stretches.length === 0) return
    const batch = this.#program.evaluate(Int32Array.from(slots), stretches)
    for (const stretch of stretches) this.#settle(stretch, slots)
    out.emit(inOrder(batch, this.#node.timeColumn!))
  }

  /** Adds the rows of a partition that are final, with all that is kept around them. */
  #stretch(partition: number, slots: number[], stretches: Stretch[]): void {
    const state = this.#partitions
    const all = state.list(partition).toArray()
    const said = state.said[partition]
    const to = targetsOf(this.#need, all, said, this.#closedUs, this.#rows, this.#timeOf)
    if (to <= said) {
      if (said === all.length) this.#holding.delete(partition)
      return
    }
    const first = slots.length
    const known =
      this.#closedUs === Infinity ? all.length : countBelow(all, this.#closedUs, this.#timeOf)
    for (let i = 0; i < known; i++) slots.push(all[i])
    stretches.push({
      partition,
      first,
      end: first + known,
      from: first + said,
      to: first + to,
      before: state.before[partition],
      ranksBefore: state.ranks[partition],
    })
  }

  readonly #timeOf = (slot: number): number => this.#program.distance.valueAt(slot)

  /** Notes that the targets of a stretch are said, and lets go of what no later frame holds. */
  #settle({ partition, first, from, to, end }: Stretch, slots: readonly number[]): void {
    const { store } = this.#rows
    for (let i = from; i < to; i++) {
      store.weights[slots[i]] = SAID
      store.touch(slots[i])
      if (this.#need.keepsUs !== undefined) this.#kept.push(this.#timeOf(slots[i]), slots[i])
    }
    this.#partitions.said[partition] = to - first
    if (to === end) this.#holding.delete(partition)
    this.#trim(partition)
  }

  #trim(partition: number): void {
    const state = this.#partitions
    const list = state.list(partition)
    const gone = this.#need.freeable(partition, state, list.toArray(), this.#closedUs, this.#timeOf)
    if (gone === 0) return
    const slots = list.shift(gone)
    state.pass(partition, slots, list.at(0), this.#rows)
    for (const slot of slots) this.#rows.store.kill(slot)
  }

  /** Lets go of rows that have become too old for any later frame. */
  #letGo(): void {
    const { keepsUs } = this.#need
    if (keepsUs !== undefined) {
      const old = new Set<number>()
      const heap = this.#kept
      while (heap.firstUs < this.#closedUs - keepsUs) {
        if (this.#rows.store.weights[heap.firstSlot] === SAID)
          old.add(this.#partitionOf[heap.firstSlot])
        heap.pop()
      }
      for (const partition of old) this.#trim(partition)
    }
    this.#tidy()
  }

  #tidy(): void {
    const slots = this.#rows.tidy((numberOf) => this.#partitions.renumber(numberOf))
    const partitions = this.#need.remembers ? false : this.#sweepPartitions()
    if (slots || partitions) this.#rebuild()
  }

  /** Forgets partitions of which no row is kept. */
  #sweepPartitions(): boolean {
    const { count } = this.#rows.partitions
    if (count <= this.#sweepAt) return false
    const empty = this.#partitions.countEmpty()
    const kept = this.#rows.tidyPartitions(empty, (p) => this.#partitions.list(p).length === 0)
    if (kept !== undefined) {
      this.#partitions.retain(kept)
      this.#lastTouched?.pick(kept)
    }
    this.#sweepAt = Math.max(SWEEP_MIN, this.#rows.partitions.count * 2)
    return kept !== undefined
  }

  /** The earliest row that is below the watermark and not said. */
  #heldUs(): number {
    const heap = this.#held
    while (heap.size > 0 && this.#rows.store.weights[heap.firstSlot] !== WAITS) heap.pop()
    return heap.firstUs
  }

  emit(): void {
    const { count } = this.#rows.partitions
    const isFresh = this.#lastTouched?.sweep(count, this.#context.clock.nowUs)
    if (isFresh === undefined) return
    this.#version++
    const isKept = Array.from({ length: count }, (_, p) => isFresh(p) || this.#isWaiting(p))
    this.#keepOnly((partition) => isKept[partition])
  }

  /** Forgets what was counted in windows that are over, once that is much. */
  #closeWindows(): void {
    const { windows, partitions } = this.#rows
    if (windows === undefined) return
    const edgeUs = this.#node.windowEnd!.session ? 0 : 1
    windows.passed(this.#closedUs + edgeUs)
    const { passedCount } = windows
    if (passedCount <= SWEEP_MIN || passedCount * 2 <= partitions.count) return
    const isKept = (p: number) => !windows.isPassed(p) || this.#isWaiting(p)
    this.#keepOnly(isKept)
  }

  #keepOnly(keeps: (partition: number) => boolean): void {
    const { count } = this.#rows.partitions
    this.#partitions.list(count - 1)
    for (let p = 0; p < count; p++) {
      if (keeps(p)) continue
      for (const slot of this.#partitions.reset(p)) this.#rows.store.kill(slot)
    }
    for (const carried of this.#program.carried) carried?.retain(keeps)
    const kept = this.#rows.retainPartitions(keeps)
    this.#partitions.retain(kept)
    this.#lastTouched?.pick(kept)
    this.#rows.tidy((numberOf) => this.#partitions.renumber(numberOf))
    this.#rebuild()
  }

  dueUs(): number {
    return this.#lastTouched?.dueUs(this.#rows.partitions.count) ?? Infinity
  }

  actsAtUs(): number {
    return this.#coming.firstUs + 1
  }

  /** Builds what hangs on the slots anew, from the lists. */
  #rebuild(): void {
    for (const heap of [this.#coming, this.#held, this.#kept]) heap.clear()
    this.#holding.clear()
    this.#partitionOf = []
    this.#program.distance.refresh()
    const { weights } = this.#rows.store
    this.#partitions.forEach((list, partition) => {
      for (const slot of list) {
        this.#partitionOf[slot] = partition
        this.#enter(slot, partition, weights[slot])
      }
    })
  }

  #enter(slot: number, partition: number, weight: number): void {
    const time = this.#timeOf(slot)
    if (weight === SAID) {
      if (this.#need.keepsUs !== undefined) this.#kept.push(time, slot)
    } else if (time >= this.#closedUs) this.#coming.push(time, slot)
    else {
      this.#held.push(time, slot)
      this.#holding.add(partition)
    }
  }

  snapshot(): readonly Section[] {
    const version = this.#version
    const closed = new Uint8Array(Float64Array.of(this.#closedUs).buffer)
    return [
      ...this.#rows.snapshot(),
      { name: 'closed', version, bytes: closed },
      { name: 'partitions', version, bytes: this.#rows.partitions.snapshot() },
      { name: 'passed', version, bytes: this.#partitions.snapshot() },
      ...this.#program.snapshot(version),
      ...this.#windowsSection(version),
      ...this.#touchedSection(version),
    ]
  }

  #windowsSection(version: number): Section[] {
    const { windows } = this.#rows
    return windows === undefined ? [] : [{ name: 'windows', version, bytes: windows.snapshot() }]
  }

  #touchedSection(version: number): Section[] {
    if (this.#lastTouched === undefined) return []
    const all = Array.from({ length: this.#rows.partitions.count }, (_, p) => p)
    return [{ name: 'touched', version, bytes: this.#lastTouched.snapshot(all) }]
  }

  restore(sections: readonly Section[]): void {
    const find = (name: string) => sections.find((section) => section.name === name)
    const closed = find('closed')
    if (closed === undefined) return
    this.#version = closed.version
    this.#closedUs = new Float64Array(closed.bytes.slice().buffer)[0]
    this.#rows.partitions.restore(find('partitions')!.bytes)
    this.#partitions.restore(find('passed')!.bytes)
    const windows = find('windows')
    if (windows !== undefined) this.#rows.windows?.restore(windows.bytes)
    this.#program.restore(sections)
    const touched = find('touched')
    if (touched !== undefined) this.#lastTouched?.restore(touched.bytes)
    const slots: number[][] = []
    this.#rows.restore(sections, (slot, partition) => {
      slots[partition] ??= []
      slots[partition].push(slot)
      if (this.#rows.store.weights[slot] === SAID) this.#partitions.said[partition]++
    })
    slots.forEach((own, partition) => {
      this.#partitions.setList(partition, OrderedSlots.of(own, this.#rows.order))
    })
    this.#rebuild()
  }

  stateSize(): StateSize {
    const { store, bytes } = this.#rows
    const heaps = this.#coming.bytes + this.#held.bytes + this.#kept.bytes
    const own = this.#partitions.bytes + this.#program.bytes + this.#partitionOf.length * 8
    return { rows: store.live, bytes: bytes + heaps + own }
  }
}

/** How many of the slots have a time below the limit; they are in order of time. */
function countBelow(
  slots: readonly number[],
  limitUs: number,
  timeOf: (slot: number) => number,
): number {
  let [low, high] = [0, slots.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (timeOf(slots[middle]) >= limitUs) high = middle
    else low = middle + 1
  }
  return low
}

/** The rows in order of time; those of one time keep their order. */
function inOrder(batch: Batch, timeColumn: number): Batch {
  const times = timesOf(batch.columns[timeColumn], 0, batch.rowCount)
  let isOrdered = true
  for (let i = 1; i < times.length; i++) isOrdered &&= times[i - 1] <= times[i]
  if (isOrdered) return batch
  const order = Int32Array.from(times.keys()).sort((a, b) => times[a] - times[b] || a - b)
  return batch.keep(order, order.length)
}
