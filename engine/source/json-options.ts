/** The options of the formats json, changelog-json and debezium-json, and what they mean to a
 *  decoder. */

import type { DecodeOptions } from '../format/format.ts'
import { jsonPaths } from './json-paths.ts'
import type { OptionTable } from './option.ts'

const IGNORE = "Passes over messages that do not fit, as 'bad-records' = 'skip' does."

export const JSON_OPTIONS: OptionTable = {
  'json.ignore-parse-errors': { kind: 'boolean', default: 'false', doc: IGNORE },
  'json.fail-on-missing-field': {
    kind: 'boolean',
    default: 'false',
    doc: 'Whether a record without a field for a column is bad. Else the column is NULL.',
  },
  'json.unknown-fields': {
    kind: 'enum',
    values: ['ignore', 'fail'],
    default: 'ignore',
    doc: 'What happens to a record with a field that is no column.',
  },
  'json.timestamp-format': {
    kind: 'enum',
    values: ['SQL', 'ISO-8601', 'EPOCH-SECONDS', 'EPOCH-MILLIS'],
    default: 'SQL',
    doc: 'How timestamps are written: 2024-05-06 07:08:09.123, or with a T, or as a number since 1970. Texts are read in both forms; numbers are read as milliseconds, with EPOCH-SECONDS as seconds.',
  },
  'json.timestamp-format.standard': timestampAlias(),
  'json.path.#': {
    kind: 'string',
    doc: "Where the column lies in the records, if it is no field of them by its own name: `'json.path.city' = '$.address.city'`, `$.tags[0]`, `$['a b']`. What is not there is NULL.",
  },
  'debezium-json.schema-include': {
    kind: 'boolean',
    default: 'false',
    doc: 'Whether events come with their schema, `{"schema":…,"payload":…}`, as Kafka Connect writes them by default.',
  },
  'debezium-json.ignore-parse-errors': { kind: 'boolean', default: 'false', doc: IGNORE },
  'debezium-json.timestamp-format.standard': timestampAlias(),
}

function timestampAlias() {
  return {
    ...({ kind: 'enum', values: ['SQL', 'ISO-8601'], aliasOf: 'json.timestamp-format' } as const),
    doc: 'As `json.timestamp-format`.',
  }
}

/** How the records of a table are read. */
export const jsonPolicy = (options: Readonly<Record<string, string>>): DecodeOptions => ({
  unknownFields: options['json.unknown-fields'] === 'fail' ? 'fail' : 'ignore',
  missingFields: options['json.fail-on-missing-field'] === 'true' ? 'fail' : 'null',
  epoch: options['json.timestamp-format'] === 'EPOCH-SECONDS' ? 'seconds' : 'millis',
  paths: jsonPaths(options),
})
