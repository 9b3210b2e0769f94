/** SESSION as a table function over rows that may be taken back: every row with the bounds of its
 *  session. A row that goes may split its session, one that comes may join two.
 *
 *  State: the rows of open sessions, per key in the order of their times; the sessions are what
 *  these lists come to. The rows come once, when their session is over; or (`speaksOpen`) at once,
 *  and again whenever the bounds of their session have changed: O(rows of the touched keys) per
 *  epoch. Late is who is late for a session's aggregate, also a row that takes another one back. */

import { Batch } from '../../batch/batch.ts'
import type { Expr } from '../../expr/ir.ts'
import { DueSlots } from '../../state/due-slots.ts'
import { grownCapacity, grownDoubles } from '../../state/grown.ts'
import type { OrderedSlots } from '../../state/ordered-slots.ts'
import { numberAt } from '../../state/times.ts'
import type { WindowNode } from '../nodes.ts'
import type { Operator, OperatorContext, Output, Section, StateSize } from '../operator.ts'
import { OrderedLists } from '../ordered/ordered-lists.ts'
import { rowsInTime } from './rows-in-time.ts'
import { boundsOfRows, WINDOW_TIME_LAG_US } from './window-columns.ts'
import { compileSliceStarts, type SliceStarts } from './window-start.ts'

export interface SessionRowsOptions extends Omit<WindowNode, 'window'> {
  readonly gapUs: number
}

/** Rows with the bounds of their sessions, side by side. */
class Bounded {
  readonly slots: number[] = []
  readonly starts: number[] = []
  readonly ends: number[] = []

  add(slot: number, startUs: number, endUs: number): void {
    this.slots.push(slot)
    this.starts.push(startUs)
    this.ends.push(endUs)
  }
}

interface Session {
  readonly slots: readonly number[]
  readonly startUs: number
  readonly endUs: number
}

export class SessionRowChanges implements Operator {
  readonly #context: OperatorContext
  readonly #gapUs: number
  readonly #speaksOpen: boolean
  readonly #assign: SliceStarts
  readonly #times: Float64Array
  readonly #lists: OrderedLists
  /** Per touched key: its rows when the epoch began. */
  readonly #touched = new Map<number, readonly number[]>()
  /** When the first session of a key may be over. */
  readonly #due = new DueSlots()
  #dues = new Float64Array(0)
  #closedUs = -Infinity

