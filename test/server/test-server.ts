/** A real server on a free port and a data folder of its own, and short ways to call it. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig, type ServerOptions } from '../../server/config.ts'
import { type RunningServer, startServer } from '../../server/main.ts'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Empty if the answer is not JSON. */
  readonly json: ReplyJson
}

/** Members that the tests look into; each answer has some of them. */
export interface ReplyJson {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly hint: string
  readonly snippet: string
  readonly line?: number
  readonly name: string
  readonly id: string
  readonly state: string
  readonly valid: boolean
  readonly openapi: string
  readonly paths: object
  readonly rows: readonly Record<string, unknown>[]
  readonly results: readonly { readonly rows?: readonly Record<string, unknown>[] }[]
  readonly statements: readonly { readonly kind: string; readonly columns: unknown }[]
  readonly diagnostics: readonly unknown[]
  readonly offsets: unknown
  readonly queries: readonly { readonly name: string }[]
  readonly streams: readonly { readonly name: string; readonly rows: number }[]
}

export class TestServer {
  readonly folder: string
  readonly #options: ServerOptions
  running!: RunningServer

  private constructor(folder: string, options: ServerOptions) {
    this.folder = folder
    this.#options = options
  }

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-server-'))
    const server = new TestServer(folder, options)
    await server.open()
    return server
  }

  async open(): Promise<void> {
    const dataFolder = join(this.folder, 'data')
    const config = readConfig({ port: 0, logLevel: 'silent', dataFolder, ...this.#options })
    this.running = await startServer(config)
  }

  async restart(): Promise<void> {
    await this.running.close()
    await this.open()
  }

  async stop(): Promise<void> {
    await this.running.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  get url(): string {
    return this.running.url
  }

  async call(method: string, path: string, init: RequestInit = {}): Promise<Reply> {
    const response = await fetch(`${this.url}${path}`, { method, ...init })
    const text = await response.text()
    const { status, headers } = response
    const isJson = /application\/(problem\+)?json/.test(headers.get('content-type') ?? '')
    return { status, headers, text, json: isJson ? JSON.parse(text) : {} }
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
    return this.call('GET', path, { headers })
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const text = typeof body === 'string' || body instanceof Uint8Array
    return this.call('POST', path, {
      body: (text ? body : JSON.stringify(body)) as string,
      headers: { 'content-type': 'application/json', ...headers },
    })
  }

  /** Runs statements; an error is raised. The results' rows as arrays of their values. */
  async sql(sql: string): Promise<unknown[][][]> {
    const { status, json, text } = await this.post('/v1/sql', { sql })
    if (status !== 200) throw new Error(`${sql}: ${text}`)
    return json.results.map(({ rows = [] }) => rows.map((row) => Object.values(row)))
  }

  /** The rows of one SELECT. */
  async rows(sql: string): Promise<unknown[][]> {
    return (await this.sql(sql))[0]
  }

  /** Waits until the SELECT gives the rows. */
  async eventually(sql: string, rows: unknown[][], timeoutMs = 5000): Promise<void> {
    const until = performance.now() + timeoutMs
    for (;;) {
      const found = await this.rows(sql)
      if (JSON.stringify(found) === JSON.stringify(rows)) return
      if (performance.now() > until) {
        throw new Error(`wanted ${JSON.stringify(rows)}, found ${JSON.stringify(found)}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

export interface SseEvent {
  readonly type: string
  readonly id: string | undefined
  readonly data: EventJson
}

/** Members that the tests look into; each event has some of them. */
export interface EventJson {
  readonly key: unknown
  readonly epoch: number
  readonly watermark: string | null
  readonly rows: readonly { readonly op: string; readonly row: Readonly<Record<string, unknown>> }[]
}

/** Reads an event stream: each `next` gives the next event, `undefined` when it is over. */
export class EventReader {
  readonly response: Response
  readonly #abort: AbortController
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  #text = ''
  /** Comments seen so far. */
  comments = 0

  private constructor(response: Response, abort: AbortController) {
    this.response = response
    this.#abort = abort
    this.#reader = response.body!.getReader()
  }

  static async open(url: string, init: RequestInit = {}): Promise<EventReader> {
    const abort = new AbortController()
    const response = await fetch(url, { ...init, signal: abort.signal })
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    return new EventReader(response, abort)
  }

  async next(): Promise<SseEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end >= 0) {
        const block = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        if (block.startsWith(':')) this.comments++
        else return parseEvent(block)
        continue
      }
      const { done, value } = await this.#reader.read()
      if (done) return undefined
      this.#text += this.#decoder.decode(value, { stream: true })
    }
  }

  /** The next event of this type; others are passed over. */
  async until(type: string): Promise<SseEvent> {
    for (;;) {
      const event = await this.next()
      if (event === undefined) throw new Error(`the stream ended before ${type}`)
      if (event.type === type) return event
    }
  }

  close(): void {
    this.#abort.abort()
  }
}

function parseEvent(block: string): SseEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)]
    }),
  )
  const data = fields.get('data')
  return {
    type: fields.get('event') ?? 'message',
    id: fields.get('id'),
    data: JSON.parse(data ?? '{}'),
  }
}
