/** What open sessions have said, and which have something new to say: for sessions that speak
 *  before they are over.
 *
 *  A session that is touched for the first time since it spoke notes the row that it said.
 *  Sessions that become one bring their notes along; what it says then takes the place of all of
 *  them. */

import { deserialize, serialize } from 'node:v8'
import { Batch } from '../../batch/batch.ts'
import { concat } from '../../batch/concat.ts'
import { decodeBatch, encodeBatch } from '../../batch/ipc.ts'
import { sameRow } from '../../batch/same-row.ts'
import type { Schema } from '../../batch/schema.ts'
import { DueSlots } from '../../state/due-slots.ts'
import { grownBytes, grownInts } from '../../state/grown.ts'
import { doublesAt } from '../../state/time-order.ts'
import type { Output, Section } from '../operator.ts'
import type { SessionStore } from './session-store.ts'

const NONE = -1

/** The output rows of some sessions under these bounds. */
export type SessionRowsOf = (
  sessions: Int32Array,
  starts: Float64Array,
  ends: Float64Array,
) => Batch

interface Frozen {
  readonly said: Uint8Array
  readonly touched: readonly number[]
  /** Per touched session: how many notes it has, in the order of the noted rows. */
  readonly counts: readonly number[]
}

export class SessionSpeech {
  readonly #store: SessionStore
  readonly #rowsOf: SessionRowsOf
  /** Only sessions that end no more than this above the watermark speak. Absent: all. */
  readonly #leadUs: number | undefined
  readonly #waiting = new DueSlots()
  /** In the order in which they were touched. */
  readonly #touched = new Set<number>()
  /** By session: whether a row of it is out. */
  #said = new Uint8Array(0)
  /** By session: its first note; by note: the next one of the session. */
  #firstNote = new Int32Array(0)
  #nextNote: number[] = []
  #notes: Batch[] = []
  /** Seen in this batch: their rows are still to be noted. */
  readonly #seen: number[] = []
  readonly #seenStarts: number[] = []
  readonly #seenEnds: number[] = []

  constructor(store: SessionStore, rowsOf: SessionRowsOf, leadUs: number | undefined) {
    this.#store = store
    this.#rowsOf = rowsOf
    this.#leadUs = leadUs
  }

  get dirty(): boolean {
    return this.#touched.size > 0
  }

