/** Follows the changes of a query over SSE and resumes where it stopped: every epoch is handed out
 *  once, whatever the connection does (law 4). */

import { BackOff } from './back-off.ts'
import { readEvent, type SubscriptionEvent } from './events.ts'
import type { Http } from './http.ts'
import { MillraceError, unreachable } from './millrace-error.ts'
import { sleep } from './sleep.ts'
import { SseParser } from './sse-parser.ts'

export interface SubscribeOptions {
  /** Resume behind this event id, e.g. the last one that was stored with its effect. */
  readonly after?: string | undefined
  /** 'changelog': every change as +I, -U, +U, -D. 'upsert': per key the new row or -D. */
  readonly mode?: 'changelog' | 'upsert' | undefined
  /** Begin with the rows that are there now. Default: yes for materialized views. */
  readonly snapshot?: boolean | undefined
  /** Without `after` and without a snapshot: begin with the oldest result that is kept (default),
   *  or with the next one. */
  readonly from?: 'earliest' | 'latest' | undefined
  /** What the server does when we read too slowly. Default: disconnect (we then resume). */
  readonly onSlow?: 'block' | 'drop' | 'disconnect' | undefined
  readonly signal?: AbortSignal | undefined
  /** Told before every reconnection. */
  readonly onReconnect?: ((reason: MillraceError, delayMs: number) => void) | undefined
  /** A connection that is silent for this long is taken for dead. Default 60 000: the server sends
   *  heartbeats far more often. */
  readonly stallTimeoutMs?: number | undefined
}

/** What to follow: a query or materialized view by name, or a SELECT. */
export type SubscribeTarget = { readonly query: string } | { readonly sql: string }

const STALL_TIMEOUT_MS = 60_000

/** Yields events until the result ends, the caller breaks off, or the signal aborts (then it ends
 *  without an error). Raises MillraceError if the first connection fails, or if a later one is
 *  refused for good (query dropped, position no longer kept). Connections that fail later are
 *  tried again for ever, with back-off. */
export async function* subscribe(
  http: Http,
  target: SubscribeTarget,
  options: SubscribeOptions = {},
): AsyncGenerator<SubscriptionEvent, void, void> {
  const backOff = new BackOff()
  const connection = new Connection(http, target, options)
  for (;;) {
    let failure: MillraceError
    try {
      for await (const event of connection.events()) {
        backOff.reset()
        yield event
        if (event.kind === 'end') return
        if (event.kind === 'error' && event.error.retry === 'never') return
      }
      failure = unreachable(http.url, new Error('the server closed the connection'))
    } catch (error) {
      if (options.signal?.aborted) return
      failure = connection.reasonToRetry(error)
    }
    const delayMs = backOff.next(connection.retryMs)
    options.onReconnect?.(failure, delayMs)
    await sleep(delayMs, options.signal)
    if (options.signal?.aborted) return
  }
}

/** One subscription over its successive connections. */
class Connection {
  readonly #http: Http
  readonly #target: SubscribeTarget
  readonly #options: SubscribeOptions
  #lastId: string
  #connected = false
  #schema = ''
  retryMs: number | undefined

  constructor(http: Http, target: SubscribeTarget, options: SubscribeOptions) {
    this.#http = http
    this.#target = target
    this.#options = options
    this.#lastId = options.after ?? ''
  }

  /** Connects and yields the events of this connection, less those the caller has seen. */
  async *events(): AsyncGenerator<SubscriptionEvent, void, void> {
    const { signal, stallTimeoutMs = STALL_TIMEOUT_MS } = this.#options
    const stop = new AbortController()
    const abort = () => stop.abort(signal?.reason)
    signal?.addEventListener('abort', abort)
    try {
      signal?.throwIfAborted()
      const response = await this.#connect(stop.signal)
      this.#connected = true
      const parser = new SseParser(this.#lastId)
      for await (const bytes of chunks(response, stallTimeoutMs, stop.signal)) {
        for (const raw of parser.push(bytes)) {
          this.retryMs = parser.retryMs
          if (raw.type === 'schema' && raw.data === this.#schema) continue
          if (raw.type === 'schema') this.#schema = raw.data
          const event = readEvent(raw)
          if (event === undefined) continue
          // Set before the caller sees it: if the caller stops here it has had this event.
          this.#lastId = raw.id
          yield event
        }
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      stop.abort()
    }
  }

  #connect(signal: AbortSignal): Promise<Response> {
    const { mode, snapshot, from, onSlow } = this.#options
    const query = new URLSearchParams()
    if (mode !== undefined) query.set('mode', mode)
    if (snapshot !== undefined) query.set('snapshot', String(snapshot))
    if (from !== undefined) query.set('from', from)
    if (onSlow !== undefined) query.set('on_slow', onSlow)
    const tail = query.size > 0 ? `?${query}` : ''
    const headers: Record<string, string> = this.#lastId ? { 'last-event-id': this.#lastId } : {}
    const request = { accept: 'text/event-stream', headers, signal }
    if ('query' in this.#target) {
      return this.#http.send(
        `/v1/queries/${encodeURIComponent(this.#target.query)}/events${tail}`,
        request,
      )
    }
    const { sql } = this.#target
    const body = JSON.stringify({ sql })
    return this.#http.send(`/v1/subscribe${tail}`, { ...request, method: 'POST', body, sql })
  }

  /** The error as a reason to try again; raises it if trying again cannot help. */
  reasonToRetry(error: unknown): MillraceError {
    if (!(error instanceof MillraceError) || !this.#connected) throw error
    if (error.retry !== 'backoff' && error.status !== 429 && error.status < 500) throw error
    return error
  }
}

/** The body's chunks. Raises UNREACHABLE if the connection breaks or stays silent too long. */
async function* chunks(
  response: Response,
  stallTimeoutMs: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = response.body!.getReader()
  try {
    for (;;) {
      const { done, value } = await nextChunk(reader, response.url, stallTimeoutMs, signal)
      if (done || value === undefined) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

async function nextChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  url: string,
  stallTimeoutMs: number,
  signal: AbortSignal,
): Promise<{ done: boolean; value?: Uint8Array | undefined }> {
  const watch = new AbortController()
  const stalled = sleep(stallTimeoutMs, watch.signal).then(() => 'stalled' as const)
  try {
    const read = await Promise.race([reader.read(), stalled])
    if (read !== 'stalled') return read
  } catch (cause) {
    signal.throwIfAborted()
    throw unreachable(new URL(url).origin, cause)
  } finally {
    watch.abort()
  }
  throw unreachable(new URL(url).origin, new Error(`no sign of life for ${stallTimeoutMs} ms`))
}
