/** The webhook connector as data. */

import { fail } from '../../engine/base/errors.ts'
import { type DataType, TIMESTAMP_LTZ, VARCHAR } from '../../engine/batch/types.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { FORMAT_OPTIONS } from '../../engine/source/format-options.ts'
import { LOG_KEEPING_OPTIONS } from '../../engine/source/log-options.ts'
import type { OptionTable } from '../../engine/source/option.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { BODY_OPTIONS, checkBody } from '../http-body.ts'
import { readHeaders } from '../http-headers.ts'
import { checkUrl } from '../url-option.ts'
import { checkSignature, SIGNATURE_OPTIONS } from './signature.ts'

const PAIRS: DataType = { kind: 'map', key: VARCHAR, value: VARCHAR }

const READING: OptionTable = {
  path: {
    kind: 'string',
    doc: 'To read: where requests are received, below `/v1/webhooks/`. With `/*` at its end also all paths below. No two tables may have the same.',
  },
  'delivery-id.header': {
    kind: 'string',
    doc: "The header whose value names a delivery: one that comes again is not stored again, among the table's last 250 000 messages. Absent: `X-GitHub-Delivery` for github, `webhook-id` for standard-webhooks, else `Idempotency-Key`.",
  },
  'reject-bad-records': {
    kind: 'boolean',
    default: 'false',
    doc: 'Whether a request with a record that does not fit the table is refused with status 422 and nothing of it stored, instead of what `bad-records` says.',
  },
}

const WRITING: OptionTable = {
  url: { kind: 'string', doc: 'To write: where requests are sent.' },
  'sink.method': {
    kind: 'enum',
    values: ['POST', 'PUT', 'PATCH'],
    default: 'POST',
    doc: 'The method of the requests.',
  },
  'sink.headers': {
    kind: 'string',
    secret: true,
    doc: 'Headers of every request, a line each or separated by `;`: `Authorization: Bearer …`.',
  },
  'sink.batch-rows': {
    kind: 'integer',
    default: '500',
    min: 1,
    max: 100_000,
    doc: 'How many records go into one request at most, where `body` is array or lines.',
  },
  'sink.parallel-requests': {
    kind: 'integer',
    default: '1',
    min: 1,
    max: 64,
    doc: 'How many requests may be under way at a time. With more than one they may arrive in another order.',
  },
  'sink.timeout': {
    kind: 'duration',
    default: '30 s',
    min: 1,
    doc: 'How long to wait for an answer.',
  },
  'sink.skip-refused': {
    kind: 'boolean',
    default: 'false',
    doc: 'Whether to go on after an answer that says that the request is wrong (4xx, but not 408, 425 and 429); its records are then lost. If false, the job waits and tries again.',
  },
}

export const webhook: ConnectorSpec = {
  name: 'webhook',
  doc: 'HTTP requests. Receives them at `POST /v1/webhooks/<path>`: the answer is 200 when the records are on the disk, 401 if the signature or the token is wrong, 413 if the body is too large, 422 if it is not of the form that `body` says, and 503 if it cannot be stored now. Sends them with an `Idempotency-Key`, by which the other side can tell a repetition.',
  options: {
    ...READING,
    ...WRITING,
    ...BODY_OPTIONS,
    ...SIGNATURE_OPTIONS,
    ...FORMAT_OPTIONS,
    ...LOG_KEEPING_OPTIONS,
  },
  metadata: {
    headers: PAIRS,
    path: VARCHAR,
    query: PAIRS,
    'delivery-id': VARCHAR,
    received: TIMESTAMP_LTZ,
  },
  source: { replay: 'log' },
  readsWith: 'path',
  sink: { delivery: 'at-least-once' },
  check: checkWebhook,
}

const PATH = /^[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*(\/\*)?$/

function checkWebhook({ options }: TableSpec): void {
  const { path, url } = options
  if (path === undefined && url === undefined) {
    fail('INVALID_OPTION', 'A webhook table needs a path to receive at or a url to send to')
  }
  if (path !== undefined && !PATH.test(path)) {
    fail('INVALID_OPTION', `'path' = '${path}' is no path`, {
      hint: 'It has letters, digits, . _ ~ - and / between them, such as github/push.',
    })
  }
  checkUrl(options, 'url', ['http', 'https'])
  readHeaders('sink.headers', options['sink.headers'])
  checkBody(options)
  checkSignature(options)
}
