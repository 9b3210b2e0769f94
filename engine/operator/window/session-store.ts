/** The open sessions of all keys: their bounds, and where their aggregates' slots are. */

import { GroupTable } from '../../state/group-table.ts'
import type { GroupProgram } from '../group/group-program.ts'
import type { StateSize } from '../operator.ts'

export interface Bounds {
  readonly startUs: number
  readonly endUs: number
}

/** One session. It ends a gap after its last row. */
export class Session implements Bounds {
  key: number
  slot: number
  startUs: number
  endUs: number
  /** The bounds under which it was last said. */
  said: Bounds | undefined
  /** The session that it has become a part of. */
  mergedInto: Session | undefined

  constructor(key: number, slot: number, startUs: number, endUs: number) {
    this.key = key
    this.slot = slot
    this.startUs = startUs
    this.endUs = endUs
  }

  /** This session, or the one that it is a part of now. */
  current(): Session {
    let session: Session = this
    while (session.mergedInto !== undefined) session = session.mergedInto
    return session
  }
}

/** What a batch means for the sessions; nothing is changed in the slots yet. */
export interface Assigned {
  /** Per row, the session it went to; it may have been merged since: see `current`. */
  readonly sessions: readonly Session[]
  readonly begun: readonly Session[]
  /** Sessions that are extended, begun or merged. */
  readonly changed: ReadonlySet<Session>
  /** In order: the second is a part of the first. */
  readonly merged: readonly (readonly [Session, Session])[]
}

const SWEEP_MIN = 1024

export class SessionStore {
  readonly keys: GroupTable
  readonly values: GroupTable
  readonly #program: GroupProgram
  readonly #gapUs: number
  /** By key, in order of time; sessions of a key never touch. */
  #byKey = new Map<number, Session[]>()
  readonly #freeSlots: number[] = []

  constructor(keys: GroupProgram, values: GroupProgram, gapUs: number) {
    this.keys = new GroupTable(keys.layout)
    this.values = new GroupTable(values.layout)
    this.#program = values
    this.#gapUs = gapUs
  }

  /** Finds the session of each row; row `rows[j]` is of key `keys[j]` at `times[rows[j]]`. */
  assign(rows: Int32Array, keys: Int32Array, times: Float64Array): Assigned {
    const begun: Session[] = []
    const changed = new Set<Session>()
    const merged: (readonly [Session, Session])[] = []
    const sessions = Array.from(rows, (row, j) => {
      const own = this.#byKey.get(keys[j]) ?? []
      if (own.length === 0) this.#byKey.set(keys[j], own)
      const [session, parts] = this.#place(own, keys[j], times[row])
      if (parts === undefined) begun.push(session)
      changed.add(session)
      for (const part of parts ?? []) {
        changed.add(part)
        merged.push([session, part])
      }
      return session
    })
    return { sessions, begun, changed, merged }
  }

  /** The session of a row at `timeUs`, with the sessions that the row joins to it; undefined: the
   *  row began it. */
  #place(own: Session[], key: number, timeUs: number): [Session, Session[] | undefined] {
    const endUs = timeUs + this.#gapUs
    let at = own.length
    while (at > 0 && own[at - 1].endUs >= timeUs) at--
    let to = at
    while (to < own.length && own[to].startUs <= endUs) to++
    if (at === to) {
      const session = new Session(key, this.#newSlot(), timeUs, endUs)
      own.splice(at, 0, session)
      return [session, undefined]
    }
    const [session, ...parts] = own.slice(at, to)
    session.startUs = Math.min(session.startUs, timeUs)
    session.endUs = Math.max(endUs, own[to - 1].endUs)
    for (const part of parts) part.mergedInto = session
    own.splice(at + 1, parts.length)
    return [session, parts]
  }

  #newSlot(): number {
    return this.#freeSlots.pop() ?? this.values.insert(this.values.count)
  }

  /** Brings the slots of merged sessions together. */
  mergeAssigned({ merged }: Assigned): void {
    for (const [session, part] of merged) {
      this.#program.mergeGroups(this.values, session.slot, part.slot)
    }
    for (const [, part] of merged) this.#freeSlot(part)
  }

  #freeSlot({ slot }: Session): void {
    this.values.resetGroup(slot)
    this.#freeSlots.push(slot)
  }

  forget(sessions: readonly Session[]): void {
    for (const session of sessions) {
      const own = this.#byKey.get(session.key)!
      own.splice(own.indexOf(session), 1)
      if (own.length === 0) this.#byKey.delete(session.key)
      this.#freeSlot(session)
    }
    if (this.keys.count > SWEEP_MIN && this.keys.count > 2 * this.#byKey.size) this.#sweepKeys()
  }

  /** Forgets the keys that have no session. */
  #sweepKeys(): void {
    const kept = [...this.#byKey].sort(([a], [b]) => a - b)
    this.keys.retain((key) => this.#byKey.has(key))
    this.#byKey = new Map(
      kept.map(([, sessions], key) => {
        for (const session of sessions) session.key = key
        return [key, sessions]
      }),
    )
  }

  /** Every open session, by key and time. */
  *all(): Generator<Session> {
    for (const sessions of this.#byKey.values()) yield* sessions
  }

  /** Takes back a session of a snapshot; its slot holds its values already. */
  restore(session: Session): void {
    const own = this.#byKey.get(session.key) ?? []
    this.#byKey.set(session.key, [...own, session])
  }

  /** The slots that no session of a snapshot has are free. */
  freeOthers(): void {
    const used = new Set(Array.from(this.all(), (session) => session.slot))
    for (let slot = 0; slot < this.values.count; slot++) {
      if (!used.has(slot)) this.#freeSlots.push(slot)
    }
  }

  stateSize(): StateSize {
    const rows = this.values.count - this.#freeSlots.length
    return { rows, bytes: this.keys.bytes + this.values.bytes + rows * 120 }
  }
}
