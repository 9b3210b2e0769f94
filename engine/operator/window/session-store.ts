/** The open sessions of all keys, outside the JavaScript heap: their bounds, the list of each
 *  key's, and where their aggregates' slots are. A session has the number of its slots. */

import { deserialize, serialize } from 'node:v8'
import { DueSlots } from '../../state/due-slots.ts'
import { GroupTable } from '../../state/group-table.ts'
import { grownDoubles, grownInts } from '../../state/grown.ts'
import { inTimeOrder } from '../../state/time-order.ts'
import type { GroupProgram } from '../group/group-program.ts'
import type { Section, StateSize } from '../operator.ts'

const NONE = -1
/** Keys without sessions are swept when all are this many and more than twice the others. */
const SWEEP_MIN = 1024

/** What a batch means for the sessions; nothing is changed in the slots yet. */
export interface Assigned {
  /** Per row, the session it went to; it may have been merged since: see `current`. */
  readonly sessions: Int32Array
  readonly begun: readonly number[]
  /** Pairs, in order: the second is a part of the first. */
  readonly merged: readonly (readonly [number, number])[]
}

interface Frozen {
  readonly starts: Float64Array
  readonly ends: Float64Array
  readonly keyOf: Int32Array
  readonly free: Int32Array
}

export class SessionStore {
  readonly keys: GroupTable
  readonly values: GroupTable
  readonly #keysProgram: GroupProgram
  readonly #valuesProgram: GroupProgram
  readonly #gapUs: number
  /** By session; a free one has no key. */
  starts = new Float64Array(0)
  ends = new Float64Array(0)
  keyOf = new Int32Array(0)
  /** The session of the key before it. */
  #next = new Int32Array(0)
  /** Of a session that a batch merges: which it became a part of. */
  #mergedInto = new Int32Array(0)
  /** By key: its last session. Sessions of a key never touch. */
  #heads = new Int32Array(0)
  #free: number[] = []
  readonly #due = new DueSlots()
  #liveKeys = 0

  constructor(keys: GroupProgram, values: GroupProgram, gapUs: number) {
    this.keys = new GroupTable(keys.layout)
    this.values = new GroupTable(values.layout)
    this.#keysProgram = keys
    this.#valuesProgram = values
    this.#gapUs = gapUs
  }

  get live(): number {
    return this.values.count - this.#free.length
  }

  /** The numbers of sessions are below this. */
  get capacity(): number {
    return this.keyOf.length
  }

  /** Finds the session of each row; row `rows[j]` is of key `keys[j]` at `times[rows[j]]`. Shows
   *  each session before it is changed. */
  assign(
    rows: Int32Array,
    keys: Int32Array,
    times: Float64Array,
    see: (session: number) => void,
  ): Assigned {
    if (this.keys.count > this.#heads.length) {
      this.#heads = grownInts(this.#heads, this.keys.hashes.length, NONE)
    }
    const sessions = new Int32Array(rows.length)
    const begun: number[] = []
    const merged: (readonly [number, number])[] = []
    for (let j = 0; j < rows.length; j++) {
      sessions[j] = this.#place(keys[j], times[rows[j]], { begun, merged, see })
    }
    return { sessions, begun, merged }
  }

