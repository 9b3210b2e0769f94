/** The options of a table's format, as data; what they mean is in message-decoder.ts and
 *  format/encode-rows.ts. */

import type { DataType } from '../batch/types.ts'
import { csvForm } from '../format/csv-form.ts'
import { BINARY_FORMAT_OPTIONS } from './binary-format-options.ts'
import { CSV_OPTIONS, RAW_OPTIONS } from './csv-options.ts'
import { DEBEZIUM_CONSTANTS, DEBEZIUM_METADATA } from './debezium-metadata.ts'
import { JSON_OPTIONS } from './json-options.ts'
import { checkJsonPaths } from './json-paths.ts'
import type { OptionTable } from './option.ts'
import type { TableSpec } from './table.ts'

type Options = Readonly<Record<string, string>>

export type BadRecordPolicy = 'dead_letter' | 'fail' | 'skip'

/** What a connector takes whose records are texts. */
export const TEXT_FORMAT_OPTIONS: OptionTable = {
  format: {
    kind: 'enum',
    values: [
      'json',
      'csv',
      'raw',
      'arrow',
      'avro',
      'avro-confluent',
      'protobuf',
      'protobuf-confluent',
      'changelog-json',
      'debezium-json',
    ],
    required: true,
    doc: 'How a message becomes a row and a row a message. Messages of changelog-json, `{"op":"+I|-U|+U|-D","row":{…}}`, and debezium-json are changes: rows can be taken back. One of arrow is a stream of any number of rows. See [formats](../formats.md).',
  },
  ...JSON_OPTIONS,
  ...CSV_OPTIONS,
  ...RAW_OPTIONS,
  'bad-records': {
    kind: 'enum',
    values: ['dead_letter', 'fail', 'skip'],
    default: 'dead_letter',
    doc: 'What becomes of a message that does not fit: it is counted and kept, with the reason, in the table `"…$dead_letters"`; or it ends the queries that read it; or it is counted and passed over.',
  },
}

/** What every connector with a format takes. */
export const FORMAT_OPTIONS: OptionTable = { ...TEXT_FORMAT_OPTIONS, ...BINARY_FORMAT_OPTIONS }

/** What METADATA columns may ask of a format, by key. */
export const metadataOfFormat = (format: string | undefined): Readonly<Record<string, DataType>> =>
  format === 'debezium-json' ? DEBEZIUM_METADATA : {}

/** Of these, what a row that goes has as it had when it came. */
export const constantMetadata = (format: string | undefined): readonly string[] =>
  format === 'debezium-json' ? DEBEZIUM_CONSTANTS : []

/** Raises what CREATE TABLE must refuse of the options beyond each one's own value:
 *  INVALID_OPTION, INVALID_ARGUMENT for what is no path. */
export function checkFormat(table: TableSpec): void {
  checkJsonPaths(table)
  if (table.options.format === 'csv') csvForm(table.options)
}

/** What becomes of a bad message. */
export function badRecordPolicy(options: Options): BadRecordPolicy {
  const { format } = options
  const family = format.endsWith('json') ? 'json' : format
  const ignores = (prefix: string) => options[`${prefix}.ignore-parse-errors`] === 'true'
  if (ignores(format) || ignores(family)) return 'skip'
  return (options['bad-records'] ?? 'dead_letter') as BadRecordPolicy
}
