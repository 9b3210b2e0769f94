/** Sends records to a stream. One array is one request: stored whole or not at all. An iterable is
 *  sent in many requests, each acknowledged before the next. */

import { BackOff } from './back-off.ts'
import type { Http } from './http.ts'
import { MillraceError } from './millrace-error.ts'
import { type RecordSource, recordBatches } from './record-batches.ts'
import type { ProducedRange, ProduceResult, Row } from './results.ts'
import { sleep } from './sleep.ts'

export interface ProduceOptions {
  /** Makes a retry safe: the server stores the records of one key once. With a key, requests that
   *  got no answer are sent again; request n of an iterable uses `key-n`. */
  readonly idempotencyKey?: string | undefined
  /** Requests of an iterable hold at most so many rows. Default 5000. */
  readonly batchRowsMax?: number | undefined
  /** …and so many characters. Default 1 000 000. */
  readonly batchCharsMax?: number | undefined
  /** Told after every acknowledged request of an iterable: all records acknowledged so far. */
  readonly onAcknowledged?: ((count: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** One request's body, in a format that the server reads. */
export interface RecordBody {
  readonly body: string | Uint8Array
  readonly contentType: string
}

const TRIES_MAX = 5

/** Raises MillraceError; if some requests of an iterable were acknowledged before, its
 *  `details.acknowledged` is the number of records that are stored. */
export async function produce(
  http: Http,
  stream: string,
  records: readonly Row[] | RecordSource,
  options: ProduceOptions = {},
): Promise<ProduceResult> {
  if (isRows(records)) {
    const body = records.map((row) => `${JSON.stringify(row)}\n`).join('')
    return produceBody(http, stream, { body, contentType: NDJSON }, options)
  }
  const { batchRowsMax = 5000, batchCharsMax = 1_000_000, idempotencyKey } = options
  const limit = { rowsMax: batchRowsMax, charsMax: batchCharsMax }
  let count = 0
  let requests = 0
  const offsets: ProducedRange[] = []
  try {
    for await (const batch of recordBatches(records, limit)) {
      const key = idempotencyKey && `${idempotencyKey}-${requests}`
      const part = { body: batch.body, contentType: NDJSON }
      const done = await produceBody(http, stream, part, { ...options, idempotencyKey: key })
      count += done.count
      requests++
      extend(offsets, done.offsets)
      options.onAcknowledged?.(count)
    }
  } catch (error) {
    throw error instanceof MillraceError ? withAcknowledged(error, count) : error
  }
  return { count, requests, offsets }
}

/** An array of rows, not of pieces of text. */
const isRows = (records: readonly Row[] | RecordSource): records is readonly Row[] =>
  Array.isArray(records) &&
  records.every((piece) => typeof piece === 'object' && !(piece instanceof Uint8Array))

const NDJSON = 'application/x-ndjson'

/** One request. With an idempotency key it is tried again when no answer came, or when the server
 *  asks for a later try. */
export async function produceBody(
  http: Http,
  stream: string,
  { body, contentType }: RecordBody,
  { idempotencyKey, signal }: ProduceOptions = {},
): Promise<ProduceResult> {
  const path = `/v1/streams/${encodeURIComponent(stream)}/records`
  const headers: Record<string, string> = idempotencyKey
    ? { 'idempotency-key': idempotencyKey }
    : {}
  const backOff = new BackOff()
  for (let left = TRIES_MAX - 1; ; left--) {
    try {
      const request = { method: 'POST' as const, body, contentType, headers, signal }
      const done = await http.json<Omit<ProduceResult, 'requests'>>(path, request)
      return { ...done, requests: 1 }
    } catch (error) {
      const again = error instanceof MillraceError && error.retry === 'backoff' && idempotencyKey
      if (!again || left === 0) throw error
    }
    await sleep(backOff.next(), signal)
    signal?.throwIfAborted()
  }
}

/** Joins ranges of the same split that follow each other. */
function extend(ranges: ProducedRange[], more: readonly ProducedRange[]): void {
  for (const range of more) {
    const at = ranges.findIndex((r) => r.split === range.split && r.last + 1 === range.first)
    if (at < 0) ranges.push(range)
    else ranges[at] = { ...ranges[at], last: range.last }
  }
}

function withAcknowledged(error: MillraceError, acknowledged: number): MillraceError {
  return new MillraceError(error.code, error.message, {
    ...error,
    details: { ...error.details, acknowledged },
    cause: error.cause,
  })
}