  #place(key: number, timeUs: number, { begun, merged, see }: Placing): number {
    const { starts, ends } = this
    const endUs = timeUs + this.#gapUs
    let after = NONE
    let at = this.#heads[key]
    while (at !== NONE && starts[at] > endUs) {
      after = at
      at = this.#next[at]
    }
    if (at === NONE || ends[at] < timeUs) {
      const session = this.#begin(key, timeUs, at, after)
      begun.push(session)
      see(session)
      return session
    }
    see(at)
    // A row touches two sessions at most: they are longer than the gap.
    const before = this.#next[at]
    if (before === NONE || ends[before] < timeUs) {
      if (timeUs < starts[at]) starts[at] = timeUs
      if (endUs > ends[at]) ends[at] = endUs
      return at
    }
    see(before)
    ends[before] = ends[at]
    this.#link(key, after, before)
    this.#mergedInto[at] = before
    merged.push([before, at])
    return before
  }

  #begin(key: number, timeUs: number, before: number, after: number): number {
    const session = this.#free.pop() ?? this.values.insert(this.values.count)
    this.#makeRoom()
    if (this.#heads[key] === NONE) this.#liveKeys++
    this.starts[session] = timeUs
    this.ends[session] = timeUs + this.#gapUs
    this.keyOf[session] = key
    this.#next[session] = before
    this.#link(key, after, session)
    this.#due.put(session, this.ends[session])
    return session
  }

  /** Puts a session in the place behind `after`, or first of all. */
  #link(key: number, after: number, session: number): void {
    if (after === NONE) this.#heads[key] = session
    else this.#next[after] = session
  }

  #makeRoom(): void {
    const capacity = this.values.hashes.length
    if (capacity === this.keyOf.length) return
    this.starts = grownDoubles(this.starts, capacity)
    this.ends = grownDoubles(this.ends, capacity)
    this.keyOf = grownInts(this.keyOf, capacity, NONE)
    this.#next = grownInts(this.#next, capacity, NONE)
    this.#mergedInto = grownInts(this.#mergedInto, capacity, NONE)
  }

  /** This session, or the one that it has become a part of in this batch. */
  current(session: number): number {
    let at = session
    while (this.#mergedInto[at] !== NONE) at = this.#mergedInto[at]
    return at
  }

  /** Brings the slots of merged sessions together, and the rows of `sessions` to those. */
  mergeAssigned({ merged, sessions }: Assigned): void {
    if (merged.length === 0) return
    for (const [session, part] of merged) {
      this.#valuesProgram.mergeGroups(this.values, session, part)
    }
    for (let j = 0; j < sessions.length; j++) sessions[j] = this.current(sessions[j])
    for (const [, part] of merged) this.#letGo(part)
  }

  #letGo(session: number): void {
    this.values.resetGroup(session)
    this.keyOf[session] = NONE
    this.#mergedInto[session] = NONE
    this.#due.drop(session)
    this.#free.push(session)
  }

  /** When the first session may be over. */
  get nextEndUs(): number {
    return this.#due.nextUs
  }

  /** The sessions that end before `watermarkUs`, in the order of their ends; they are to be
   *  forgotten next. */
  over(watermarkUs: number): Int32Array {
    return this.#due.take(watermarkUs, this.ends)
  }

  forget(sessions: Int32Array): void {
    for (let i = 0; i < sessions.length; i++) {
      this.#unlink(sessions[i])
      this.#letGo(sessions[i])
    }
    if (this.live === 0) this.#clear()
    else if (this.keys.count > SWEEP_MIN && this.keys.count > 2 * this.#liveKeys) this.#sweepKeys()
  }

  #unlink(session: number): void {
    const key = this.keyOf[session]
    let after = NONE
    for (let at = this.#heads[key]; at !== session; at = this.#next[at]) after = at
    this.#link(key, after, this.#next[session])
    if (this.#heads[key] === NONE) this.#liveKeys--
  }

  #clear(): void {
    this.keys.clear()
    this.values.clear()
    this.#free = []
    this.#heads.fill(NONE)
    this.#due.clear()
  }

  /** Forgets the keys that have no session. */
  #sweepKeys(): void {
    const { count } = this.keys
    const heads = this.#heads
    const kept = heads.slice(0, count).filter((session) => session !== NONE)
    this.keys.retain((key) => heads[key] !== NONE)
    this.keys.compactHeap(this.#keysProgram.texts)
    heads.fill(NONE)
    kept.forEach((session, key) => {
      heads[key] = session
      for (let at = session; at !== NONE; at = this.#next[at]) this.keyOf[at] = key
    })
  }

  /** Every open session, by number. */
  *all(): Generator<number> {
    for (let session = 0; session < this.values.count; session++) {
      if (this.keyOf[session] !== NONE) yield session
    }
  }

  snapshot(version: number): Section[] {
    const { count } = this.values
    const frozen: Frozen = {
      starts: this.starts.slice(0, count),
      ends: this.ends.slice(0, count),
      keyOf: this.keyOf.slice(0, count),
      free: Int32Array.from(this.#free),
    }
    return [
      { name: 'sessions', version, bytes: serialize(frozen) },
      { name: 'keys', version, bytes: this.keys.snapshot() },
      { name: 'values', version, bytes: this.values.snapshot() },
    ]
  }

  /** Takes back a snapshot, on a fresh store; whether there is one. */
  restore(sections: readonly Section[]): boolean {
    const bytesOf = (name: string) => sections.find((section) => section.name === name)?.bytes
    const bytes = bytesOf('sessions')
    if (bytes === undefined) return false
    this.keys.restore(bytesOf('keys')!)
    this.values.restore(bytesOf('values')!)
    const { starts, ends, keyOf, free } = deserialize(bytes) as Frozen
    this.#makeRoom()
    this.starts.set(starts)
    this.ends.set(ends)
    this.keyOf.set(keyOf)
    this.#free = Array.from(free)
    this.#heads = new Int32Array(this.keys.hashes.length).fill(NONE)
    for (const session of inTimeOrder(Int32Array.from(this.all()), this.starts)) {
      if (this.#heads[keyOf[session]] === NONE) this.#liveKeys++
      this.#next[session] = this.#heads[keyOf[session]]
      this.#heads[keyOf[session]] = session
      this.#due.put(session, ends[session])
    }
    return true
  }

  stateSize(): StateSize {
    const own = this.capacity * 28 + this.#heads.byteLength + this.#due.bytes
    return { rows: this.live, bytes: this.keys.bytes + this.values.bytes + own }
  }
}

interface Placing {
  readonly begun: number[]
  readonly merged: (readonly [number, number])[]
  readonly see: (session: number) => void
}
