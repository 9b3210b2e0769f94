/** SESSION as a table function: every row with the bounds of its session, once that is over.
 *
 *  State: the rows of open sessions, per session a list of its rows. A session is over when the
 *  watermark has passed its end. Late is who is late for a session's aggregate. */

import { deserialize, serialize } from 'node:v8'
import type { Batch } from '../../batch/batch.ts'
import type { Expr } from '../../expr/ir.ts'
import { grownCapacity, grownInts } from '../../state/grown.ts'
import { RowStore } from '../../state/row-store.ts'
import { GroupProgram } from '../group/group-program.ts'
import type { WindowNode } from '../nodes.ts'
import type { Operator, OperatorContext, Output, Section, StateSize } from '../operator.ts'
import { rowsInTime } from './rows-in-time.ts'
import { SessionStore } from './session-store.ts'
import { boundsOfRows, WINDOW_TIME_LAG_US } from './window-columns.ts'
import { compileSliceStarts, type SliceStarts } from './window-start.ts'

const NONE = -1

interface Frozen {
  readonly closedUs: number
  /** By row slot. */
  readonly sessionOf: Int32Array
}

const ignore = (): void => {}

export class SessionRows implements Operator {
  readonly #context: OperatorContext
  readonly #keys: GroupProgram
  readonly #sessions: SessionStore
  readonly #assign: SliceStarts
  readonly #times: Float64Array
  readonly #rows: RowStore
  /** By session: the first and the last of its rows. */
  #first = new Int32Array(0)
  #last = new Int32Array(0)
  /** By row: the next one of its session. */
  #next = new Int32Array(0)
  #closedUs = -Infinity
  #version = 0

  constructor(
    { timeColumn, gapUs, partitionBy }: Omit<WindowNode, 'window'> & { readonly gapUs: number },
    context: OperatorContext,
  ) {
    const { schema } = context.inputs[0]
    const keys = (partitionBy ?? []).map((index): Expr => {
      return { kind: 'column', index, ...schema.fields[index] }
    })
    this.#context = context
    this.#keys = new GroupProgram({ keys, aggregates: [], input: schema })
    const values = new GroupProgram({ keys: [], aggregates: [], input: schema })
    this.#sessions = new SessionStore(this.#keys, values, gapUs)
    this.#assign = compileSliceStarts({ sliceUs: 1, offsetUs: 0 }, timeColumn, schema)
    this.#times = new Float64Array(context.batchRowsMax)
    this.#rows = new RowStore(schema)
  }

