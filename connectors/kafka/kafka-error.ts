/** What the client library throws, in words. */

import { SqlError } from '../../engine/base/errors.ts'
import { connectorError } from '../reconnect.ts'

interface LibraryError {
  readonly message?: string
  readonly errors?: readonly unknown[]
  readonly cause?: unknown
  /** Of an answer that refuses: the name of the reason. */
  readonly apiId?: string
  readonly response?: unknown
}

/** As CONNECTOR_FAILED; a SqlError stays what it is. */
export function kafkaError(what: string, thrown: unknown): SqlError {
  if (thrown instanceof SqlError) return thrown
  const reasons = [...new Set(reasonsOf(thrown))].filter((reason) => reason !== '')
  if (reasons.length === 0) return connectorError(what, thrown)
  return new SqlError('CONNECTOR_FAILED', `${what}: ${reasons.join('; ')}`, { cause: thrown })
}

/** The innermost reasons: what wraps them only says that there are some. */
function reasonsOf(thrown: unknown): string[] {
  if (thrown === null || typeof thrown !== 'object') return [String(thrown)]
  const { errors, cause, message = '', apiId } = thrown as LibraryError
  const inner = [...(errors ?? []), ...(cause === undefined ? [] : [cause])].flatMap(reasonsOf)
  if (inner.length > 0) return inner
  return [apiId === undefined || message.includes(apiId) ? message : `${message} (${apiId})`]
}

/** The names of all reasons for which the brokers refused; empty if none answered. */
export function refusals(thrown: unknown): string[] {
  if (thrown === null || typeof thrown !== 'object') return []
  const { errors, cause, apiId } = thrown as LibraryError
  const own = apiId === undefined ? [] : [apiId]
  return [...own, ...[...(errors ?? []), ...(cause === undefined ? [] : [cause])].flatMap(refusals)]
}

/** The answer with the refusals in it, if the error has it. */
export function answerOf<T>(thrown: unknown): T | undefined {
  return (thrown as LibraryError | null)?.response as T | undefined
}
