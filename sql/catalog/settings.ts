/** SET: the settings there are, with their types and defaults. A setting is only listed when
 *  something reads it. */

import { fail } from '../../engine/base/errors.ts'
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

  /** UNKNOWN_OPTION with the nearest name, INVALID_OPTION, INVALID_ARGUMENT for an unknown zone. */
  set(key: string, value: string): void {
    const name = known(key)
    const text = canonical(SETTINGS[name], name, value)
    checkSessionSetting(name, text)
    this.#values.set(name, text)
  }

  /** What the settings mean for a statement that is made now. */
  get session(): Session {
    return sessionOf((key) => this.get(key))
  }

  /** Back to the default: one setting, or all. */
  reset(key?: string): void {
    if (key === undefined) this.#values.clear()
    else this.#values.delete(known(key))
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

function known(key: string): SettingName {
  if (!Object.hasOwn(SETTINGS, key)) {
    fail('UNKNOWN_OPTION', `There is no setting '${key}'`, {
      hint: didYouMean(key, Object.keys(SETTINGS)),
    })
  }
  return key as SettingName
}
