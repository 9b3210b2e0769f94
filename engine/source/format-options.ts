/** The formats of a table's messages: their options as data, and the decoder of each. Adding one: a
 *  line here, its options, one test. */

import { fail } from '../base/errors.ts'
import type { Schema } from '../batch/schema.ts'
import { changelogMessages } from '../format/changelog-messages.ts'
import { csvMessages } from '../format/csv-messages.ts'
import type { MessageDecoder } from '../format/messages.ts'
import { rawMessages } from '../format/raw.ts'
import { JsonMessages } from './json-messages.ts'
import type { OptionTable } from './option.ts'

type Options = Readonly<Record<string, string>>

export type BadRecordPolicy = 'dead_letter' | 'fail' | 'skip'

/** What every connector with a format takes. */
export const FORMAT_OPTIONS: OptionTable = {
  format: {
    kind: 'enum',
    values: ['json', 'csv', 'raw', 'changelog-json'],
    required: true,
    doc: 'How a message becomes a row and a row a message. changelog-json is a change, `{"op":"+I|-U|+U|-D","row":{…}}`: rows can be taken back.',
  },
  'json.ignore-parse-errors': {
    kind: 'boolean',
    default: 'false',
    doc: "Passes over messages that do not fit, as 'bad-records' = 'skip' does.",
  },
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
  'json.timestamp-format.standard': {
    kind: 'enum',
    values: ['SQL', 'ISO-8601'],
    default: 'SQL',
    doc: 'How timestamps are written: 2024-05-06 07:08:09.123, or with a T. Both are read.',
  },
  'csv.field-delimiter': {
    kind: 'string',
    default: ',',
    doc: 'The one character between two cells.',
  },
  'csv.ignore-parse-errors': {
    kind: 'boolean',
    default: 'false',
    doc: "Passes over messages that do not fit, as 'bad-records' = 'skip' does.",
  },
  'bad-records': {
    kind: 'enum',
    values: ['dead_letter', 'fail', 'skip'],
    default: 'dead_letter',
    doc: 'What becomes of a message that does not fit: it is counted and kept, with the reason, in the table `"…$dead_letters"`; or it ends the queries that read it; or it is counted and passed over.',
  },
}

/** The decoder of a table's messages into `schema`: the columns that are in the record. UNSUPPORTED
 *  if the format cannot be read, or not into these columns. */
export function messageDecoder(schema: Schema, options: Options): MessageDecoder {
  switch (options.format) {
    case 'json':
      return new JsonMessages(schema, {
        unknownFields: options['json.unknown-fields'] === 'fail' ? 'fail' : 'ignore',
        missingFields: options['json.fail-on-missing-field'] === 'true' ? 'fail' : 'null',
      })
    case 'csv':
      return csvMessages(schema, options['csv.field-delimiter'])
    case 'raw':
      return rawMessages(schema)
    case 'changelog-json':
      return changelogMessages(schema, {
        unknownFields: options['json.unknown-fields'] === 'fail' ? 'fail' : 'ignore',
        missingFields: options['json.fail-on-missing-field'] === 'true' ? 'fail' : 'null',
      })
    default:
      return fail('UNSUPPORTED', `The format '${options.format}' cannot be read`, {
        hint: 'Messages are read as json, csv, raw or changelog-json.',
      })
  }
}

/** What becomes of a bad message. */
export function badRecordPolicy(options: Options): BadRecordPolicy {
  if (options[`${options.format}.ignore-parse-errors`] === 'true') return 'skip'
  return (options['bad-records'] ?? 'dead_letter') as BadRecordPolicy
}
