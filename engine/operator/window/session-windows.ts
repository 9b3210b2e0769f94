/** Session windows: rows of a key that are at most a gap apart are in one window, which ends a gap
 *  after its last row.
 *
 *  State: per open session one row of slots. A row extends a session, joins two, or begins one. A
 *  session is over when the watermark has passed its end. A row behind its own split's watermark is
 *  late: whether it would have joined two sessions must not depend on what other splits have read
 *  meanwhile (law 1). Rows exactly a gap apart are in one session, as in Flink. */

import type { EpochClock } from '../../base/clock.ts'
import { Batch } from '../../batch/batch.ts'
import { doublesAt, intsAt } from '../../state/time-order.ts'
import type { GroupProgram } from '../group/group-program.ts'
import type { Output, Section, StateSize } from '../operator.ts'
import { rowsInTime } from './rows-in-time.ts'
import { SessionSpeech } from './session-speech.ts'
import { SessionStore } from './session-store.ts'
import { boundsColumn } from './window-columns.ts'
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

const ignore = (): void => {}

export class SessionWindows implements WindowState {
  readonly #parts: SessionParts
  readonly #store: SessionStore
  /** Absent: sessions speak once, when they are over. */
  readonly #speech: SessionSpeech | undefined
  readonly #times: Float64Array
  readonly #keys: Int32Array
  #closedUs = -Infinity
  #version = 0

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#store = new SessionStore(parts.keys, parts.values, parts.gapUs)
    if (parts.speaksOpen) {
      this.#speech = new SessionSpeech(this.#store, this.#rowsOf, parts.leadUs)
    }
    this.#times = new Float64Array(parts.batchRowsMax)
    this.#keys = new Int32Array(parts.batchRowsMax)
  }

  add(batch: Batch, clock: EpochClock): readonly number[] {
    this.#version++
    const { keys, values, times } = this.#parts
    times(batch, this.#times, clock)
    const { rows, late } = rowsInTime(batch, this.#times, this.#closedUs)
    const n = rows.length
    keys.find(batch, this.#store.keys, rows, n, this.#keys, clock)
    const speech = this.#speech
    const see = speech === undefined ? ignore : (session: number) => speech.see(session)
    const assigned = this.#store.assign(rows, this.#keys, this.#times, see)
    speech?.note(assigned.merged)
    this.#store.mergeAssigned(assigned)
    values.add(batch)(batch, this.#store.values, rows, n, assigned.sessions, clock)
    return late
  }

  readonly #rowsOf = (sessions: Int32Array, starts: Float64Array, ends: Float64Array): Batch => {
    const { keys, values, schema, windowColumns } = this.#parts
    const { keyOf } = this.#store
    const n = sessions.length
    const first = schema.fields.length - windowColumns.length
    const columns = [
      ...keys.read(this.#store.keys, intsAt(sessions, keyOf), n),
      ...values.read(this.#store.values, sessions, n),
      ...windowColumns.map((column, i) =>
        boundsColumn(schema.fields[first + i].type, column, starts, ends),
      ),
    ]
    return new Batch(schema, columns, n)
  }

  get dirty(): boolean {
    return this.#speech?.dirty ?? false
  }

  /** Says the touched sessions as they are, and takes back what they had said. */
  emit(out: Output): void {
    this.#version++
    this.#speech?.speak(this.#closedUs, out)
  }

  /** A session holds the rows at its very end too. */
  closesAtUs(): number {
    return this.#store.nextEndUs + 1
  }

  close(watermarkUs: number, out: Output): void {
    if (watermarkUs <= this.#closedUs) return
    this.#closedUs = watermarkUs
    this.#version++
    const over = this.#store.over(watermarkUs)
    if (over.length === 0) return
    if (this.#speech === undefined) this.#say(over, out)
    else this.#speech.end(over, out)
    this.#store.forget(over)
  }

  #say(over: Int32Array, out: Output): void {
    const { starts, ends } = this.#store
    out.emit(this.#rowsOf(over, doublesAt(over, starts), doublesAt(over, ends)))
  }

  snapshot(): Section[] {
    const closed = Float64Array.of(this.#closedUs)
    return [
      { name: 'closed', version: this.#version, bytes: new Uint8Array(closed.buffer) },
      ...this.#store.snapshot(this.#version),
      ...(this.#speech?.snapshot(this.#version) ?? []),
    ]
  }

  restore(sections: readonly Section[]): void {
    if (!this.#store.restore(sections)) return
    const closed = sections.find(({ name }) => name === 'closed')!
    this.#version = closed.version
    this.#closedUs = new Float64Array(closed.bytes.slice().buffer)[0]
    this.#speech?.restore(sections, this.#parts.schema)
  }

  stateSize(): StateSize {
    return this.#store.stateSize()
  }
}
