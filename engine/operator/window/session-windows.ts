/** Session windows: rows of a key that are at most a gap apart are in one window, which ends a gap
 *  after its last row.
 *
 *  State: per open session one row of slots. A row extends a session, joins two, or begins one. A
 *  session is over when the watermark has passed its end. A row behind its own split's watermark is
 *  late: whether it would have joined two sessions must not depend on what other splits have read
 *  meanwhile (law 1). Rows exactly a gap apart are in one session, as in Flink. */

import type { EpochClock } from '../../base/clock.ts'
import { Batch } from '../../batch/batch.ts'
import { Column } from '../../batch/column.ts'
import { concat } from '../../batch/concat.ts'
import { sameRow } from '../../batch/same-row.ts'
import { DueQueue } from '../../state/due-queue.ts'
import type { GroupProgram } from '../group/group-program.ts'
import type { Output, Section, StateSize } from '../operator.ts'
import { rowsInTime } from './rows-in-time.ts'
import { loadSessions, saveSessions } from './session-snapshot.ts'
import { type Session, SessionStore } from './session-store.ts'
import { windowValue } from './window-columns.ts'
import type { SliceStarts } from './window-start.ts'
import type { WindowParts, WindowState } from './window-state.ts'

export interface SessionParts extends WindowParts {
  readonly gapUs: number
  /** Sessions speak before they are over. */
  readonly speaksOpen: boolean
  /** The keys without the aggregates, and the aggregates without the keys. */
  readonly keys: GroupProgram
  readonly values: GroupProgram
  /** Gives each row's time, to the microsecond. */
  readonly times: SliceStarts
  readonly batchRowsMax: number
}

