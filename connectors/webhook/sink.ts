/** Requests as a sink. Each request's key is made of the job, the result and the place in it, and
 *  the same records are always in the same request: a receiver that knows keys takes none twice. */

import type { Clock } from '../../engine/base/clock.ts'
import { fail, SqlError } from '../../engine/base/errors.ts'
import { writesChangelog } from '../../engine/format/encode-rows.ts'
import type { SinkConnector, SinkFrame, SinkJob, SinkWriter } from '../../engine/source/sink.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { SinkContext } from '../context.ts'
import { readHeaders } from '../http-headers.ts'
import { connectorError } from '../reconnect.ts'
import { recordLines } from '../record-lines.ts'
import { type RowMessages, rowMessages } from '../row-messages.ts'
import { type Sign, signer } from './signature.ts'
import { webhook } from './spec.ts'

export const webhookSink = ({ clock }: SinkContext): SinkConnector => ({
  name: webhook.name,
  delivery: 'at-least-once',
  check({ name, options }) {
    if (options.url !== undefined) return
    fail('INVALID_OPTION', `The table ${name} cannot be written: it names no address`, {
      hint: `Add 'url'.`,
    })
  },
  takesChangelog: ({ options }) => writesChangelog(options),
  async open(table, job) {
    return new RequestWriter(clock, { table, job, messages: await rowMessages(table) })
  },
})

interface RequestParts {
  readonly table: TableSpec
  readonly job: SinkJob
  readonly messages: RowMessages
}

interface Post {
  readonly key: string
  readonly body: Buffer
}

const COMMA = Buffer.from(',')
/** How long to heed a receiver that says when to come again. */
const RETRY_AFTER_MAX_MS = 60_000

class RequestWriter implements SinkWriter {
  readonly appliedSeq = undefined
  readonly #clock: Clock
  readonly #options: TableSpec['options']
  readonly #token: string
  readonly #messages: RowMessages
  readonly #sign: Sign | undefined
  readonly #headers: Readonly<Record<string, string>>
  readonly #closing = new AbortController()
  /** Requests of the write that failed last that were answered well. */
  #delivered = new Set<string>()

  constructor(clock: Clock, { table, job, messages }: RequestParts) {
    const { options } = table
    this.#clock = clock
    this.#options = options
    this.#token = job.token
    this.#messages = messages
    this.#sign = signer(options)
    this.#headers = {
      'content-type': contentType(options),
      ...readHeaders('sink.headers', options['sink.headers']),
    }
  }

  async write(frames: readonly SinkFrame[]): Promise<void> {
    const posts = frames.flatMap((frame) => this.#posts(frame))
    let next = 0
    let failure: unknown
    const work = async () => {
      while (next < posts.length && failure === undefined) {
        const post = posts[next++]
        if (this.#delivered.has(post.key)) continue
        try {
          await this.#send(post)
          this.#delivered.add(post.key)
        } catch (error) {
          failure ??= error
        }
      }
    }
    const count = Number(this.#options['sink.parallel-requests'])
    await Promise.all(Array.from({ length: count }, work))
    if (failure !== undefined) throw failure
    this.#delivered = new Set()
  }

  /** A frame's requests: the same ones whenever the frame is written. */
  #posts(frame: SinkFrame): Post[] {
    const { body, format } = this.#options
    const rows = body === 'record' ? 1 : Number(this.#options['sink.batch-rows'])
    const messages = this.#messages(frame)
    const posts: Post[] = []
    for (let at = 0; at < messages.length; at += rows) {
      const some = messages.slice(at, at + rows).map(({ bytes }) => bytes)
      posts.push({ key: `${this.#token}-${frame.seq}-${at}`, body: bodyOf(some, body, format) })
    }
    return posts
  }

  /** CONNECTOR_FAILED unless the answer says that all is well. */
  async #send({ key, body }: Post): Promise<void> {
    const { url, 'sink.method': method, 'sink.timeout': timeout } = this.#options
    const signals = [this.#closing.signal, AbortSignal.timeout(Number(timeout))]
    let response: Response
    try {
      response = await fetch(url, {
        method,
        body,
        // Followed, most redirections would ask with GET, and the records would be lost.
        redirect: 'manual',
        headers: {
          ...this.#headers,
          'idempotency-key': key,
          ...this.#sign?.(body, key, this.#clock.nowUs()),
        },
        signal: AbortSignal.any(signals),
      })
      await response.body?.cancel()
    } catch (error) {
      throw connectorError(hostOf(url), error)
    }
    if (response.ok) return
    if (isRefusal(response.status) && this.#options['sink.skip-refused'] === 'true') return
    await this.#heed(response.headers.get('retry-after'))
    const target = response.status < 400 ? response.headers.get('location') : null
    throw new SqlError('CONNECTOR_FAILED', `${hostOf(url)} answers ${response.status}`, {
      ...(target !== null && { hint: `It sends us on to ${target}: give that address.` }),
    })
  }

  /** Waits as long as the receiver asks for. */
  #heed(retryAfter: string | null): Promise<void> {
    const { signal } = this.#closing
    const waitMs = Math.min(Number(retryAfter ?? 0) * 1000 || 0, RETRY_AFTER_MAX_MS)
    if (waitMs <= 0 || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#clock.after(waitMs, resolve)
      signal.addEventListener('abort', () => {
        cancel()
        resolve()
      })
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
  }
}

/** The request is wrong, not the moment. */
const isRefusal = (status: number): boolean =>
  status >= 400 && status < 500 && ![408, 425, 429].includes(status)

const hostOf = (url: string): string => new URL(url).host

function bodyOf(records: readonly Buffer[], form: string, format: string): Buffer {
  if (form === 'record') return records[0]
  if (form === 'lines') return recordLines(records, format)
  const parts = records.flatMap((record, i) => (i === 0 ? [record] : [COMMA, record]))
  return Buffer.concat([Buffer.from('['), ...parts, Buffer.from(']')])
}

function contentType({ format, body }: TableSpec['options']): string {
  if (format === 'csv') return 'text/csv'
  if (format === 'arrow') return 'application/vnd.apache.arrow.stream'
  if (!format.includes('json')) return 'application/octet-stream'
  return body === 'lines' ? 'application/x-ndjson' : 'application/json'
}
