/** Connections to PostgreSQL, and what their errors mean. The client is loaded when it is first
 *  needed. */

import type { Client, ClientConfig } from 'pg'
import { SqlError } from '../../engine/base/errors.ts'
import { connectorError } from '../reconnect.ts'

export interface PostgresServer {
  /** For messages: no secrets. */
  readonly what: string
  readonly config: ClientConfig
}

const CONNECT_TIMEOUT_MS = 10_000

/** Connects; `onLost` is called when the connection breaks while nobody asks anything. Errors as
 *  `postgresError` gives them. */
export async function connectPostgres(
  { what, config }: PostgresServer,
  onLost: () => void = () => {},
): Promise<Client> {
  try {
    const { default: pg } = await import('pg')
    const client = new pg.Client({
      ...config,
      application_name: 'millrace',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    })
    // Without a listener an error of an idle connection would end the process.
    client.on('error', onLost)
    await client.connect()
    return client
  } catch (error) {
    throw postgresError(what, error)
  }
}

/** Classes of SQLSTATE that no retry helps: not supported, one row twice, data, constraints, login,
 *  no such database or schema, names and rights. */
const FINAL = /^(0A|21|22|23|28|3D|3F|42)/

/** What the client threw. INVALID_ARGUMENT for what the server would refuse again, else
 *  CONNECTOR_FAILED. */
export function postgresError(what: string, error: unknown): SqlError {
  if (error instanceof SqlError) return error
  const { code, message, detail, hint } = error as Partial<Record<string, unknown>>
  if (typeof code !== 'string' || !FINAL.test(code)) return connectorError(what, error)
  const more = [detail, hint].filter((text) => typeof text === 'string').join(' ')
  return new SqlError('INVALID_ARGUMENT', `${what}: ${message}`, {
    ...(more === '' ? {} : { hint: more }),
    cause: error,
  })
}
