/** The http connector as data. */

import { fail } from '../../engine/base/errors.ts'
import { type DataType, INT, TIMESTAMP_LTZ, VARCHAR } from '../../engine/batch/types.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { FORMAT_OPTIONS } from '../../engine/source/format-options.ts'
import { LOG_KEEPING_OPTIONS } from '../../engine/source/log-options.ts'
import type { OptionTable } from '../../engine/source/option.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { BODY_OPTIONS, checkBody } from '../http-body.ts'
import { readHeaders } from '../http-headers.ts'
import { parsePath } from '../json-parts.ts'
import { checkUrl } from '../url-option.ts'
import { HTTP_LOOKUP_OPTIONS } from './lookup-options.ts'

const PAIRS: DataType = { kind: 'map', key: VARCHAR, value: VARCHAR }

const POLLING: OptionTable = {
  'poll.interval': {
    kind: 'duration',
    default: '10 s',
    min: 1,
    doc: 'Of poll: how long to wait between two requests.',
  },
  'poll.method': {
    kind: 'enum',
    values: ['GET', 'POST'],
    default: 'GET',
    doc: 'Of poll: the method of the requests.',
  },
  'poll.request-body': {
    kind: 'string',
    doc: 'Of poll with POST: the body of the requests. `{cursor}` in it stands for the cursor as JSON.',
  },
  'cursor.parameter': {
    kind: 'string',
    doc: 'Of poll: the query parameter that says where to go on. It is sent once there is a cursor.',
  },
  'cursor.path': {
    kind: 'string',
    doc: 'Of poll: where an answer says what to ask for next: `$.next`. While it does, and the answer has records, the next request follows at once.',
  },
  'cursor.field': {
    kind: 'string',
    doc: 'Of poll: the field of the last record that is the next cursor: `id`.',
  },
  'cursor.initial': { kind: 'string', doc: 'Of poll: the first cursor.' },
}

export const http: ConnectorSpec = {
  name: 'http',
  doc: 'Reads from other HTTP servers, through the embedded log: asks again and again, or follows an event stream or a WebSocket. Looks up rows by key (`lookup.url`).',
  options: {
    url: {
      kind: 'string',
      doc: 'Where to read: `http://…` or `https://…`; for websocket `ws://…` or `wss://…`.',
    },
    mode: {
      kind: 'enum',
      values: ['poll', 'sse', 'websocket'],
      default: 'poll',
      doc: 'poll: asks every so often; an answer that is the same as the one before it counts as nothing. sse: follows a `text/event-stream` and resumes after the last event (Last-Event-ID). websocket: every message counts; those that come while the connection is down are lost.',
    },
    headers: {
      kind: 'string',
      secret: true,
      doc: 'Headers of every request, a line each or separated by `;`: `Authorization: Bearer …`.',
    },
    ...BODY_OPTIONS,
    ...POLLING,
    'sse.events': {
      kind: 'string',
      doc: 'Of sse: the types of events to take, separated by commas. Absent: all.',
    },
    'websocket.send': {
      kind: 'string',
      secret: true,
      doc: 'Of websocket: a message to send when it is connected, such as a subscription.',
    },
    'websocket.protocols': {
      kind: 'string',
      doc: 'Of websocket: subprotocols to offer, separated by commas.',
    },
    'idle-timeout': {
      kind: 'duration',
      default: '5 min',
      min: 1,
      doc: 'Of sse and websocket: a connection on which nothing comes for so long is made anew. Of poll: how long to wait for an answer.',
    },
    ...HTTP_LOOKUP_OPTIONS,
    ...FORMAT_OPTIONS,
    ...LOG_KEEPING_OPTIONS,
  },
  metadata: {
    url: VARCHAR,
    received: TIMESTAMP_LTZ,
    event: VARCHAR,
    'event-id': VARCHAR,
    status: INT,
    headers: PAIRS,
  },
  source: {
    option: 'mode',
    of: {
      poll: { replay: 'log' },
      sse: { replay: 'log' },
      websocket: { replay: 'log', delivery: 'at-most-once' },
    },
  },
  readsWith: 'url',
  lookup: { keys: 'any', when: (options) => options['lookup.url'] !== undefined },
  check: checkHttp,
}

const SCHEMES: Readonly<Record<string, readonly string[]>> = {
  poll: ['http', 'https'],
  sse: ['http', 'https'],
  websocket: ['ws', 'wss'],
}

function checkHttp({ options }: TableSpec): void {
  const { url, mode } = options
  if ((url === undefined) === (options['lookup.url'] === undefined)) {
    fail('INVALID_OPTION', `An http table needs one of the options 'url' and 'lookup.url'`)
  }
  checkUrl(options, 'url', SCHEMES[mode])
  readHeaders('headers', options.headers)
  checkBody(options)
  checkCursor(options)
}

function checkCursor(options: TableSpec['options']): void {
  const path = options['cursor.path']
  const field = options['cursor.field']
  if (path !== undefined && field !== undefined) {
    fail('INVALID_OPTION', `'cursor.path' and 'cursor.field' cannot both be given`)
  }
  for (const option of ['cursor.path', 'cursor.field']) {
    const text = options[option]
    if (text === undefined) continue
    parsePath(option, text)
    const isSent =
      options['cursor.parameter'] !== undefined ||
      options['poll.request-body']?.includes('{cursor}') === true
    if (!isSent) {
      fail('INVALID_OPTION', `'${option}' needs 'cursor.parameter'`, {
        hint: 'Or {cursor} in poll.request-body.',
      })
    }
  }
}
