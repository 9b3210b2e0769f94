/** The nats connector as data. */

import { fail } from '../../engine/base/errors.ts'
import { BIGINT, type DataType, TIMESTAMP_LTZ, VARCHAR } from '../../engine/batch/types.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { FORMAT_OPTIONS } from '../../engine/source/format-options.ts'
import { LOG_KEEPING_OPTIONS } from '../../engine/source/log-options.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { checkStart, START_OPTIONS } from '../start-options.ts'
import { TLS_OPTIONS } from '../tls-options.ts'
import { checkServers } from '../url-option.ts'

/** The header lines of a message. A name that comes twice has its values joined by `, `. */
export const HEADERS: DataType = { kind: 'map', key: VARCHAR, value: VARCHAR }

export const nats: ConnectorSpec = {
  name: 'nats',
  doc: 'NATS. JetStream: reads a stream by its sequence numbers, and writes with message ids by which the server knows what it has. Core NATS: messages of a subject while the server runs, through the embedded log.',
  options: {
    url: {
      kind: 'string',
      required: true,
      doc: 'Servers of one cluster, separated by commas: `nats://localhost:4222`, `tls://…`. No user name or password in it.',
    },
    mode: {
      kind: 'enum',
      values: ['jetstream', 'queue', 'core'],
      default: 'jetstream',
      doc: 'jetstream: a stream that can be read again. queue: a stream whose messages are shared between the readers of a consumer and acknowledged, as a work queue wants it. core: without JetStream; nobody keeps the messages, and those that come while the server is down are not seen.',
    },
    stream: {
      kind: 'string',
      doc: 'The JetStream stream to read. Absent: the table is only written.',
    },
    subject: {
      kind: 'string',
      doc: 'Reads only messages of these subjects, separated by commas; `*` stands for one part of a name and a final `>` for the rest. In mode core a table without it is only written.',
    },
    consumer: {
      kind: 'string',
      doc: 'In mode queue: the durable consumer, made if it is not there. Absent: one of the table, which goes with it.',
    },
    'consumer.ack-wait': {
      kind: 'duration',
      default: '10 s',
      min: 1000,
      doc: 'In mode queue, for a consumer that is made: a message that was given out and not acknowledged for so long, for example because we were killed, is given out again.',
    },
    'queue-group': {
      kind: 'string',
      doc: 'In mode core: the readers of a group share the messages between them.',
    },
    user: { kind: 'string', doc: 'User name.' },
    password: { kind: 'string', secret: true, doc: 'Password of `user`.' },
    token: { kind: 'string', secret: true, doc: 'Token, for a server that asks for one.' },
    'nkey-seed': { kind: 'string', secret: true, doc: 'Seed of an NKey, `SU…`.' },
    'credentials-file': {
      kind: 'string',
      doc: 'A file with a user JWT and its seed, as the nsc tool writes it.',
    },
    ...TLS_OPTIONS,
    'jetstream.domain': { kind: 'string', doc: 'The JetStream domain, if there are several.' },
    ...START_OPTIONS,
    'scan.startup.specific-offset': {
      kind: 'integer',
      min: 1,
      doc: 'For the mode specific-offset: the sequence number to begin with.',
    },
    'sink.subject': {
      kind: 'string',
      doc: 'The subject of the messages that are written. With JetStream some stream must take it.',
    },
    'sink.subject.column': {
      kind: 'string',
      doc: "A column whose value is the message's subject; NULL: that of `sink.subject`.",
    },
    'sink.exclusive': {
      kind: 'boolean',
      default: 'false',
      doc: "Whether nobody but one query writes to the stream of `sink.subject`. Every message then says which one must be before it, and results are there exactly once after any failure. If false, the server knows repeated messages by their ids for as long as the stream's duplicate window says.",
    },
    ...FORMAT_OPTIONS,
    ...LOG_KEEPING_OPTIONS,
  },
  metadata: { subject: VARCHAR, sequence: BIGINT, timestamp: TIMESTAMP_LTZ, headers: HEADERS },
  source: {
    option: 'mode',
    of: {
      jetstream: { replay: 'offset', readsWith: 'stream' },
      queue: { replay: 'log', readsWith: 'stream' },
      core: { replay: 'log', delivery: 'at-most-once', readsWith: 'subject' },
    },
  },
  sink: {
    option: 'mode',
    of: {
      jetstream: { delivery: 'exactly-once' },
      queue: { delivery: 'exactly-once' },
      core: { delivery: 'at-most-once' },
    },
  },
  check: checkNats,
}

function checkNats(table: TableSpec): void {
  const { options } = table
  checkServers(options, 'url')
  checkStart(table, 'scan.startup.specific-offset')
  const { mode } = options
  const reading = mode === 'core' ? 'subject' : 'stream'
  if ([reading, 'sink.subject', 'sink.subject.column'].every((key) => options[key] === undefined)) {
    fail('INVALID_OPTION', 'The nats table can neither be read nor written', {
      hint: `Add '${reading}' to read it, 'sink.subject' to write it.`,
    })
  }
  for (const [option, only] of Object.entries(OF_MODE)) {
    if (options[option] === undefined || only.includes(mode)) continue
    fail('INVALID_OPTION', `'${option}' does not go with 'mode' = '${mode}'`)
  }
  const written = options['sink.subject']
  if (options['sink.exclusive'] === 'true' && written === undefined) {
    fail('INVALID_OPTION', `'sink.exclusive' needs 'sink.subject'`)
  }
  if (written !== undefined && /[*>\s]|^\.|\.$|\.\./.test(written)) {
    fail('INVALID_OPTION', `'${written}' is no subject that a message can have`)
  }
  checkCredentials(options)
}

const OF_MODE: Readonly<Record<string, readonly string[]>> = {
  stream: ['jetstream', 'queue'],
  'jetstream.domain': ['jetstream', 'queue'],
  consumer: ['queue'],
  'queue-group': ['core'],
}

/** The subjects that are read, of a list with commas. */
export const subjectsOf = (list: string): string[] =>
  list.split(',').map((subject) => subject.trim())

function checkCredentials(options: TableSpec['options']): void {
  const ways = ['user', 'token', 'nkey-seed', 'credentials-file']
  const given = ways.filter((way) => options[way] !== undefined)
  if (given.length > 1) {
    fail('INVALID_OPTION', `'${given[0]}' and '${given[1]}' cannot both be given`)
  }
  if ((options.user === undefined) !== (options.password === undefined)) {
    fail('INVALID_OPTION', `'user' and 'password' belong together`)
  }
}
