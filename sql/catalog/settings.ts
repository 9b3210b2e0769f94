/** SET: the settings there are, with their types and defaults. A setting is only listed when
 *  something reads it. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import { checkSessionSetting, SESSION_SETTINGS, type Session, sessionOf } from '../session.ts'
import { canonical, type OptionSpec } from './options.ts'

export const SETTINGS = {
  ...SESSION_SETTINGS,
  'millrace.rows-max': {
    kind: 'integer',
    default: '100000',
    min: 1,
    max: 10_000_000,
    doc: 'The most rows that a bounded SELECT may answer.',
  },
  'millrace.replace-state': {
    kind: 'enum',
    values: ['ask', 'drop'],
    default: 'ask',
    doc: 'What happens when another query in the place of a running one would lose its state. ask: it is refused until it is confirmed. drop: it is done.',
  },
} as const satisfies Record<string, OptionSpec>

export type SettingName = keyof typeof SETTINGS

export interface SettingRow {
  readonly key: SettingName
  /** Canonical, see OptionSpec.kind. */
  readonly value: string
  readonly isDefault: boolean
  readonly doc: string
}

/** The values of all settings; starts with the defaults. */
export class Settings {
  readonly #values = new Map<SettingName, string>()

  /** The canonical text: durations in milliseconds. */
  get(key: SettingName): string {
    const spec: OptionSpec = SETTINGS[key]
    return this.#values.get(key) ?? canonical(spec, key, spec.default ?? '')
  }

  /** UNKNOWN_OPTION with the nearest name, INVALID_OPTION, INVALID_ARGUMENT for an unknown zone.
   *  `at`: where the key and the value stand. */
  set(key: string, value: string, at: SettingPlaces = {}): void {
    const [name, text] = checkSetting(key, value, at)
    this.#values.set(name, text)
  }

  /** The same settings, to try changes on. */
  copy(): Settings {
    const copy = new Settings()
    for (const [key, value] of this.#values) copy.#values.set(key, value)
    return copy
  }

  /** What the settings mean for a statement that is made now. */
  get session(): Session {
    return sessionOf((key) => this.get(key))
  }

  /** Back to the default: one setting, or all. */
  reset(key?: string, at?: Span): void {
    if (key === undefined) this.#values.clear()
    else this.#values.delete(knownSetting(key, at))
  }

  list(): SettingRow[] {
    return (Object.keys(SETTINGS) as SettingName[]).map((key) => ({
      key,
      value: this.get(key),
      isDefault: !this.#values.has(key),
      doc: SETTINGS[key].doc,
    }))
  }
}

export interface SettingPlaces {
  readonly key?: Span | undefined
  readonly value?: Span | undefined
}

/** The setting and its canonical value. Errors: see `Settings.set`. */
export function checkSetting(
  key: string,
  value: string,
  at: SettingPlaces = {},
): readonly [SettingName, string] {
  const name = knownSetting(key, at.key)
  const text = canonical(SETTINGS[name], name, value, at.value)
  checkSessionSetting(name, text, at.value)
  return [name, text]
}

/** UNKNOWN_OPTION with the nearest name. */
export function knownSetting(key: string, at?: Span): SettingName {
  if (!Object.hasOwn(SETTINGS, key)) {
    const hint = didYouMean(key, Object.keys(SETTINGS)) ?? 'SET alone shows all settings.'
    fail('UNKNOWN_OPTION', `There is no setting '${key}'`, { at, hint })
  }
  return key as SettingName
}