  /** A session that is about to be changed. */
  see(session: number): void {
    if (this.#touched.has(session)) return
    this.#makeRoom()
    this.#touched.add(session)
    const { starts, ends } = this.#store
    if (this.#leadUs !== undefined) this.#waiting.put(session, ends[session])
    if (this.#said[session] === 0) return
    this.#seen.push(session)
    this.#seenStarts.push(starts[session])
    this.#seenEnds.push(ends[session])
  }

  #makeRoom(): void {
    const { capacity } = this.#store
    if (capacity === this.#said.length) return
    this.#said = grownBytes(this.#said, capacity)
    this.#firstNote = grownInts(this.#firstNote, capacity, NONE)
  }

  /** Between the seeing and the changing of the aggregates: notes what the seen had said, and
   *  who is a part of whom. */
  note(merged: readonly (readonly [number, number])[]): void {
    if (this.#seen.length > 0) {
      const [starts, ends] = [this.#seenStarts, this.#seenEnds].map((us) => Float64Array.from(us))
      this.#notes.push(this.#rowsOf(Int32Array.from(this.#seen), starts, ends))
      for (const session of this.#seen) this.#take(session, this.#nextNote.push(NONE) - 1)
      for (const list of [this.#seen, this.#seenStarts, this.#seenEnds]) list.length = 0
    }
    for (const [session, part] of merged) {
      this.#take(session, this.#firstNote[part])
      this.#forget(part)
    }
  }

  /** Puts a list of notes behind those of the session. */
  #take(session: number, first: number): void {
    let last = this.#firstNote[session]
    if (last === NONE) {
      this.#firstNote[session] = first
      return
    }
    while (this.#nextNote[last] !== NONE) last = this.#nextNote[last]
    this.#nextNote[last] = first
  }

  #forget(session: number): void {
    this.#touched.delete(session)
    this.#waiting.drop(session)
    this.#said[session] = 0
    this.#firstNote[session] = NONE
  }

  /** Says what is new in the sessions whose time has come. */
  speak(closedUs: number, out: Output): void {
    if (this.#leadUs === undefined) this.#say(Int32Array.from(this.#touched), out)
    else this.#say(this.#waiting.take(closedUs + this.#leadUs, this.#store.ends), out)
  }

  /** The last word of sessions that are over. */
  end(over: Int32Array, out: Output): void {
    this.#makeRoom()
    this.#say(
      over.filter((session) => this.#said[session] === 0 || this.#touched.has(session)),
      out,
    )
    for (let i = 0; i < over.length; i++) this.#forget(over[i])
  }

  #say(sessions: Int32Array, out: Output): void {
    if (sessions.length === 0) return
    const { starts, ends } = this.#store
    const after = this.#rowsOf(sessions, doublesAt(sessions, starts), doublesAt(sessions, ends))
    const before = this.#notes.length === 0 ? null : concat(this.#notes)
    const gone: number[] = []
    const come: number[] = []
    for (const [row, session] of sessions.entries()) {
      let isOut = false
      for (const note of this.#notesOf(session)) {
        if (!isOut && sameRow(before!, note, after, row)) isOut = true
        else gone.push(note)
      }
      if (!isOut) come.push(row)
      this.#firstNote[session] = NONE
      this.#touched.delete(session)
      this.#said[session] = 1
    }
    this.#keepOthers(before)
    emitChanges(before, gone, after, come, out)
  }

  *#notesOf(session: number): Generator<number> {
    for (let note = this.#firstNote[session]; note !== NONE; note = this.#nextNote[note]) yield note
  }

  /** The notes of the sessions that have yet to speak, under new numbers. */
  #keepOthers(before: Batch | null): void {
    if (before === null) return
    const kept: number[] = []
    const next: number[] = []
    for (const session of this.#touched) {
      const own = [...this.#notesOf(session)]
      if (own.length === 0) continue
      this.#firstNote[session] = kept.length
      kept.push(...own)
      for (let i = 1; i < own.length; i++) next.push(next.length + 1)
      next.push(NONE)
    }
    this.#nextNote = next
    this.#notes = kept.length === 0 ? [] : [before.keep(Int32Array.from(kept), kept.length)]
  }

  snapshot(version: number): Section[] {
    const touched = [...this.#touched]
    const notes = touched.map((session) => [...this.#notesOf(session)])
    const frozen: Frozen = {
      said: this.#said.slice(),
      touched,
      counts: notes.map(({ length }) => length),
    }
    const sections = [{ name: 'spoken', version, bytes: serialize(frozen) }]
    const rows = Int32Array.from(notes.flat())
    if (rows.length === 0) return sections
    const batch = concat(this.#notes).keep(rows, rows.length)
    return [...sections, { name: 'notes', version, bytes: encodeBatch(batch) }]
  }

  /** The store has its sessions back already. */
  restore(sections: readonly Section[], schema: Schema): void {
    const find = (name: string) => sections.find((section) => section.name === name)?.bytes
    const spoken = find('spoken')
    if (spoken === undefined) return
    const { said, touched, counts } = deserialize(spoken) as Frozen
    this.#makeRoom()
    this.#said.set(said.subarray(0, this.#said.length))
    for (const [i, session] of touched.entries()) {
      this.#touched.add(session)
      if (this.#leadUs !== undefined) this.#waiting.put(session, this.#store.ends[session])
      for (let n = 0; n < counts[i]; n++) this.#take(session, this.#nextNote.push(NONE) - 1)
    }
    const notes = find('notes')
    if (notes !== undefined) this.#notes = [decodeBatch(notes.slice(), schema)]
  }
}

/** The retractions `gone` of `before`, then the rows `come` of `after`, as one batch. */
function emitChanges(
  before: Batch | null,
  gone: readonly number[],
  after: Batch,
  come: readonly number[],
  out: Output,
): void {
  const parts: Batch[] = []
  if (gone.length > 0) parts.push(before!.keep(Int32Array.from(gone), gone.length))
  if (come.length > 0) parts.push(after.keep(Int32Array.from(come), come.length))
  if (parts.length === 0) return
  const { schema, columns, rowCount } = concat(parts)
  const weights =
    gone.length === 0 ? null : new Int32Array(rowCount).fill(1).fill(-1, 0, gone.length)
  out.emit(new Batch(schema, columns, rowCount, weights))
}
