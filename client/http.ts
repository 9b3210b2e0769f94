/** Requests to one server: address, token, and every failure as a MillraceError. */

import { errorFromProblem, unreachable } from './millrace-error.ts'

export interface HttpOptions {
  /** The server's address, e.g. `http://127.0.0.1:7070`. */
  readonly url: string
  readonly token?: string | undefined
  /** Another `fetch`, for tests. */
  readonly fetch?: typeof fetch
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly body?: string | Uint8Array
  readonly contentType?: string
  readonly accept?: string
  readonly headers?: Readonly<Record<string, string>>
  /** The SQL text in the body, so that an error can show its place. */
  readonly sql?: string
  readonly signal?: AbortSignal | undefined
}

export class Http {
  readonly url: string
  readonly #token: string | undefined
  readonly #fetch: typeof fetch

  constructor({ url, token, fetch: send }: HttpOptions) {
    this.url = url.replace(/\/+$/, '')
    this.#token = token
    this.#fetch = send ?? ((input, init) => fetch(input, init))
  }

  /** The answer, its status 2xx. Raises MillraceError for any other status, UNREACHABLE if there
   *  is no answer, and the signal's own reason if it aborts. */
  async send(path: string, request: HttpRequest = {}): Promise<Response> {
    const { method = 'GET', body, contentType, accept = 'application/json', signal, sql } = request
    const headers: Record<string, string> = { accept, ...request.headers }
    if (body !== undefined) headers['content-type'] = contentType ?? 'application/json'
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`
    let response: Response
    try {
      const init: RequestInit = { method, headers, signal: signal ?? null }
      if (body !== undefined) init.body = body as RequestInit['body'] & {}
      response = await this.#fetch(`${this.url}${path}`, init)
    } catch (cause) {
      signal?.throwIfAborted()
      throw unreachable(this.url, cause)
    }
    if (!response.ok) throw errorFromProblem(await problemOf(response), response.status, sql)
    return response
  }

  /** The answer's JSON. An answer that breaks off is UNREACHABLE. */
  async json<T>(path: string, request: HttpRequest = {}): Promise<T> {
    const response = await this.send(path, request)
    try {
      return (await response.json()) as T
    } catch (cause) {
      request.signal?.throwIfAborted()
      throw unreachable(this.url, cause)
    }
  }
}

/** The problem details, or the body's text if it is something else (a proxy's page). */
async function problemOf(response: Response): Promise<unknown> {
  const text = await response.text().catch(() => '')
  try {
    return JSON.parse(text)
  } catch {
    return { detail: text.slice(0, 300) || response.statusText || undefined }
  }
}
