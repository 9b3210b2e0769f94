/** The list of formats. Adding one: its file, one line here, one test. */

import { fail } from '../base/errors.ts'
import { arrow } from './arrow.ts'
import { decodeChangelogJson } from './changelog-json.ts'
import { decodeCsvRows } from './csv.ts'
import type { Format } from './format.ts'
import { decodeJsonRows } from './json.ts'

const json: Format = {
  name: 'json',
  mediaTypes: ['application/json'],
  decodeRows: decodeJsonRows,
}

const ndjson: Format = {
  name: 'ndjson',
  mediaTypes: ['application/x-ndjson', 'application/ndjson', 'application/jsonl'],
  decodeRows: (body, schema, options) => decodeJsonRows(body, schema, { ...options, lines: true }),
}

const csv: Format = {
  name: 'csv',
  mediaTypes: ['text/csv'],
  decodeRows: decodeCsvRows,
}

const changelogJson: Format = {
  name: 'changelog-json',
  mediaTypes: [],
  decodeRows: decodeChangelogJson,
}

const changelogNdjson: Format = {
  name: 'changelog-ndjson',
  mediaTypes: [],
  decodeRows: (body, schema, options) =>
    decodeChangelogJson(body, schema, { ...options, lines: true }),
}

export const FORMATS: readonly Format[] = [json, ndjson, csv, arrow, changelogJson, changelogNdjson]

/** Formats of single messages, which requests do not have. */
const MESSAGE_FORMATS = ['raw', 'avro', 'avro-confluent', 'protobuf', 'protobuf-confluent']

/** As users name them: debezium-json is read as messages are, for a table. */
const names = (): string => [...FORMATS.map(({ name }) => name), 'debezium-json'].join(', ')

/** The format of this name; raises INVALID_OPTION with the names there are, UNSUPPORTED for a
 *  format of single messages. */
export function formatOf(name: string): Format {
  if (MESSAGE_FORMATS.includes(name)) {
    fail('UNSUPPORTED', `A request cannot bring records in the format '${name}'`, {
      hint: 'It is for messages of connectors; one that takes requests is webhook.',
    })
  }
  return (
    FORMATS.find((format) => format.name === name) ??
    fail('INVALID_OPTION', `There is no format '${name}'`, {
      hint: `The formats are ${names()}.`,
    })
  )
}

/** The format of a media type, without parameters; undefined if none has it. */
export const formatOfMediaType = (mediaType: string): Format | undefined =>
  FORMATS.find((format) => format.mediaTypes.includes(mediaType.toLowerCase()))