export class SessionWindows implements WindowState {
  readonly #parts: SessionParts
  readonly #store: SessionStore
  readonly #due = new DueQueue<Session>()
  /** Touched sessions by their end, where they wait for it. */
  readonly #waiting = new DueQueue<Session>()
  readonly #times: Float64Array
  readonly #keys: Int32Array
  /** Sessions that have something new to say, in the order in which they were touched. */
  readonly #touched = new Set<Session>()
  /** What touched sessions had said: the sessions, and their rows in the same order. */
  #saidBefore: Session[] = []
  #rowsBefore: Batch[] = []
  #closedUs = -Infinity
  #version = 0

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#store = new SessionStore(parts.keys, parts.values, parts.gapUs)
    this.#times = new Float64Array(parts.batchRowsMax)
    this.#keys = new Int32Array(parts.batchRowsMax)
  }

  add(batch: Batch, clock: EpochClock): readonly number[] {
    this.#version++
    const { keys, values, times, groups } = this.#parts
    times(batch, this.#times, clock)
    const { rows, late } = rowsInTime(batch, this.#times, this.#closedUs)
    const list = Int32Array.from(rows)
    const n = list.length
    keys.find(batch, this.#store.keys, list, n, this.#keys, clock)
    const assigned = this.#store.assign(list, this.#keys, this.#times)
    if (this.#parts.speaksOpen) this.#remember(assigned.changed)
    this.#store.mergeAssigned(assigned)
    for (const [, part] of assigned.merged) this.#touched.delete(part)
    for (const session of assigned.begun) this.#due.push(session.endUs, session)
    for (let j = 0; j < n; j++) groups[j] = assigned.sessions[j].current().slot
    values.add(batch)(batch, this.#store.values, list, n, groups, clock)
    return late
  }

  /** Notes which sessions change, and what they had said. Before anything is changed. */
  #remember(changed: ReadonlySet<Session>): void {
    const said: Session[] = []
    for (const session of changed) {
      if (this.#touched.has(session)) continue
      this.#touched.add(session)
      if (this.#parts.leadUs !== undefined) this.#waiting.push(session.endUs, session)
      if (session.said !== undefined) said.push(session)
    }
    if (said.length === 0) return
    this.#saidBefore.push(...said)
    this.#rowsBefore.push(this.#rowsOf(said, (session) => session.said!))
  }

  /** The sessions' output rows with the bounds that `boundsOf` gives. */
  #rowsOf(
    sessions: readonly Session[],
    boundsOf: (session: Session) => { startUs: number; endUs: number },
  ): Batch {
    const { keys, values, schema, windowColumns } = this.#parts
    const n = sessions.length
    const keyColumns = keys.read(
      this.#store.keys,
      Int32Array.from(sessions, (s) => s.key),
      n,
    )
    const slots = Int32Array.from(sessions, (session) => session.slot)
    const valueColumns = values.read(this.#store.values, slots, n)
    const first = schema.fields.length - windowColumns.length
    const bounds = windowColumns.map((column, i) => {
      const us = BigInt64Array.from(sessions, (session) => {
        const { startUs, endUs } = boundsOf(session)
        return BigInt(windowValue(column, startUs, endUs))
      })
      return new Column({ type: schema.fields[first + i].type, length: n, values: us })
    })
    return new Batch(schema, [...keyColumns, ...valueColumns, ...bounds], n)
  }

  get dirty(): boolean {
    return this.#touched.size > 0
  }

  /** Says the touched sessions as they are, and takes back what they had said. */
  emit(out: Output): void {
    if (!this.dirty) return
    const live = this.#speaking()
    if (live.length === 0) return
    this.#say(live, out)
    for (const session of live) session.said = { startUs: session.startUs, endUs: session.endUs }
    this.#version++
  }

  /** The touched sessions whose time has come. */
  #speaking(): Session[] {
    const { leadUs } = this.#parts
    if (leadUs === undefined) return [...this.#touched]
    return this.#waiting.take(this.#closedUs + leadUs, (session) =>
      this.#touched.has(session) ? session.endUs : undefined,
    )
  }

  #say(live: readonly Session[], out: Output): void {
    const before = this.#rowsBefore.length === 0 ? null : concat(this.#rowsBefore)
    const after = live.length === 0 ? null : this.#rowsOf(live, (session) => session)
    const rowOf = new Map(live.map((session, row) => [session, row]))
    const gone: number[] = []
    const waiting: number[] = []
    const same = new Set<number>()
    this.#saidBefore.forEach((session, row) => {
      const now = rowOf.get(session)
      if (now !== undefined && sameRow(before!, row, after!, now)) same.add(now)
      else if (rowOf.has(session.current())) gone.push(row)
      else waiting.push(row)
    })
    const come = live.flatMap((_, row) => (same.has(row) ? [] : [row]))
    for (const session of live) this.#touched.delete(session)
    this.#saidBefore = waiting.map((row) => this.#saidBefore[row])
    const rows = Int32Array.from(waiting)
    this.#rowsBefore = waiting.length === 0 ? [] : [before!.keep(rows, rows.length)]
    emitChanges(before, gone, after, come, out)
  }

  /** A session holds the rows at its very end too. */
  closesAtUs(): number {
    return this.#due.nextUs + 1
  }

  close(watermarkUs: number, out: Output): void {
    if (watermarkUs <= this.#closedUs) return
    this.#closedUs = watermarkUs
    const over = this.#due
      .take(watermarkUs, (session) =>
        session.mergedInto === undefined ? session.endUs : undefined,
      )
      .sort((a, b) => a.endUs - b.endUs)
    if (over.length === 0) return
    this.#version++
    this.#closing(over, out)
    this.#store.forget(over)
  }

  /** The last word of sessions that are over: what is unsaid of them. The others wait. */
  #closing(over: readonly Session[], out: Output): void {
    const unsaid = over.filter(
      (session) => session.said === undefined || this.#touched.has(session),
    )
    if (unsaid.length === 0) return
    if (this.#saidBefore.length > 0) this.emit(out)
    else {
      for (const session of unsaid) this.#touched.delete(session)
      out.emit(this.#rowsOf(unsaid, (session) => session))
    }
  }

  snapshot(): Section[] {
    return saveSessions({
      version: this.#version,
      closedUs: this.#closedUs,
      store: this.#store,
      touched: this.#touched,
      saidBefore: this.#saidBefore,
      rowsBefore: this.#rowsBefore,
    })
  }

  restore(sections: readonly Section[]): void {
    const saved = loadSessions(sections, this.#store, this.#parts.schema)
    if (saved === undefined) return
    this.#version = saved.version
    this.#closedUs = saved.closedUs
    for (const session of saved.touched) {
      this.#touched.add(session)
      if (this.#parts.leadUs !== undefined) this.#waiting.push(session.endUs, session)
    }
    this.#saidBefore = [...saved.saidBefore]
    this.#rowsBefore = [...saved.rowsBefore]
    for (const session of this.#store.all()) this.#due.push(session.endUs, session)
  }

  stateSize(): StateSize {
    return this.#store.stateSize()
  }
}

/** The retractions `gone` of `before`, then the rows `come` of `after`, as one batch. */
function emitChanges(
  before: Batch | null,
  gone: readonly number[],
  after: Batch | null,
  come: readonly number[],
  out: Output,
): void {
  const parts: Batch[] = []
  if (gone.length > 0) parts.push(before!.keep(Int32Array.from(gone), gone.length))
  if (come.length > 0) parts.push(after!.keep(Int32Array.from(come), come.length))
  if (parts.length === 0) return
  const rows = concat(parts)
  const weights =
    gone.length === 0 ? null : new Int32Array(rows.rowCount).fill(1).fill(-1, 0, gone.length)
  out.emit(new Batch(rows.schema, rows.columns, rows.rowCount, weights))
}
