/** The rabbitmq connector as data. */

import { fail } from '../../engine/base/errors.ts'
import {
  BIGINT,
  BOOLEAN,
  type DataType,
  INT,
  TIMESTAMP_LTZ,
  VARCHAR,
} from '../../engine/batch/types.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { FORMAT_OPTIONS } from '../../engine/source/format-options.ts'
import { LOG_KEEPING_OPTIONS } from '../../engine/source/log-options.ts'
import type { OptionTable } from '../../engine/source/option.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { columnOption } from '../column-option.ts'
import { checkStart, START_OPTIONS } from '../start-options.ts'
import { TLS_OPTIONS } from '../tls-options.ts'

/** Values that are no text are written as JSON. */
export const HEADERS: DataType = { kind: 'map', key: VARCHAR, value: VARCHAR }

const CONNECTION: OptionTable = {
  host: {
    kind: 'string',
    default: 'localhost',
    doc: 'The server; several of one cluster, separated by commas, are tried in turn.',
  },
  port: {
    kind: 'integer',
    min: 1,
    max: 65_535,
    doc: 'Absent: 5672, or 5671 if the connection is encrypted.',
  },
  'virtual-host': { kind: 'string', default: '/', doc: 'The virtual host.' },
  username: { kind: 'string', default: 'guest', doc: 'User name.' },
  password: { kind: 'string', default: 'guest', secret: true, doc: 'Password of `username`.' },
  'connection-timeout': {
    kind: 'duration',
    default: '10 s',
    min: 1,
    doc: 'How long to wait for a server before the next one is tried.',
  },
  heartbeat: {
    kind: 'duration',
    default: '20 s',
    min: 1000,
    doc: 'A server that is silent for twice as long counts as lost.',
  },
  ...TLS_OPTIONS,
}

const READING: OptionTable = {
  queue: {
    kind: 'string',
    doc: 'The queue or stream to read.',
  },
  'queue.type': {
    kind: 'enum',
    values: ['classic', 'quorum', 'stream'],
    default: 'classic',
    doc: 'What kind of queue it is. A stream is read by offset; messages of a queue are acknowledged when they are in the embedded log.',
  },
  'queue.declare': {
    kind: 'boolean',
    default: 'false',
    doc: 'Whether to make the queue, durable, if it is not there, and to bind it to `exchange`. If false, it must be there.',
  },
  'queue.arguments': {
    kind: 'string',
    doc: 'More arguments of a queue that is declared, as a JSON object: `{"x-max-priority": 10}`.',
  },
  'prefetch-count': {
    kind: 'integer',
    default: '2000',
    min: 1,
    max: 65_535,
    doc: 'How many messages may be under way to us and not acknowledged. They are held in memory.',
  },
  dedupe: {
    kind: 'enum',
    values: ['none', 'message-id'],
    default: 'none',
    doc: "message-id: a message whose `message-id` was among the table's last 250 000 is acknowledged and not stored again. Messages without one are stored. Not for streams.",
  },
  'reject-bad-records': {
    kind: 'boolean',
    default: 'false',
    doc: "Whether a message that does not fit the table is given back (`basic.reject`), so that the queue's dead-letter exchange takes it, instead of what `bad-records` says. Not for streams.",
  },
  ...START_OPTIONS,
  'scan.startup.specific-offset': {
    kind: 'integer',
    min: 0,
    doc: 'For the mode specific-offset: the offset to begin with. Only streams have offsets.',
  },
}

const WRITING: OptionTable = {
  exchange: {
    kind: 'string',
    doc: 'To write: the exchange that takes the messages; empty: the default exchange, whose routing keys are names of queues. To read with `queue.declare`: what the queue is bound to.',
  },
  'exchange.declare': {
    kind: 'enum',
    values: ['none', 'direct', 'topic', 'fanout', 'headers'],
    default: 'none',
    doc: 'The type of the exchange to make, durable, if it is not there. none: it must be there.',
  },
  'routing-key': {
    kind: 'string',
    doc: 'The routing key of every message. To read with `queue.declare`: the binding key.',
  },
  'routing-key.column': {
    kind: 'string',
    doc: "To write: the column of type STRING whose value is the message's routing key.",
  },
  'priority.column': {
    kind: 'string',
    doc: "To write: the column of type INT whose value is the message's priority, 0 to 255.",
  },
  'sink.persistent': {
    kind: 'boolean',
    default: 'true',
    doc: 'Whether the server keeps the messages on its disk.',
  },
  'sink.mandatory': {
    kind: 'boolean',
    default: 'true',
    doc: 'Whether a message must reach a queue: if there is none, the job waits and tries again. If false, such messages are gone.',
  },
  'sink.message-ttl': {
    kind: 'duration',
    doc: 'How long a message may wait in a queue before the server drops it.',
  },
}

