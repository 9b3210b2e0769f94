/** Sessions in a checkpoint. */

import { deserialize, serialize } from 'node:v8'
import type { Batch } from '../../batch/batch.ts'
import { concat } from '../../batch/concat.ts'
import { decodeBatch, encodeBatch } from '../../batch/ipc.ts'
import type { Schema } from '../../batch/schema.ts'
import type { Section } from '../operator.ts'
import { type Bounds, Session, type SessionStore } from './session-store.ts'

export interface SessionState {
  readonly version: number
  readonly closedUs: number
  readonly touched: ReadonlySet<Session>
  readonly saidBefore: readonly Session[]
  readonly rowsBefore: readonly Batch[]
}

interface Frozen {
  readonly version: number
  readonly closedUs: number
  readonly sessions: readonly FrozenSession[]
  /** Positions in `sessions`. */
  readonly touched: readonly number[]
  /** Likewise; of a session that has become a part of another one, `~` of that one's. */
  readonly saidBefore: readonly number[]
}

interface FrozenSession extends Bounds {
  readonly key: number
  readonly slot: number
  readonly said: Bounds | undefined
}

export function saveSessions(state: SessionState & { readonly store: SessionStore }): Section[] {
  const { version, closedUs, store, touched, saidBefore, rowsBefore } = state
  const sessions = [...store.all()]
  const place = new Map(sessions.map((session, i) => [session, i]))
  const frozen: Frozen = {
    version,
    closedUs,
    sessions: sessions.map(({ key, slot, startUs, endUs, said }) => ({
      key,
      slot,
      startUs,
      endUs,
      said,
    })),
    touched: [...touched].flatMap((session) => place.get(session) ?? []),
    saidBefore: saidBefore.map((said) => place.get(said) ?? ~place.get(said.current())!),
  }
  const sections: Section[] = [
    { name: 'sessions', version, bytes: serialize(frozen) },
    { name: 'keys', version, bytes: store.keys.snapshot() },
    { name: 'values', version, bytes: store.values.snapshot() },
  ]
  if (rowsBefore.length > 0) {
    sections.push({ name: 'before', version, bytes: encodeBatch(concat(rowsBefore)) })
  }
  return sections
}

/** Fills the store and returns the rest; undefined if there is no snapshot. */
export function loadSessions(
  sections: readonly Section[],
  store: SessionStore,
  schema: Schema,
): SessionState | undefined {
  const bytesOf = (name: string) => sections.find((section) => section.name === name)?.bytes
  const bytes = bytesOf('sessions')
  if (bytes === undefined) return undefined
  const frozen = deserialize(bytes) as Frozen
  store.keys.restore(bytesOf('keys')!)
  store.values.restore(bytesOf('values')!)
  const sessions = frozen.sessions.map(({ key, slot, startUs, endUs, said }) => {
    const session = new Session(key, slot, startUs, endUs)
    session.said = said
    store.restore(session)
    return session
  })
  store.freeOthers()
  const partOf = (whole: Session): Session => {
    const part = new Session(-1, -1, 0, 0)
    part.mergedInto = whole
    return part
  }
  const before = bytesOf('before')
  return {
    version: frozen.version,
    closedUs: frozen.closedUs,
    touched: new Set(frozen.touched.map((i) => sessions[i])),
    saidBefore: frozen.saidBefore.map((i) => (i < 0 ? partOf(sessions[~i]) : sessions[i])),
    rowsBefore: before === undefined ? [] : [decodeBatch(before.slice(), schema)],
  }
}
