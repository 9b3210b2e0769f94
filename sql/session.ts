/** The settings that shape what a statement means. They are read when a statement makes something,
 *  and kept with what it made: a SET later, or a restart, changes nothing that runs. */

import { fail, type Span } from '../engine/base/errors.ts'
import { didYouMean } from '../engine/base/nearest.ts'
import { zoneOf } from '../engine/expr/time-zone.ts'
import type { OptionPair } from './ast.ts'
import { canonical, type OptionSpec } from './catalog/options.ts'

export interface Session {
  /** Of TIMESTAMP_LTZ where it meets wall clocks: `UTC`, `Europe/Berlin`, `+02:00`. */
  readonly timeZone: string
  /** How long state without news is kept, microseconds of the epoch clock; 0: for ever. */
  readonly stateTtlUs: number
}

export const DEFAULT_SESSION: Session = { timeZone: 'UTC', stateTtlUs: 0 }

export const SESSION_SETTINGS = {
  'table.local-time-zone': {
    kind: 'string',
    default: 'UTC',
    doc: "The time zone in which TIMESTAMP_LTZ meets texts, dates and TIMESTAMP: 'Europe/Berlin' or '+02:00'.",
  },
  'table.exec.state.ttl': {
    kind: 'duration',
    default: '0 ms',
    doc: 'How long a query keeps state of a key that has no news. 0 is for ever.',
  },
} as const satisfies Record<string, OptionSpec>

export type SessionSetting = keyof typeof SESSION_SETTINGS

/** Refuses a value that means nothing: INVALID_ARGUMENT for an unknown zone. */
export function checkSessionSetting(key: string, value: string, at?: Span): void {
  if (key === 'table.local-time-zone') zoneOf(value, at)
}

/** A session of settings by name, as canonical texts. */
export const sessionOf = (get: (key: SessionSetting) => string): Session => ({
  timeZone: get('table.local-time-zone'),
  stateTtlUs: Number(get('table.exec.state.ttl')) * 1000,
})

/** The session with the options of one statement: WITH on a materialized view. UNKNOWN_OPTION,
 *  INVALID_OPTION, INVALID_ARGUMENT, at the option. */
export function withSessionOptions(session: Session, options: readonly OptionPair[]): Session {
  const texts = new Map<SessionSetting, string>([
    ['table.local-time-zone', session.timeZone],
    ['table.exec.state.ttl', String(session.stateTtlUs / 1000)],
  ])
  for (const { key, value, at } of options) {
    if (!Object.hasOwn(SESSION_SETTINGS, key.text)) {
      fail('UNKNOWN_OPTION', `A view has no option '${key.text}'`, {
        at: key.at,
        hint: didYouMean(key.text, Object.keys(SESSION_SETTINGS)),
      })
    }
    const name = key.text as SessionSetting
    const text = canonical(SESSION_SETTINGS[name], name, value, at)
    if (name === 'table.local-time-zone') zoneOf(text, at)
    texts.set(name, text)
  }
  return sessionOf((key) => texts.get(key)!)
}

/** What differs from the default, to be saved; undefined if nothing does. */
export function sessionToSave(session: Session): Partial<Session> | undefined {
  const { timeZone, stateTtlUs } = session
  const saved = {
    ...(timeZone === DEFAULT_SESSION.timeZone ? {} : { timeZone }),
    ...(stateTtlUs === DEFAULT_SESSION.stateTtlUs ? {} : { stateTtlUs }),
  }
  return Object.keys(saved).length === 0 ? undefined : saved
}
