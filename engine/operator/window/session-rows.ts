/** SESSION as a table function: every row with the bounds of its session, once that is over.
 *
 *  State: the rows of open sessions, per session the slots of its rows. A session is over when the
 *  watermark has passed its end. Late is who is late for a session's aggregate. */

import { deserialize, serialize } from 'node:v8'
import type { Batch } from '../../batch/batch.ts'
import { Column } from '../../batch/column.ts'
import type { Expr } from '../../expr/ir.ts'
import { DueQueue } from '../../state/due-queue.ts'
import { RowStore } from '../../state/row-store.ts'
import { GroupProgram } from '../group/group-program.ts'
import type { WindowNode } from '../nodes.ts'
import type { Operator, OperatorContext, Output, Section, StateSize } from '../operator.ts'
import { rowsInTime } from './rows-in-time.ts'
import { Session, SessionStore } from './session-store.ts'
import { boundType, WINDOW_TIME_LAG_US, windowValue } from './window-columns.ts'
import { compileSliceStarts, type SliceStarts } from './window-start.ts'

/** A session without its row slots in the table of groups. */
interface Frozen {
  readonly closedUs: number
  readonly sessions: readonly {
    readonly key: number
    readonly startUs: number
    readonly endUs: number
    readonly rows: readonly number[]
  }[]
}

export class SessionRows implements Operator {
  readonly #context: OperatorContext
  readonly #timeColumn: number
  readonly #keys: GroupProgram
  readonly #sessions: SessionStore
  readonly #assign: SliceStarts
  readonly #times: Float64Array
  readonly #due = new DueQueue<Session>()
  readonly #rows: RowStore
  /** By the session's slot: the slots of its rows. */
  readonly #rowsOf: number[][] = []
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
    this.#timeColumn = timeColumn
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
    if (rows.length === 0) return
    const list = Int32Array.from(rows)
    const keys = new Int32Array(list.length)
    this.#keys.find(batch, this.#sessions.keys, list, list.length, keys, clock)
    const assigned = this.#sessions.assign(list, keys, this.#times)
    for (const session of assigned.begun) {
      this.#rowsOf[session.slot] = []
      this.#due.push(session.endUs, session)
    }
    for (const [session, part] of assigned.merged) {
      this.#rowsOf[session.slot] = this.#rowsOf[session.slot].concat(this.#rowsOf[part.slot])
    }
    this.#sessions.mergeAssigned(assigned)
    const first = this.#rows.append(batch, list, list.length, null)
    assigned.sessions.forEach((session, j) => {
      this.#rowsOf[session.current().slot].push(first + j)
    })
  }

  /** The rows' own times lie before the end of their session: only window_time keeps up. */
  watermark(_input: number, watermarkUs: number, out: Output): void {
    if (watermarkUs > this.#closedUs) this.#close(watermarkUs, out)
    out.watermark(watermarkUs - WINDOW_TIME_LAG_US)
  }

  #close(watermarkUs: number, out: Output): void {
    this.#closedUs = watermarkUs
    this.#version++
    const over = this.#due
      .take(watermarkUs, (session) =>
        session.mergedInto === undefined ? session.endUs : undefined,
      )
      .sort((a, b) => a.endUs - b.endUs)
    if (over.length === 0) return
    this.#say(over, out)
    this.#sessions.forget(over)
    this.#tidy()
  }

  #say(over: readonly Session[], out: Output): void {
    const { schema, inputs } = this.#context
    const slots: number[] = []
    const sessions: Session[] = []
    for (const session of over) {
      for (const slot of this.#rowsOf[session.slot].sort((a, b) => a - b)) {
        slots.push(slot)
        sessions.push(session)
      }
      this.#rowsOf[session.slot] = []
    }
    const rows = this.#rows.view.keep(Int32Array.from(slots), slots.length)
    const type = boundType(inputs[0].schema.fields[this.#timeColumn].type)
    const bounds = (['window_start', 'window_end', 'window_time'] as const).map((column) => {
      const values = BigInt64Array.from(sessions, ({ startUs, endUs }) =>
        BigInt(windowValue(column, startUs, endUs)),
      )
      return new Column({ type, length: slots.length, values })
    })
    out.emit(rows.withColumns(schema, [...rows.columns, ...bounds]))
    for (const slot of slots) this.#rows.kill(slot)
  }

  #tidy(): void {
    if (!this.#rows.crowded) return
    const places = new Map(Array.from(this.#rows.sweep(), (slot, place) => [slot, place]))
    for (const { slot } of this.#sessions.all()) {
      this.#rowsOf[slot] = this.#rowsOf[slot].map((row) => places.get(row)!)
    }
  }

  epoch(): void {}

  actsAtUs(): number {
    return this.#due.nextUs + 1
  }

  snapshot(): Section[] {
    const version = this.#version
    const sessions = Array.from(this.#sessions.all(), ({ key, slot, startUs, endUs }) => ({
      ...{ key, startUs, endUs },
      rows: this.#rowsOf[slot],
    }))
    const frozen: Frozen = { closedUs: this.#closedUs, sessions }
    return [
      { name: 'sessions', version, bytes: serialize(frozen) },
      { name: 'keys', version, bytes: this.#sessions.keys.snapshot() },
      ...this.#rows.snapshot(''),
    ]
  }

  restore(sections: readonly Section[]): void {
    const find = (name: string) => sections.find((section) => section.name === name)
    const saved = find('sessions')
    if (saved === undefined) return
    this.#version = saved.version
    this.#rows.restore('', sections)
    this.#sessions.keys.restore(find('keys')!.bytes)
    const frozen = deserialize(saved.bytes) as Frozen
    this.#closedUs = frozen.closedUs
    frozen.sessions.forEach(({ key, startUs, endUs, rows }) => {
      const session = new Session(key, this.#sessions.values.insert(0), startUs, endUs)
      this.#sessions.restore(session)
      this.#rowsOf[session.slot] = [...rows]
      this.#due.push(endUs, session)
    })
  }

  stateSize(): StateSize {
    const { rows, bytes } = this.#sessions.stateSize()
    return { rows: this.#rows.live, bytes: this.#rows.bytes + bytes + rows * 100 }
  }
}
