/** A server process of the contract suites: it can be killed and started again, and is asked over
 *  HTTP. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../brokers/program.ts'
import { Child } from '../fault/crash/child.ts'
import { EventReader } from '../server/test-server.ts'

export interface QueryState {
  readonly state: string
  readonly rowsIn: number
  readonly lagRows: number | null
  readonly error: { readonly code: string; readonly message: string } | null
}

/** Without any change. */
const WAIT_MS = 30_000

export class ContractServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-contract-'))
  readonly #child = new Child(join(this.#folder, 'data'))

  static async start(): Promise<ContractServer> {
    const server = new ContractServer()
    await server.start()
    return server
  }

  /** `environment`: what is added to that of the process. */
  async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    if (!(await this.#child.start(environment))) throw new Error(`no start: ${this.#child.errors}`)
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#child.kill(0)
  }

  /** An orderly end, with a checkpoint. */
  async stop(): Promise<void> {
    const { code } = await this.#child.stop()
    if (code !== 0) throw new Error(`ended with ${code}: ${this.#child.errors}`)
  }

  /** For good. */
  close(): void {
    this.#child.end()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Bytes of memory that the process has in use. Linux only. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024
  }

  async post(path: string, body: unknown): Promise<{ status: number; text: string }> {
    const response = await fetch(`${await this.#child.url()}${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: {
        'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json',
      },
    })
    return { status: response.status, text: await response.text() }
  }

  /** A POST request, to the address that the server has now. */
  async request(path: string, init: RequestInit): Promise<Response> {
    return fetch(`${await this.#child.url()}${path}`, { method: 'POST', ...init })
  }

  async text(path: string): Promise<string> {
    return (await fetch(`${await this.#child.url()}${path}`)).text()
  }

  /** Runs statements; the rows of the last. An error is raised with its whole text. */
  async sql(sql: string): Promise<Record<string, unknown>[]> {
    const { status, text } = await this.post('/v1/sql', { sql })
    if (status !== 200) throw new Error(`${sql}: ${text}`)
    return JSON.parse(text).results.at(-1).rows ?? []
  }

  /** The code of the error that the statement ends in; 'OK' if there is none. */
  async codeOf(sql: string): Promise<string> {
    const { status, text } = await this.post('/v1/sql', { sql })
    return status === 200 ? 'OK' : JSON.parse(text).code
  }

  async query(name: string): Promise<QueryState> {
    const response = await fetch(`${await this.#child.url()}/v1/queries/${name}`)
    return (await response.json()) as QueryState
  }

  /** The event stream of a query from its first result on. */
  async events(name: string): Promise<EventReader> {
    const url = await this.#child.url()
    return EventReader.open(`${url}/v1/queries/${name}/events?snapshot=false`)
  }

  /** Waits until `found` gives a value that `isWanted` accepts, for as long as values change: how
   *  long it takes is the machine's affair. */
  async eventually<T>(found: () => Promise<T>, isWanted: (value: T) => boolean): Promise<T> {
    let last = ''
    let untilMs = 0
    for (;;) {
      const value = await found()
      if (isWanted(value)) return value
      const text = JSON.stringify(value)
      const nowMs = performance.now()
      if (text !== last) untilMs = nowMs + WAIT_MS
      if (nowMs > untilMs) throw new Error(`still ${text}; the server says: ${this.#child.errors}`)
      last = text
      await sleep(25)
    }
  }
}
