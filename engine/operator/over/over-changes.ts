/** Window functions as a changelog, over any input.
 *
 *  State: all rows. At the end of an epoch the answers of the rows that a change may have altered
 *  are made twice, from the partition as it was and as it is; the difference is said. */

import type { Batch } from '../../batch/batch.ts'
import { consolidate } from '../../batch/consolidate.ts'
import { LastTouched } from '../../state/last-touched.ts'
import type { OrderedSlots } from '../../state/ordered-slots.ts'
import type { OverNode } from '../nodes.ts'
import type { OperatorContext, Output, Section, StateSize } from '../operator.ts'
import { emitDifference } from '../ordered/ordered-changes.ts'
import { OrderedLists } from '../ordered/ordered-lists.ts'
import { WindowRowsInTime } from '../ordered/window-rows-in-time.ts'
import { orderedBy } from '../rank/rank-state.ts'
import { OverProgram } from './over-program.ts'
import { affectedBy, changeOf, type Span, sourceOf } from './over-reach.ts'
import type { OverState } from './over-state.ts'
import type { Stretch } from './over-stretch.ts'

export class OverChanges implements OverState {
  readonly #node: OverNode
  readonly #context: OperatorContext
  readonly #lists: OrderedLists
  readonly #program: OverProgram
  #waiting: Batch[] = []
  /** The touched partitions as they were. */
  #before = new Map<number, Int32Array>()
  #heldUs = -Infinity
  readonly #lastTouched: LastTouched | undefined
  readonly #windows: WindowRowsInTime | undefined

  constructor(node: OverNode, context: OperatorContext) {
    this.#node = node
    this.#context = context
    this.#lastTouched = node.stateTtlUs ? new LastTouched(node.stateTtlUs) : undefined
    this.#windows = node.windowEnd && new WindowRowsInTime(node.windowEnd, context)
    this.#lists = new OrderedLists(orderedBy(node, context), this.#lastTouched !== undefined)
    this.#program = new OverProgram({
      node,
      input: context.inputs[0].schema,
      rows: this.#lists.rows,
      clock: context.clock,
      carries: false,
    })
  }

  add(batch: Batch): void {
    this.#waiting.push(this.#windows?.onTime(batch) ?? batch)
  }

  /** The rows of an epoch come at its end, so its watermark must wait for them. */
  watermark(watermarkUs: number): void {
    this.#heldUs = watermarkUs
  }

  readonly #touch = (partition: number, list: OrderedSlots): void => {
    if (this.#before.has(partition)) return
    this.#renew(partition)
    this.#before.set(partition, list.slice())
  }

  /** A partition that comes again after its time begins anew. */
  #renew(partition: number): void {
    const touched = this.#lastTouched
    if (touched === undefined) return
    const { nowUs } = this.#context.clock
    touched.makeRoom(this.#lists.rows.partitions.hashes.length)
    if (touched.isExpired(partition, nowUs)) this.#lists.clear(partition)
    touched.touch(partition, nowUs)
  }

  /** Nothing changes any more in a partition whose window is over. */
  #closeWindows(): void {
    if (this.#windows === undefined) return
    const passed = this.#lists.rows.windows!.passed(this.#windows.close(this.#heldUs))
    for (const partition of passed) this.#lists.clear(partition)
  }

  #forgetExpired(): void {
    const { count } = this.#lists.rows.partitions
    const keeps = this.#lastTouched?.sweep(count, this.#context.clock.nowUs)
    for (let p = 0; keeps !== undefined && p < count; p++) {
      if (keeps(p)) continue
      this.#lastTouched!.forget(p)
      this.#lists.clear(p)
    }
  }

  emit(out: Output): void {
    const net = consolidate(this.#waiting, this.#context.inputs[0].schema)
    this.#waiting = []
    if (net !== null) {
      this.#lists.apply(net, this.#touch)
      this.#say(out)
      this.#before = new Map()
    }
    this.#closeWindows()
    this.#forgetExpired()
    this.#lists.tidy((kept) => this.#lastTouched?.pick(kept))
    if (this.#heldUs > -Infinity) out.watermark(this.#heldUs)
  }

  actsAtUs(): number {
    return Infinity
  }

  #say(out: Output): void {
    const { calls } = this.#node
    const { distance } = this.#program
    distance.refresh()
    const [was, is] = [new Stretches(), new Stretches()]
    for (const [partition, before] of this.#before) {
      const after = this.#lists.list(partition).slice()
      const change = changeOf(before, after)
      const span = affectedBy(change, calls, distance)
      const old = { from: span.from, to: before.length - (after.length - span.to) }
      was.add(partition, before, old, sourceOf(old, before, calls, distance))
      is.add(partition, after, span, sourceOf(span, after, calls, distance))
    }
    emitDifference(this.#rowsOf(was), this.#rowsOf(is), out)
  }

  #rowsOf({ slots, stretches }: Stretches): Batch | null {
    if (stretches.length === 0) return null
    return this.#program.evaluate(Int32Array.from(slots), stretches)
  }

  dueUs(): number {
    return this.#lastTouched?.dueUs(this.#lists.rows.store.live) ?? Infinity
  }

  snapshot(): readonly Section[] {
    const sections = [...this.#lists.snapshot(), ...(this.#windows?.snapshot() ?? [])]
    if (this.#lastTouched === undefined) return sections
    const bytes = this.#lastTouched.snapshot(this.#lists.living())
    return [...sections, { name: 'touched', version: this.#context.clock.epoch, bytes }]
  }

  restore(sections: readonly Section[]): void {
    this.#lists.restore(sections)
    this.#windows?.restore(sections)
    const touched = sections.find((section) => section.name === 'touched')
    if (touched !== undefined) this.#lastTouched?.restore(touched.bytes)
  }

  stateSize(): StateSize {
    return this.#lists.stateSize()
  }
}

/** Stretches laid out one after the other. */
class Stretches {
  readonly slots: number[] = []
  readonly stretches: Stretch[] = []

  /** The rows `span` of a partition, made from the rows `source`. */
  add(partition: number, slots: Int32Array, span: Span, source: Span): void {
    if (span.from >= span.to) return
    const first = this.slots.length
    for (let i = source.from; i < source.to; i++) this.slots.push(slots[i])
    this.stretches.push({
      partition,
      first,
      end: this.slots.length,
      from: first + span.from - source.from,
      to: first + span.to - source.from,
      before: source.from,
      // Whoever counts different keys has the whole partition in the stretch.
      ranksBefore: 0,
    })
  }
}
