/** The one error class of the client: what the server's problem details say, or that the server
 *  could not be reached (code UNREACHABLE). */

import { snippetOf } from './snippet.ts'

export interface MillraceErrorInfo {
  /** HTTP status; 0 if there was no answer. */
  readonly status?: number
  /** 1-based place in the statement text. */
  readonly line?: number | undefined
  readonly column?: number | undefined
  /** Characters that the culprit takes. */
  readonly length?: number | undefined
  readonly hint?: string | undefined
  /** The culprit's line with carets under it: two lines of text. */
  readonly snippet?: string | undefined
  readonly fault?: 'user' | 'external' | 'internal'
  readonly retry?: 'never' | 'backoff'
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

/** `code` is API: switch on it. `message` is for people. */
export class MillraceError extends Error {
  override readonly name = 'MillraceError'
  readonly code: string
  readonly status: number
  readonly line: number | undefined
  readonly column: number | undefined
  readonly length: number | undefined
  readonly hint: string | undefined
  readonly snippet: string | undefined
  readonly fault: 'user' | 'external' | 'internal'
  readonly retry: 'never' | 'backoff'
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(code: string, message: string, info: MillraceErrorInfo = {}) {
    super(message, info.cause === undefined ? undefined : { cause: info.cause })
    this.code = code
    this.status = info.status ?? 0
    this.line = info.line
    this.column = info.column
    this.length = info.length
    this.hint = info.hint
    this.snippet = info.snippet
    this.fault = info.fault ?? 'user'
    this.retry = info.retry ?? 'never'
    this.details = info.details
  }
}

/** Reads problem details (RFC 9457) or an `error` event. `sql` is the text that was sent, for the
 *  snippet if the answer has none. Anything that is not problem details becomes an error too. */
export function errorFromProblem(problem: unknown, status: number, sql?: string): MillraceError {
  const fields: Record<string, unknown> =
    typeof problem === 'object' && problem !== null ? { ...problem } : {}
  const text = (name: string) =>
    typeof fields[name] === 'string' ? (fields[name] as string) : undefined
  const number = (name: string) =>
    typeof fields[name] === 'number' ? (fields[name] as number) : undefined
  const line = number('line')
  const column = number('column')
  const length = number('length')
  const placed =
    sql === undefined || line === undefined || column === undefined
      ? undefined
      : snippetOf(sql, line, column, length)
  const message = text('message') ?? text('detail') ?? text('title')
  return new MillraceError(text('code') ?? `HTTP_${status}`, message ?? `HTTP status ${status}`, {
    status,
    line,
    column,
    length,
    hint: text('hint'),
    snippet: text('snippet') ?? placed,
    fault: text('fault') === 'external' || status >= 502 ? 'external' : faultOf(text('fault')),
    retry: text('retry') === 'backoff' ? 'backoff' : 'never',
    details: typeof fields.details === 'object' ? { ...fields.details } : undefined,
  })
}

const faultOf = (word: string | undefined) => (word === 'internal' ? 'internal' : 'user')

/** The error of a request that got no answer. */
export function unreachable(url: string, cause: unknown): MillraceError {
  return new MillraceError('UNREACHABLE', `No Millrace server answers at ${url}`, {
    hint: reasonOf(cause),
    fault: 'external',
    retry: 'backoff',
    cause,
  })
}

/** The deepest reason that fetch gives, e.g. `connect ECONNREFUSED 127.0.0.1:7070`. */
function reasonOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0])
  return cause.cause === undefined ? cause.message : (reasonOf(cause.cause) ?? cause.message)
}
