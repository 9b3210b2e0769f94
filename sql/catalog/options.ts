/** WITH options as data: each connector has a table of its options, and this file checks a
 *  statement's pairs against it. Names are Flink's where Flink has the option. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { JSON_OPTIONS } from '../../engine/source/json-options.ts'
import { STREAM_KEEPING_OPTIONS } from '../../engine/source/log-options.ts'
import type { OptionSpec, OptionTable } from '../../engine/source/option.ts'
import { STREAM_METADATA } from '../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { OptionPair } from '../ast.ts'
import { readBoolean, readDurationMs, readInteger, readSizeBytes } from './option-values.ts'

export type { OptionSpec, OptionTable }

/** Connectors by name. */
export type ConnectorCatalog = ReadonlyMap<string, ConnectorSpec>

/** What every table understands, whatever its connector. */
export const TABLE_OPTIONS: OptionTable = {
  'scan.watermark.idle-timeout': {
    kind: 'duration',
    default: '0 ms',
    doc: 'After so long without a record a split no longer holds the watermark back. 0: never.',
  },
  'late-rows.allowed-lateness': {
    kind: 'duration',
    default: '0 ms',
    doc: 'Rows that are up to so much behind the watermark still count: windows that have spoken speak again.',
  },
}

/** The embedded queue: a table without WITH, or without `connector`. */
export const LOG_OPTIONS: OptionTable = {
  splits: {
    kind: 'integer',
    default: '1',
    min: 1,
    max: 1024,
    doc: 'Parts that are written and read independently; order is kept within each.',
  },
  format: {
    kind: 'enum',
    values: ['json', 'changelog-json', 'debezium-json'],
    default: 'json',
    doc: 'json: a record is a row. changelog-json: it is a change, `{"op":"+I|-U|+U|-D","row":{…}}`, and rows can be taken back. debezium-json: likewise, told as events of Debezium.',
  },
  'debezium-json.schema-include': JSON_OPTIONS['debezium-json.schema-include'],
  'json.unknown-fields': JSON_OPTIONS['json.unknown-fields'],
  'json.fail-on-missing-field': JSON_OPTIONS['json.fail-on-missing-field'],
  'bad-records': {
    kind: 'enum',
    values: ['fail'],
    default: 'fail',
    doc: 'What happens to a record that does not fit: the request that brings it is refused.',
  },
  ...STREAM_KEEPING_OPTIONS,
}

/** UNSUPPORTED for compaction without a key. */
function checkStream({ name, primaryKey, options }: TableSpec): void {
  if (options['cleanup.policy'] !== 'compact' || primaryKey !== undefined) return
  fail('UNSUPPORTED', `${name} has no PRIMARY KEY: no row replaces another`, {
    hint: "Declare a key, or leave 'cleanup.policy' out.",
  })
}

/** The connectors that the SQL side knows by itself. */
export const EMBEDDED_CONNECTORS: ConnectorCatalog = new Map([
  [
    'log',
    {
      name: 'log',
      doc: 'The embedded queue: records of HTTP requests, INSERT statements and queries.',
      options: LOG_OPTIONS,
      metadata: STREAM_METADATA,
      source: { replay: 'offset' },
      sink: { delivery: 'exactly-once' },
      keyed: true,
      check: checkStream,
    },
  ],
])

/** The option of this name: exactly, or by a name with `#` for a column's. */
export function optionNamed(table: OptionTable, key: string): OptionSpec | undefined {
  if (Object.hasOwn(table, key)) return key.includes('#') ? undefined : table[key]
  for (const [name, spec] of Object.entries(table)) {
    const [before, after] = name.split('#')
    if (after === undefined || key.length <= name.length - 1) continue
    if (key.startsWith(before) && key.endsWith(after)) return spec
  }
  return undefined
}

/** The name that an option has in truth, with the column's name in the place of `#`. */
function aliasedName({ aliasOf }: OptionSpec, given: string, table: OptionTable): string {
  if (aliasOf === undefined || !aliasOf.includes('#')) return aliasOf ?? given
  const [before, after] = Object.keys(table)
    .find((name) => table[name].aliasOf === aliasOf && optionNamed({ [name]: table[name] }, given))!
    .split('#')
  const column = given.slice(before.length, given.length - after.length)
  return aliasOf.replace('#', () => column)
}

