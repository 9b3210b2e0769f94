/** The mqtt connector as data. */

import { fail } from '../../engine/base/errors.ts'
import { BOOLEAN, type DataType, INT, TIMESTAMP_LTZ, VARCHAR } from '../../engine/batch/types.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { FORMAT_OPTIONS } from '../../engine/source/format-options.ts'
import { LOG_KEEPING_OPTIONS } from '../../engine/source/log-options.ts'
import type { OptionTable } from '../../engine/source/option.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { columnOption } from '../column-option.ts'
import { TLS_OPTIONS } from '../tls-options.ts'
import { checkUrl } from '../url-option.ts'

const USER_PROPERTIES: DataType = { kind: 'map', key: VARCHAR, value: VARCHAR }

const CONNECTION: OptionTable = {
  url: {
    kind: 'string',
    required: true,
    doc: 'The broker: `mqtt://host:1883`, `mqtts://…`, `ws://…` or `wss://…`. No user name or password in it.',
  },
  version: {
    kind: 'enum',
    values: ['5', '3.1.1'],
    default: '5',
    doc: 'The version of the protocol.',
  },
  username: { kind: 'string', doc: 'User name.' },
  password: { kind: 'string', secret: true, doc: 'Password of `username`.' },
  'client-id': {
    kind: 'string',
    doc: 'The name of the session at the broker; no other client may have it. Absent: one that is kept with the table. A table that is written as well gets another one for each job.',
  },
  'connection-timeout': {
    kind: 'duration',
    default: '10 s',
    min: 1,
    doc: 'How long to wait for the broker.',
  },
  'keep-alive': {
    kind: 'duration',
    default: '30 s',
    min: 1000,
    doc: 'How often to ask a silent broker whether it is there.',
  },
  ...TLS_OPTIONS,
}

export const mqtt: ConnectorSpec = {
  name: 'mqtt',
  doc: 'MQTT 5 and 3.1.1. Messages go through the embedded log and are acknowledged when they are in it; the broker keeps the session and what comes while we are away.',
  options: {
    ...CONNECTION,
    topic: {
      kind: 'string',
      doc: 'To read: topic filters separated by commas, with `+` for one level and `#` for all below; `$share/<group>/<filter>` shares the messages with the other readers of the group.',
    },
    qos: {
      kind: 'enum',
      values: ['0', '1', '2'],
      default: '1',
      doc: 'How messages are delivered. 0: those that come while the connection is down are lost. 1 and 2: none is lost; one that was stored and not yet acknowledged when something died comes again.',
    },
    'clean-start': {
      kind: 'boolean',
      default: 'false',
      doc: 'Whether each connection begins a new session: what came in between is then lost.',
    },
    'session-expiry': {
      kind: 'duration',
      default: '7 d',
      doc: 'How long the broker keeps the session while we are away. Only MQTT 5; with 3.1.1 the broker decides.',
    },
    'receive-maximum': {
      kind: 'integer',
      default: '1000',
      min: 1,
      max: 65_535,
      doc: 'How many messages may be under way to us and not acknowledged. Only MQTT 5; with 3.1.1 the broker decides.',
    },
    'retain-handling': {
      kind: 'enum',
      values: ['always', 'new', 'never'],
      default: 'new',
      doc: 'Whether the broker sends the retained messages with each connection, for a new session, or not at all. Only MQTT 5; with 3.1.1 it is always.',
    },
    'sink.topic': { kind: 'string', doc: 'To write: the topic of every message.' },
    'sink.topic.column': {
      kind: 'string',
      doc: "To write: the column of type STRING whose value is the message's topic.",
    },
    'sink.retain': {
      kind: 'boolean',
      default: 'false',
      doc: 'Whether the broker keeps the last message of each topic for those who subscribe later.',
    },
    'sink.message-ttl': {
      kind: 'duration',
      min: 1000,
      doc: 'How long the broker keeps a message for those who are away. Only MQTT 5.',
    },
    ...FORMAT_OPTIONS,
    ...LOG_KEEPING_OPTIONS,
  },
  metadata: {
    topic: VARCHAR,
    qos: INT,
    retain: BOOLEAN,
    duplicate: BOOLEAN,
    received: TIMESTAMP_LTZ,
    'content-type': VARCHAR,
    'response-topic': VARCHAR,
    'correlation-data': VARCHAR,
    'user-properties': USER_PROPERTIES,
  },
  writableMetadata: ['topic', 'retain', 'content-type', 'response-topic', 'user-properties'],
  source: {
    option: 'qos',
    of: {
      '0': { replay: 'log', delivery: 'at-most-once' },
      '1': { replay: 'log' },
      '2': { replay: 'log' },
    },
  },
  readsWith: 'topic',
  sink: {
    option: 'qos',
    of: {
      '0': { delivery: 'at-most-once' },
      '1': { delivery: 'at-least-once' },
      '2': { delivery: 'at-least-once' },
    },
  },
  check: checkMqtt,
}

function checkMqtt(table: TableSpec): void {
  const { options } = table
  const { topic, version } = options
  checkUrl(options, 'url', ['mqtt', 'mqtts', 'ws', 'wss'])
  const [target, column] = [options['sink.topic'], options['sink.topic.column']]
  if ((topic ?? target ?? column) === undefined) {
    fail('INVALID_OPTION', `An mqtt table needs a topic to read or to write`, {
      hint: `Add 'topic', 'sink.topic' or 'sink.topic.column'.`,
    })
  }
  if (target !== undefined && column !== undefined) {
    fail('INVALID_OPTION', `'sink.topic' and 'sink.topic.column' cannot both be given`)
  }
  if (target !== undefined && /[+#]|^\$share\//.test(target)) {
    fail('INVALID_OPTION', `'sink.topic' = '${target}' is no single topic`)
  }
  columnOption(table, 'sink.topic.column', VARCHAR)
  for (const filter of topicsOf(topic ?? '')) checkFilter(filter)
  if (options.password !== undefined && options.username === undefined) {
    fail('INVALID_OPTION', `'password' needs 'username'`)
  }
  if (version === '3.1.1' && options['sink.message-ttl'] !== undefined) {
    fail('INVALID_OPTION', `'sink.message-ttl' needs 'version' = '5'`)
  }
}

/** The filters that an option `topic` lists. */
export const topicsOf = (topic: string): string[] =>
  topic
    .split(',')
    .map((filter) => filter.trim())
    .filter((filter) => filter !== '')

/** INVALID_OPTION for a filter whose wildcards are not whole levels, or `#` not the last. */
function checkFilter(filter: string): void {
  const levels = filter.split('/')
  const isShared = levels[0] === '$share'
  const wrong = levels.some(
    (level, i) =>
      (level.includes('#') && (level !== '#' || i !== levels.length - 1)) ||
      (level.includes('+') && level !== '+'),
  )
  if (!wrong && (!isShared || (levels.length > 2 && levels[1] !== '' && levels[2] !== ''))) return
  fail('INVALID_OPTION', `'${filter}' is no topic filter`, {
    hint: '+ stands for a whole level, # for all that follow; $share/<group>/<filter> is shared.',
  })
}
