/** SET: the settings there are, with their types and defaults. A setting is only listed when
 *  something reads it, or when its one value is what Millrace does anyway. */

import { fail } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import { canonical, type OptionSpec } from './options.ts'

export const SETTINGS = {
  'table.local-time-zone': {
    kind: 'string',
    default: 'UTC',
    doc: 'The time zone of TIMESTAMP_LTZ in texts. Only UTC for now.',
  },
  'table.exec.state.ttl': {
    kind: 'duration',
    default: '0 ms',
    doc: 'How long state without news is kept. Only 0 (for ever) for now.',
  },
  'millrace.rows-max': {
    kind: 'integer',
    default: '100000',
    min: 1,
    max: 10_000_000,
    doc: 'The most rows that a bounded SELECT may answer.',
  },
} as const satisfies Record<string, OptionSpec>

export type SettingName = keyof typeof SETTINGS

/** The one value that a setting may have until the engine can do more. */
const FIXED: Partial<Record<SettingName, { readonly value: string; readonly hint: string }>> = {
  'table.local-time-zone': { value: 'UTC', hint: 'Times are in UTC.' },
  'table.exec.state.ttl': {
    value: '0',
    hint: 'State is kept for ever. Group by a window to bound it.',
  },
}

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

  /** UNKNOWN_OPTION with the nearest name, INVALID_OPTION, or UNSUPPORTED. */
  set(key: string, value: string): void {
    const name = known(key)
    const text = canonical(SETTINGS[name], name, value)
    const fixed = FIXED[name]
    if (fixed !== undefined && text.toUpperCase() !== fixed.value) {
      fail('UNSUPPORTED', `'${name}' cannot be '${value}' yet`, { hint: fixed.hint })
    }
    this.#values.set(name, text)
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