export interface TableOptions {
  readonly connector: string
  /** Canonical texts by option name, defaults filled in, `connector` left out. */
  readonly values: Readonly<Record<string, string>>
}

/** People leave out what stands before a name, such as Kafka's `properties.`, or add it. */
function nearestOption(given: string, names: readonly string[]): string | undefined {
  const isPart = (whole: string, part: string) => whole.endsWith(`.${part}`)
  const same = names.find((name) => isPart(name, given) || isPart(given, name))
  return same === undefined ? didYouMean(given, names) : `Did you mean ${same}?`
}

/** Checks the pairs of a WITH clause. UNKNOWN_OPTION, INVALID_OPTION at the culprit; a missing
 *  required option points at `at`. */
export function readOptions(
  pairs: readonly OptionPair[],
  connectors: ConnectorCatalog,
  at: Span,
): TableOptions {
  const connector = connectorOf(pairs, connectors)
  const table = { ...connectors.get(connector)?.options, ...TABLE_OPTIONS }
  const values: Record<string, string> = {}
  for (const pair of pairs) {
    const given = pair.key.text
    if (given === 'connector') continue
    const spec = optionNamed(table, given)
    if (spec === undefined) {
      const hint = nearestOption(given, Object.keys(table))
      fail('UNKNOWN_OPTION', `The ${connector} connector has no option '${given}'`, {
        at: pair.key.at,
        hint,
      })
    }
    const key = aliasedName(spec, given, table)
    if (Object.hasOwn(values, key)) {
      fail('INVALID_OPTION', `The option '${key}' is given twice`, { at: pair.key.at })
    }
    values[key] = canonical(spec, key, pair.value, pair.at)
  }
  for (const [key, spec] of Object.entries(table)) {
    if (Object.hasOwn(values, key) || key.includes('#')) continue
    if (spec.default !== undefined) values[key] = canonical(spec, key, spec.default, at)
    else if (spec.required) {
      fail('INVALID_OPTION', `The ${connector} connector needs the option '${key}'`, {
        at,
        hint: spec.doc,
      })
    }
  }
  return { connector, values }
}

function connectorOf(pairs: readonly OptionPair[], connectors: ConnectorCatalog): string {
  const given = pairs.filter((pair) => pair.key.text === 'connector')
  if (given.length === 0) return 'log'
  if (given.length > 1) {
    fail('INVALID_OPTION', `The option 'connector' is given twice`, { at: given[1].key.at })
  }
  const [{ value, at }] = given
  if (!connectors.has(value)) {
    fail('INVALID_OPTION', `There is no connector '${value}'`, {
      at,
      hint: didYouMean(value, connectors.keys()),
    })
  }
  return value
}

/** The canonical text of one option's value. INVALID_OPTION if it is not one. */
export function canonical(spec: OptionSpec, key: string, text: string, at?: Span): string {
  const refuse = (want: string): never =>
    fail('INVALID_OPTION', `'${spec.secret ? '****' : text}' is no value for '${key}'`, {
      at,
      hint: `It takes ${want}.`,
    })
  const number = (value: number | undefined, want: string): string => {
    if (value === undefined) return refuse(want)
    if (spec.min !== undefined && value < spec.min) return refuse(`${want} of at least ${spec.min}`)
    if (spec.max !== undefined && value > spec.max) return refuse(`${want} of at most ${spec.max}`)
    return String(value)
  }
  switch (spec.kind) {
    case 'string':
      return text
    case 'integer':
      return number(readInteger(text), 'a whole number')
    case 'duration':
      return number(readDurationMs(text), 'a duration, such as 30 s or 5 min')
    case 'size':
      return number(readSizeBytes(text), 'a size, such as 128 mb')
    case 'boolean':
      return String(readBoolean(text) ?? refuse('true or false'))
    case 'enum':
      return (
        spec.values?.find((value) => value.toLowerCase() === text.trim().toLowerCase()) ??
        refuse(spec.values?.map((value) => `'${value}'`).join(' or ') ?? 'nothing')
      )
  }
}