  batch(_input: number, batch: Batch): void {
    const { clock, late: onLate } = this.#context
    this.#version++
    this.#assign(batch, this.#times, clock)
    const { rows, late } = rowsInTime(batch, this.#times, this.#closedUs)
    if (late.length > 0) onLate(batch.keep(Int32Array.from(late), late.length))
    const n = rows.length
    if (n === 0) return
    const keys = new Int32Array(n)
    this.#keys.find(batch, this.#sessions.keys, rows, n, keys, clock)
    const assigned = this.#sessions.assign(rows, keys, this.#times, ignore)
    const first = this.#rows.append(batch, rows, n, null)
    this.#makeRoom()
    for (const session of assigned.begun) this.#first[session] = NONE
    for (const [session, part] of assigned.merged) {
      this.#put(session, this.#first[part], this.#last[part])
    }
    this.#sessions.mergeAssigned(assigned)
    for (let j = 0; j < n; j++) {
      this.#next[first + j] = NONE
      this.#put(assigned.sessions[j], first + j, first + j)
    }
  }

  #makeRoom(): void {
    const { capacity } = this.#sessions
    if (capacity !== this.#first.length) {
      this.#first = grownInts(this.#first, capacity)
      this.#last = grownInts(this.#last, capacity)
    }
    const rows = grownCapacity(this.#next.length, this.#rows.count)
    if (rows !== this.#next.length) this.#next = grownInts(this.#next, rows)
  }

  /** Puts a list of rows behind those of the session. */
  #put(session: number, first: number, last: number): void {
    if (first === NONE) return
    if (this.#first[session] === NONE) this.#first[session] = first
    else this.#next[this.#last[session]] = first
    this.#last[session] = last
  }

  *#rowsOf(session: number): Generator<number> {
    for (let row = this.#first[session]; row !== NONE; row = this.#next[row]) yield row
  }

  /** The rows' own times lie before the end of their session: only window_time keeps up. */
  watermark(_input: number, watermarkUs: number, out: Output): void {
    if (watermarkUs > this.#closedUs) this.#close(watermarkUs, out)
    out.watermark(watermarkUs - WINDOW_TIME_LAG_US)
  }

  #close(watermarkUs: number, out: Output): void {
    this.#closedUs = watermarkUs
    this.#version++
    const over = this.#sessions.over(watermarkUs)
    if (over.length === 0) return
    this.#say(over, out)
    this.#sessions.forget(over)
    this.#tidy()
  }

  /** Session by session, in each the rows as they came. */
  #say(over: Int32Array, out: Output): void {
    const { schema } = this.#context
    const { starts, ends } = this.#sessions
    const slots: number[] = []
    const [from, to]: [number[], number[]] = [[], []]
    for (let i = 0; i < over.length; i++) {
      const session = over[i]
      for (const slot of [...this.#rowsOf(session)].sort((a, b) => a - b)) {
        slots.push(slot)
        from.push(starts[session])
        to.push(ends[session])
      }
    }
    const rows = this.#rows.view.keep(Int32Array.from(slots), slots.length)
    const bounds = boundsOfRows(schema, Float64Array.from(from), Float64Array.from(to))
    out.emit(rows.withColumns(schema, [...rows.columns, ...bounds]))
    for (const slot of slots) this.#rows.kill(slot)
  }

  #tidy(): void {
    if (!this.#rows.crowded) return
    const sessionOf = this.#sessionOf()
    this.#link(this.#rows.sweep().map((slot) => sessionOf[slot]))
  }

  /** By row slot: its session; -1 of a row that is gone. */
  #sessionOf(): Int32Array {
    const sessionOf = new Int32Array(this.#rows.count).fill(NONE)
    for (const session of this.#sessions.all()) {
      for (const row of this.#rowsOf(session)) sessionOf[row] = session
    }
    return sessionOf
  }

  /** Makes the lists again. */
  #link(sessionOf: Int32Array): void {
    this.#makeRoom()
    this.#first.fill(NONE)
    this.#next.fill(NONE)
    for (let row = 0; row < sessionOf.length; row++) {
      if (sessionOf[row] !== NONE) this.#put(sessionOf[row], row, row)
    }
  }

  epoch(): void {}

  actsAtUs(): number {
    return this.#sessions.nextEndUs + 1
  }

  snapshot(): Section[] {
    const version = this.#version
    const frozen: Frozen = { closedUs: this.#closedUs, sessionOf: this.#sessionOf() }
    return [
      ...this.#sessions.snapshot(version),
      { name: 'lists', version, bytes: serialize(frozen) },
      ...this.#rows.snapshot(''),
    ]
  }

  restore(sections: readonly Section[]): void {
    if (!this.#sessions.restore(sections)) return
    const lists = sections.find(({ name }) => name === 'lists')!
    this.#version = lists.version
    this.#rows.restore('', sections)
    const { closedUs, sessionOf } = deserialize(lists.bytes) as Frozen
    this.#closedUs = closedUs
    this.#link(sessionOf)
  }

  stateSize(): StateSize {
    const { bytes } = this.#sessions.stateSize()
    const own = this.#first.byteLength * 2 + this.#next.byteLength
    return { rows: this.#rows.live, bytes: this.#rows.bytes + bytes + own }
  }
}