  constructor(options: SessionRowsOptions, context: OperatorContext) {
    const { timeColumn, gapUs, partitionBy = [], speaksOpen = false } = options
    const { schema } = context.inputs[0]
    const column = (index: number): Expr => ({ kind: 'column', index, ...schema.fields[index] })
    this.#context = context
    this.#gapUs = gapUs
    this.#speaksOpen = speaksOpen
    this.#assign = compileSliceStarts({ sliceUs: 1, offsetUs: 0 }, timeColumn, schema)
    this.#times = new Float64Array(context.batchRowsMax)
    this.#lists = new OrderedLists({
      input: schema,
      partitionBy: partitionBy.map(column),
      orderBy: [{ expr: column(timeColumn), descending: false, nullsFirst: false }],
      clock: context.clock,
      indexed: true,
    })
  }

  batch(_input: number, batch: Batch): void {
    const { clock, late: onLate } = this.#context
    this.#assign(batch, this.#times, clock)
    const { rows, late } = rowsInTime(batch, this.#times, this.#closedUs)
    if (late.length > 0) onLate(batch.keep(Int32Array.from(late), late.length))
    if (rows.length > 0) this.#lists.apply(batch.keep(rows, rows.length), this.#touch)
  }

  readonly #touch = (partition: number, list: OrderedSlots): void => {
    if (!this.#touched.has(partition)) this.#touched.set(partition, list.toArray())
  }

  /** Says what has become of the touched keys, and when they are to be looked at. */
  #tell(out: Output): void {
    const [gone, come] = [new Bounded(), new Bounded()]
    for (const [partition, before] of this.#touched) {
      const list = this.#lists.list(partition)
      if (list.length === 0) this.#due.drop(partition)
      else this.#awaits(partition, this.#timeOf(list.at(0)) + this.#gapUs)
      if (this.#speaksOpen) this.#compare(before, list.toArray(), gone, come)
    }
    this.#touched.clear()
    this.#emit(gone, come, out)
  }

  #awaits(partition: number, dueUs: number): void {
    const { length } = this.#dues
    if (partition >= length) {
      this.#dues = grownDoubles(this.#dues, grownCapacity(length, partition + 1))
    }
    this.#dues[partition] = dueUs
    this.#due.put(partition, dueUs)
  }

  #timeOf(slot: number): number {
    return numberAt(this.#lists.rows.keyColumn(0)!, slot)
  }

  /** The sessions of rows that are in order. */
  *#sessions(slots: readonly number[]): Generator<Session> {
    for (let from = 0; from < slots.length; ) {
      const startUs = this.#timeOf(slots[from])
      let endUs = startUs + this.#gapUs
      let to = from + 1
      for (; to < slots.length; to++) {
        const timeUs = this.#timeOf(slots[to])
        if (timeUs > endUs) break
        endUs = timeUs + this.#gapUs
      }
      yield { slots: slots.slice(from, to), startUs, endUs }
      from = to
    }
  }

  /** What a list of rows was, against what it is: rows that are in both with the same bounds are no
   *  change. */
  #compare(
    before: readonly number[],
    after: readonly number[],
    gone: Bounded,
    come: Bounded,
  ): void {
    const was = new Map<number, Session>()
    for (const session of this.#sessions(before)) {
      for (const slot of session.slots) was.set(slot, session)
    }
    for (const { slots, startUs, endUs } of this.#sessions(after)) {
      for (const slot of slots) {
        const old = was.get(slot)
        if (old?.startUs === startUs && old.endUs === endUs) was.delete(slot)
        else come.add(slot, startUs, endUs)
      }
    }
    for (const [slot, { startUs, endUs }] of was) gone.add(slot, startUs, endUs)
  }

  #emit(gone: Bounded, come: Bounded, out: Output): void {
    const slots = Int32Array.from([...gone.slots, ...come.slots])
    const n = slots.length
    if (n === 0) return
    const { schema } = this.#context
    const starts = Float64Array.from([...gone.starts, ...come.starts])
    const ends = Float64Array.from([...gone.ends, ...come.ends])
    const { columns } = this.#lists.rows.rowsAt(slots)
    const weights =
      gone.slots.length === 0 ? null : new Int32Array(n).fill(1).fill(-1, 0, gone.slots.length)
    out.emit(new Batch(schema, [...columns, ...boundsOfRows(schema, starts, ends)], n, weights))
  }

  /** The rows' own times lie before the end of their session: only window_time keeps up. */
  watermark(_input: number, watermarkUs: number, out: Output): void {
    if (watermarkUs > this.#closedUs) this.#close(watermarkUs, out)
    out.watermark(watermarkUs - WINDOW_TIME_LAG_US)
  }

  /** Lets go of the sessions that are over. */
  #close(watermarkUs: number, out: Output): void {
    this.#tell(out)
    this.#closedUs = watermarkUs
    const over: Session[] = []
    for (const partition of this.#due.take(watermarkUs, this.#dues)) {
      const sessions = this.#sessions(this.#lists.list(partition).toArray())
      for (const session of sessions) {
        if (session.endUs < watermarkUs) over.push(session)
        else this.#awaits(partition, session.endUs)
        if (session.endUs >= watermarkUs) break
        this.#lists.shift(partition, session.slots.length)
      }
    }
    if (this.#speaksOpen) return
    over.sort((a, b) => a.endUs - b.endUs || a.slots[0] - b.slots[0])
    const come = new Bounded()
    for (const { slots, startUs, endUs } of over) {
      for (const slot of slots) come.add(slot, startUs, endUs)
    }
    this.#emit(new Bounded(), come, out)
  }

  epoch(out: Output): void {
    this.#tell(out)
    this.#lists.tidy((kept) => {
      const dues = Float64Array.from(kept, (partition) => this.#dues[partition])
      this.#due.clear()
      for (const [partition, dueUs] of dues.entries()) this.#awaits(partition, dueUs)
    })
  }

  actsAtUs(): number {
    return this.#due.nextUs + 1
  }

  snapshot(): Section[] {
    const closed = Float64Array.of(this.#closedUs)
    const bytes = new Uint8Array(closed.buffer)
    return [{ name: 'closed', version: this.#closedUs, bytes }, ...this.#lists.snapshot()]
  }

  restore(sections: readonly Section[]): void {
    const closed = sections.find(({ name }) => name === 'closed')
    if (closed === undefined) return
    this.#closedUs = new Float64Array(closed.bytes.slice().buffer)[0]
    this.#lists.restore(sections)
    for (const partition of this.#lists.living()) {
      this.#awaits(partition, this.#timeOf(this.#lists.list(partition).at(0)) + this.#gapUs)
    }
  }

  stateSize(): StateSize {
    const { rows, bytes } = this.#lists.stateSize()
    return { rows, bytes: bytes + this.#due.bytes + this.#dues.byteLength }
  }
}
