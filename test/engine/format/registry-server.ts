/** A schema registry: a real HTTP server that speaks the part of Confluent's API that we use. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Stored {
  readonly schema: string
  readonly schemaType?: string | undefined
  readonly references?: readonly unknown[] | undefined
}

export class RegistryServer {
  readonly #server: Server
  readonly #schemas = new Map<number, Stored>()
  readonly #subjects = new Map<string, number[]>()
  #nextId = 1
  port = 0
  /** Every request: `GET /schemas/ids/1`. */
  readonly requests: string[] = []
  /** What has to stand in the Authorization header. */
  authorization: string | undefined
  /** An answer instead of the right one. */
  answer: { readonly status: number; readonly body: string } | undefined
  /** Whether a subject takes a new schema. */
  isCompatible: (subject: string, schema: string) => boolean = () => true

  constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response))
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve))
    this.port = (this.#server.address() as AddressInfo).port
  }

  /** It keeps its schemas and its port for the next start. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** The id of a schema under a subject, which it gets if it has none. */
  add(subject: string, stored: Stored): number {
    const versions = this.#subjects.get(subject) ?? []
    const known = [...this.#schemas].find(([, { schema }]) => schema === stored.schema)?.[0]
    const id = known ?? this.#nextId++
    this.#schemas.set(id, stored)
    if (!versions.includes(id)) versions.push(id)
    this.#subjects.set(subject, versions)
    return id
  }

  schemaOf(id: number): Stored | undefined {
    return this.#schemas.get(id)
  }

  versionsOf(subject: string): readonly number[] {
    return this.#subjects.get(subject) ?? []
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    this.requests.push(`${request.method} ${request.url}`)
    const { status, body } = this.#answer(request, Buffer.concat(parts).toString())
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
    response.end(body)
  }

  #answer({ method, url = '', headers }: IncomingMessage, body: string) {
    if (this.answer !== undefined) return this.answer
    if (this.authorization !== undefined && headers.authorization !== this.authorization) {
      return error(401, 'User cannot access the resource.')
    }
    const path = url.split('/').slice(1).map(decodeURIComponent)
    if (method === 'GET' && path[0] === 'schemas' && path[1] === 'ids') {
      const stored = this.#schemas.get(Number(path[2]))
      return stored === undefined ? error(404, 'Schema not found') : ok(stored)
    }
    if (path[0] !== 'subjects' || path[2] !== 'versions') return error(404, 'HTTP 404 Not Found')
    if (method === 'GET') {
      const id = this.versionsOf(path[1])[Number(path[3]) - 1]
      return id === undefined
        ? error(404, 'Version not found')
        : ok({ subject: path[1], version: Number(path[3]), id, ...this.#schemas.get(id) })
    }
    const stored = JSON.parse(body) as Stored
    if (!this.isCompatible(path[1], stored.schema)) {
      return error(409, 'Schema being registered is incompatible with an earlier schema')
    }
    return ok({ id: this.add(path[1], stored) })
  }
}

const ok = (json: unknown) => ({ status: 200, body: JSON.stringify(json) })
const error = (status: number, message: string) => ({
  status,
  body: JSON.stringify({ error_code: status * 100, message }),
})
