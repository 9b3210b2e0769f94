/** The client of a Millrace server, for browsers and Node: SQL, continuous queries, producing and
 *  subscribing. It needs nothing but `fetch`. */

import {
  type ConsumedRecord,
  type ConsumeOptions,
  consume,
  type NackOptions,
  type Receipts,
  type SettledRecords,
  settle,
} from './consume.ts'
import type { SubscriptionEvent } from './events.ts'
import { Http, type HttpOptions } from './http.ts'
import { type ProduceOptions, produce, produceBody, type RecordBody } from './produce.ts'
import type { RecordSource } from './record-batches.ts'
import type { ProduceResult, QueryInfo, Row, SqlResult, StreamInfo } from './results.ts'
import { type SubscribeOptions, type SubscribeTarget, subscribe } from './subscribe.ts'

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface ViewOptions extends CallOptions {
  readonly filter?: string
  readonly order?: string
  readonly limit?: number
  readonly offset?: number
}

/** All methods raise MillraceError: the server's own (with place and hint), or UNREACHABLE. */
export class MillraceClient {
  readonly #http: Http

  constructor(options: HttpOptions) {
    this.#http = new Http(options)
  }

  get url(): string {
    return this.#http.url
  }

  /** Runs the statements in order; one result for each. A SELECT is bounded: it answers over what
   *  is there now. An error NEEDS_CONFIRMATION has in `details.confirm` what to send with the same
   *  text to go on. */
  async sql(
    text: string,
    { signal, confirm }: CallOptions & { readonly confirm?: string | undefined } = {},
  ): Promise<readonly SqlResult[]> {
    const body = JSON.stringify({ sql: text, confirm })
    const request = { method: 'POST' as const, body, sql: text, signal }
    return (await this.#http.json<{ results: SqlResult[] }>('/v1/sql', request)).results
  }

  /** The answer of a single SELECT in another format: `text/csv`, `application/x-ndjson` or
   *  `application/vnd.apache.arrow.stream`. */
  sqlAs(text: string, accept: string, { signal }: CallOptions = {}): Promise<Response> {
    const body = JSON.stringify({ sql: text })
    return this.#http.send('/v1/sql', { method: 'POST', body, accept, sql: text, signal })
  }

  /** Starts a continuous query. */
  createQuery(sql: string, name?: string): Promise<QueryInfo> {
    const body = JSON.stringify({ name, sql })
    return this.#http.json('/v1/queries', { method: 'POST', body, sql })
  }

  /** Puts a SELECT in the place of a query or materialized view, which keeps the state of equal
   *  operators; or starts it under the name. NEEDS_CONFIRMATION: see `sql`. */
  replaceQuery(name: string, sql: string, confirm?: string): Promise<QueryInfo> {
    const body = JSON.stringify({ sql, confirm })
    return this.#http.json(`/v1/queries/${encodeURIComponent(name)}`, { method: 'PUT', body, sql })
  }

  renameQuery(name: string, to: string): Promise<QueryInfo> {
    const body = JSON.stringify({ name: to })
    return this.#http.json(`/v1/queries/${encodeURIComponent(name)}`, { method: 'PATCH', body })
  }

  async listQueries({ signal }: CallOptions = {}): Promise<readonly QueryInfo[]> {
    const answer = await this.#http.json<{ queries: QueryInfo[] }>('/v1/queries', { signal })
    return answer.queries
  }

  getQuery(name: string, { signal }: CallOptions = {}): Promise<QueryInfo> {
    return this.#http.json(`/v1/queries/${encodeURIComponent(name)}`, { signal })
  }

  /** The rows of a materialized view as they are now. `filter` and `order` are SQL, e.g.
   *  `origin = 'ATL'` and `flights DESC`. */
  async view(name: string, options: ViewOptions = {}): Promise<readonly Row[]> {
    const { signal, ...parts } = options
    const query = new URLSearchParams()
    for (const [key, value] of Object.entries(parts)) {
      if (value !== undefined) query.set(key, String(value))
    }
    const path = `/v1/views/${encodeURIComponent(name)}${query.size > 0 ? `?${query}` : ''}`
    return (await this.#http.json<{ rows: Row[] }>(path, { signal })).rows
  }

  /** Stops a continuous query and removes its results. */
  async dropQuery(name: string): Promise<void> {
    await this.#http.send(`/v1/queries/${encodeURIComponent(name)}`, { method: 'DELETE' })
  }

  async listStreams({ signal }: CallOptions = {}): Promise<readonly StreamInfo[]> {
    const answer = await this.#http.json<{ streams: StreamInfo[] }>('/v1/streams', { signal })
    return answer.streams
  }

  getStream(name: string, { signal }: CallOptions = {}): Promise<StreamInfo> {
    return this.#http.json(`/v1/streams/${encodeURIComponent(name)}`, { signal })
  }

  /** Appends records; resolves when they are on the server's disk. An array is one request, stored
   *  whole or not at all. An iterable of rows, or of NDJSON text or bytes, is sent in batches; if
   *  it fails midway, `error.details.acknowledged` says how many records are stored. */
  produce(
    stream: string,
    records: readonly Row[] | RecordSource,
    options?: ProduceOptions,
  ): Promise<ProduceResult> {
    return produce(this.#http, stream, records, options)
  }

  /** Appends the records of one prepared body (CSV, Arrow IPC, …) in one request. */
  produceBody(stream: string, body: RecordBody, options?: ProduceOptions): Promise<ProduceResult> {
    return produceBody(this.#http, stream, body, options)
  }

  /** Takes records of a stream for a consumer group, which is made when it is new. They come again
   *  unless they are acknowledged in time. */
  consume(
    stream: string,
    group: string,
    options?: ConsumeOptions,
  ): Promise<readonly ConsumedRecord[]> {
    return consume(this.#http, stream, group, options)
  }

  /** The records are done: resolves when that is on the server's disk, and they never come again.
   *  Doing it twice is no error. */
  ack(stream: string, group: string, receipts: Receipts): Promise<SettledRecords> {
    return settle(this.#http, { stream, call: 'ack' }, { group, receipts })
  }

  /** Hands records back, or gives them up. */
  nack(
    stream: string,
    group: string,
    receipts: Receipts,
    { delayMs: delay, requeue }: NackOptions = {},
  ): Promise<SettledRecords> {
    return settle(this.#http, { stream, call: 'nack' }, { group, receipts }, { delay, requeue })
  }

  /** Declares that no record will follow: windows close, dependent queries finish. */
  async endStream(name: string): Promise<void> {
    await this.#http.send(`/v1/streams/${encodeURIComponent(name)}/end`, { method: 'POST' })
  }

  /** Follows a query or materialized view (by name) or a SELECT (`{sql}`), through reconnections.
   *  A string with a space in it is taken for SQL. */
  subscribe(
    target: string | SubscribeTarget,
    options?: SubscribeOptions,
  ): AsyncGenerator<SubscriptionEvent, void, void> {
    return subscribe(this.#http, targetOf(target), options)
  }

  /** Lets the server copy its data folder, as of now, to `backups/<name>` below it. */
  async backup(name: string): Promise<{ readonly name: string; readonly folder: string }> {
    return this.#http.json('/v1/backups', { method: 'POST', body: JSON.stringify({ name }) })
  }

  /** Live: the process answers. Ready: it has recovered and serves results. */
  async health({ signal }: CallOptions = {}): Promise<{ ready: boolean }> {
    await this.#http.send('/healthz', { signal })
    const ready = await this.#http.send('/readyz', { signal }).then(
      () => true,
      () => false,
    )
    return { ready }
  }
}

function targetOf(target: string | SubscribeTarget): SubscribeTarget {
  if (typeof target !== 'string') return target
  const text = target.trim()
  return /\s/.test(text) ? { sql: text } : { query: text }
}