export const rabbitmq: ConnectorSpec = {
  name: 'rabbitmq',
  doc: 'RabbitMQ over AMQP 0-9-1. Classic and quorum queues are read through the embedded log; streams by offset. Writes to an exchange and waits for its confirms; the message id is made of the job and the number of the result, so that a reader can tell a repetition.',
  options: {
    ...CONNECTION,
    ...READING,
    ...WRITING,
    ...FORMAT_OPTIONS,
    ...LOG_KEEPING_OPTIONS,
  },
  metadata: {
    'routing-key': VARCHAR,
    exchange: VARCHAR,
    redelivered: BOOLEAN,
    headers: HEADERS,
    priority: INT,
    timestamp: TIMESTAMP_LTZ,
    'message-id': VARCHAR,
    'correlation-id': VARCHAR,
    'reply-to': VARCHAR,
    'content-type': VARCHAR,
    'content-encoding': VARCHAR,
    type: VARCHAR,
    'app-id': VARCHAR,
    'user-id': VARCHAR,
    expiration: VARCHAR,
    'delivery-mode': INT,
    offset: BIGINT,
  },
  writableMetadata: [
    'routing-key',
    'headers',
    'priority',
    'timestamp',
    'message-id',
    'correlation-id',
    'reply-to',
    'content-type',
    'content-encoding',
    'type',
    'expiration',
  ],
  source: {
    option: 'queue.type',
    of: {
      classic: { replay: 'log' },
      quorum: { replay: 'log' },
      stream: { replay: 'offset' },
    },
  },
  readsWith: 'queue',
  sink: { delivery: 'at-least-once' },
  check: checkRabbitmq,
}

function checkRabbitmq(table: TableSpec): void {
  const { options } = table
  checkStart(table, 'scan.startup.specific-offset')
  if (options.queue === undefined && options.exchange === undefined) {
    fail('INVALID_OPTION', 'A rabbitmq table needs a queue to read or an exchange to write to', {
      hint: `Add 'queue', or 'exchange'.`,
    })
  }
  if (options['queue.type'] === 'stream') refuse(options, NOT_FOR_STREAMS, 'a stream')
  else refuse(options, { ...ONLY_FOR_STREAMS }, 'a queue')
  const args = options['queue.arguments']
  if (args !== undefined) queueArguments(args)
  if (options['routing-key'] !== undefined && options['routing-key.column'] !== undefined) {
    fail('INVALID_OPTION', `'routing-key' and 'routing-key.column' cannot both be given`)
  }
  columnOption(table, 'routing-key.column', VARCHAR)
  columnOption(table, 'priority.column', INT)
}

/** Values other than these. */
const NOT_FOR_STREAMS = { dedupe: 'none', 'reject-bad-records': 'false' }
const ONLY_FOR_STREAMS = {
  'scan.startup.mode': 'earliest-offset',
  'scan.bounded.mode': 'unbounded',
}

function refuse(
  options: TableSpec['options'],
  allowed: Readonly<Record<string, string>>,
  what: string,
): void {
  for (const [option, only] of Object.entries(allowed)) {
    if (options[option] === undefined || options[option] === only) continue
    fail('INVALID_OPTION', `'${option}' = '${options[option]}' does not go with ${what}`, {
      hint: `'queue.type' says what it is.`,
    })
  }
}

/** The value of `queue.arguments`. INVALID_OPTION if it is no JSON object. */
export function queueArguments(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
  } catch {
    // Refused below.
  }
  return fail('INVALID_OPTION', `'queue.arguments' is no JSON object`)
}
