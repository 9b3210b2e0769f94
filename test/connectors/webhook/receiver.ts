/** A service that receives webhooks and knows their keys. */

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'

/** Receives webhooks and keeps them, each key once if it is told to; when it is killed, connections
 *  break and what it had stays. */
export class Receiver {
  readonly port: number
  readonly bodies = new Map<string, { readonly key: string; readonly text: string }[]>()
  #server: Server | undefined
  requests = 0
  /** Status codes to answer with, before all is well. */
  readonly refusals: number[] = []
  readonly headers: IncomingHttpHeaders[] = []

  constructor(port: number) {
    this.port = port
  }

  async open(): Promise<void> {
    const server = createServer(async (request, response) => {
      this.requests++
      this.headers.push(request.headers)
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const refusal = this.refusals.shift()
      if (refusal !== undefined) {
        const location = `http://127.0.0.1:${this.port}/elsewhere`
        response.writeHead(refusal, refusal < 400 ? { location } : {}).end()
        return
      }
      const path = request.url!
      const list = this.bodies.get(path) ?? []
      this.bodies.set(path, list)
      const key = String(request.headers['idempotency-key'])
      const text = Buffer.concat(chunks).toString()
      if (!list.some((known) => known.key === key)) list.push({ key, text })
      response.writeHead(200).end('{}')
    })
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
  }

  async kill(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }
}
