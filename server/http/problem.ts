/** Errors over HTTP: problem details (RFC 9457) that carry everything a `SqlError` knows. */

import { ERRORS, SqlError } from '../../engine/base/errors.ts'
import { caretText } from '../../sql/index.ts'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly [extra: string]: unknown
}

/** The problem of an error. `sql` is the text that the error's position is in: the problem then
 *  shows the line with a caret under the culprit. An INTERNAL error shows its text too: whoever
 *  runs Millrace is who reads it. */
export function problemOf(error: SqlError, sql?: string): Problem {
  const { message, ...fields } = error.toJSON()
  return {
    type: `urn:millrace:error:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title: ERRORS[error.code].title,
    status: error.status,
    detail: message,
    ...fields,
    snippet: sql === undefined ? undefined : snippetOf(error, sql),
  }
}

/** The culprit's line and the carets below it, without the message. */
function snippetOf({ code, position }: SqlError, sql: string): string | undefined {
  if (position === undefined) return undefined
  return caretText(new SqlError(code, '', { position }), sql)
    .split('\n')
    .slice(1)
    .join('\n')
}

/** The problem as a response. */
export function problemResponse(error: SqlError, sql?: string): Response {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  if (error.retry === 'backoff') headers['retry-after'] = '1'
  if (error.code === 'UNAUTHORIZED') headers['www-authenticate'] = 'Bearer'
  if (typeof error.details?.allow === 'string') headers.allow = error.details.allow
  // What is left of the body is not read: the connection cannot be used again.
  if (error.code === 'BODY_TOO_LARGE') headers.connection = 'close'
  return new Response(JSON.stringify(problemOf(error, sql)), { status: error.status, headers })
}
