/** The redis connector as data. */

import { fail } from '../../engine/base/errors.ts'
import { TIMESTAMP_LTZ, VARCHAR } from '../../engine/batch/types.ts'
import { isChangelogFormat } from '../../engine/format/changelog-formats.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { FORMAT_OPTIONS } from '../../engine/source/format-options.ts'
import { LOG_KEEPING_OPTIONS } from '../../engine/source/log-options.ts'
import { LOOKUP_OPTIONS } from '../../engine/source/lookup.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { checkStart, START_OPTIONS } from '../start-options.ts'
import { TLS_OPTIONS } from '../tls-options.ts'
import { checkUrl } from '../url-option.ts'
import { isEntryId } from './entry-id.ts'

/** Tables of these modes hold a row for each key: they are written by key and looked up. */
const KEYED_MODES = ['hash', 'json', 'string']

export const isKeyedMode = ({ mode }: Readonly<Record<string, string>>): boolean =>
  KEYED_MODES.includes(mode)

export const redis: ConnectorSpec = {
  name: 'redis',
  doc: 'Redis. Streams: reads their entries by id. Hashes, JSON and strings: a row for each PRIMARY KEY, written, replaced and removed as results change, and looked up by joins. Channels: messages while the server runs, through the embedded log.',
  options: {
    url: {
      kind: 'string',
      required: true,
      doc: 'The server: `redis://localhost:6379/0`; with `rediss://` the connection is encrypted. No user name or password in it.',
    },
    username: { kind: 'string', doc: 'User name, for a server with access control lists.' },
    password: { kind: 'string', secret: true, doc: 'Password of `username`, or of the server.' },
    ...TLS_OPTIONS,
    mode: {
      kind: 'enum',
      values: ['stream', 'channel', ...KEYED_MODES],
      default: 'stream',
      doc: 'What the table is in Redis. hash: the columns are fields. json: a string that holds a JSON object, or, to look up, a value of the JSON module. string: the value is the one column that is not of the PRIMARY KEY.',
    },
    key: {
      kind: 'string',
      doc: 'mode stream: the key of the stream; to read, several with commas between them, each a split. mode hash, json, string: the key of a row, `user:{id}`, where `{column}` stands for a column of the PRIMARY KEY. Absent: its values, joined by `:`.',
    },
    channel: {
      kind: 'string',
      doc: 'mode channel: the channels to read, separated by commas; a name with `*`, `?` or `[` is a pattern. Absent: the table is only written.',
    },
    'payload-field': {
      kind: 'string',
      doc: 'mode stream: the field of an entry that holds the message. Absent: every column is a field of its own.',
    },
    ...START_OPTIONS,
    'scan.startup.specific-offset': {
      kind: 'string',
      doc: 'For the mode specific-offset: the id of the first entry, `1526919030474-55` or `1526919030474`. Of one stream.',
    },
    'sink.channel': {
      kind: 'string',
      doc: 'mode channel: the channel of messages that are written.',
    },
    'sink.ids': {
      kind: 'enum',
      values: ['auto', 'explicit'],
      default: 'auto',
      doc: 'mode stream. auto: Redis gives the ids, and how far the query has come is kept in Redis, in the same transactions, under `millrace:{<key>}:<job>`. explicit: ids are made from the numbers of the results, so that Redis refuses what it has; nobody else may write to the stream.',
    },
    'sink.max-length': {
      kind: 'integer',
      min: 1,
      doc: 'mode stream: about so many entries stay; older ones are trimmed.',
    },
    ...FORMAT_OPTIONS,
    format: { ...FORMAT_OPTIONS.format, required: false, default: 'json' },
    ...LOG_KEEPING_OPTIONS,
    ...LOOKUP_OPTIONS,
  },
  metadata: { id: VARCHAR, key: VARCHAR, timestamp: TIMESTAMP_LTZ, channel: VARCHAR },
  source: {
    option: 'mode',
    of: {
      stream: { replay: 'offset', readsWith: 'key' },
      channel: { replay: 'log', delivery: 'at-most-once', readsWith: 'channel' },
    },
  },
  sink: {
    option: 'mode',
    of: {
      stream: { delivery: 'exactly-once' },
      channel: { delivery: 'at-most-once' },
      hash: { delivery: 'exactly-once' },
      json: { delivery: 'exactly-once' },
      string: { delivery: 'exactly-once' },
    },
  },
  lookup: { keys: 'primary', when: isKeyedMode },
  check: checkRedis,
}

const OF_MODE: Readonly<Record<string, readonly string[]>> = {
  'payload-field': ['stream'],
  'sink.max-length': ['stream'],
  channel: ['channel'],
  'sink.channel': ['channel'],
  key: ['stream', ...KEYED_MODES],
}

function checkRedis(table: TableSpec): void {
  const { options } = table
  const { mode, key } = options
  checkUrl(options, 'url', ['redis', 'rediss'])
  for (const [option, modes] of Object.entries(OF_MODE)) {
    if (options[option] === undefined || modes.includes(mode)) continue
    fail('INVALID_OPTION', `'${option}' does not go with 'mode' = '${mode}'`)
  }
  if (isKeyedMode(options)) checkKeyed(table)
  else if (mode === 'stream') checkStream(table)
  else if ((options.channel ?? options['sink.channel']) === undefined) {
    fail('INVALID_OPTION', `'mode' = 'channel' needs 'channel' to read or 'sink.channel' to write`)
  }
  if (mode === 'stream' && key === undefined) {
    fail('INVALID_OPTION', `'mode' = 'stream' needs the option 'key'`)
  }
}

function checkStream(table: TableSpec): void {
  const { options, primaryKey } = table
  checkStart(table, 'scan.startup.specific-offset')
  const offset = options['scan.startup.specific-offset']
  if (offset !== undefined && !isEntryId(offset)) {
    fail('INVALID_OPTION', `'${offset}' is no id of an entry`, { hint: '1526919030474-55' })
  }
  if (options['payload-field'] === undefined && options.format !== 'json') {
    fail('INVALID_OPTION', `'format' = '${options.format}' needs the option 'payload-field'`)
  }
  if (primaryKey !== undefined && !isChangelogFormat(options.format)) {
    fail('UNSUPPORTED', `A table of 'mode' = 'stream' has no PRIMARY KEY`, {
      hint: 'Rank the rows of each key and keep the last; or use a format that carries changes.',
    })
  }
}

function checkKeyed(table: TableSpec): void {
  const { options, primaryKey, schema } = table
  const { mode } = options
  if (primaryKey === undefined) {
    fail('INVALID_OPTION', `'mode' = '${mode}' needs a PRIMARY KEY`)
  }
  if (options.format !== 'json') {
    fail('INVALID_OPTION', `'mode' = '${mode}' has no format`)
  }
  if (mode === 'string' && recordColumns(table).length !== primaryKey.length + 1) {
    fail('INVALID_OPTION', `'mode' = 'string' needs one column beside the PRIMARY KEY`)
  }
  const names = primaryKey.map((column) => schema.fields[column].name)
  for (const [, name] of (options.key ?? '').matchAll(/\{([^{}]*)\}/g)) {
    if (names.includes(name)) continue
    fail('INVALID_OPTION', `'key': ${name} is not of the PRIMARY KEY`, {
      hint: `Its columns are ${names.join(', ')}.`,
    })
  }
}
