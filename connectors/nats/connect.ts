/** A connection to a NATS server. It is not made anew when it is lost: whoever holds it decides
 *  what that means. */

import type { JetStreamManager } from '@nats-io/jetstream'
import type { Authenticator, NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import type { Disk } from '../../engine/base/disk.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { textOf, tlsSettings } from '../tls-options.ts'

type Options = TableSpec['options']

export interface NatsLink {
  readonly connection: NatsConnection
  readonly streams: JetStreamManager
  /** What the subjects of the JetStream API begin with. */
  readonly api: string
  /** Rejects when the connection is lost; resolves when it was closed. */
  readonly lost: Promise<void>
  close(): Promise<void>
}

const TIMEOUT_MS = 5000
const PING_MS = 10_000

/** Connects; raises what the client raises. `signal` closes the connection. */
export async function connectNats(
  disk: Disk,
  options: Options,
  signal: AbortSignal,
): Promise<NatsLink> {
  const client = await import('@nats-io/transport-node')
  const { jetstreamManager } = await import('@nats-io/jetstream')
  const connection = await client.connect(connectionOptions(client, disk, options))
  const close = () => connection.close()
  const abort = () => void close()
  if (signal.aborted) await close()
  signal.addEventListener('abort', abort)
  const lost = connection.closed().then((error) => {
    signal.removeEventListener('abort', abort)
    if (error instanceof Error) throw error
  })
  // Whoever waits for it hears of it; nobody has to.
  lost.catch(() => {})
  try {
    const domain = options['jetstream.domain']
    const streams = await jetstreamManager(connection, {
      checkAPI: false,
      timeout: TIMEOUT_MS,
      ...(domain !== undefined && { domain }),
    })
    const api = domain === undefined ? '$JS.API' : `$JS.${domain}.API`
    return { connection, streams, api, lost, close }
  } catch (error) {
    await close()
    throw error
  }
}

function connectionOptions(
  client: typeof import('@nats-io/transport-node'),
  disk: Disk,
  options: Options,
): NodeConnectionOptions {
  const tls = tlsSettings(disk, options)
  const authenticator = authenticatorOf(client, disk, options)
  return {
    servers: serversOf(options.url),
    name: 'millrace',
    reconnect: false,
    timeout: TIMEOUT_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    ...(tls !== undefined && { tls }),
    ...(authenticator !== undefined && { authenticator }),
  }
}

const serversOf = (url: string): string[] => url.split(',').map((server) => server.trim())

/** For messages. */
export const serverName = ({ url }: Options): string => `NATS at ${url}`

function authenticatorOf(
  client: typeof import('@nats-io/transport-node'),
  disk: Disk,
  options: Options,
): Authenticator | undefined {
  const { user, password, token } = options
  if (user !== undefined) return client.usernamePasswordAuthenticator(user, password)
  if (token !== undefined) return client.tokenAuthenticator(token)
  const bytes = (text: string) => new TextEncoder().encode(text)
  const seed = options['nkey-seed']
  if (seed !== undefined) return client.nkeyAuthenticator(bytes(seed))
  const credentials = textOf(disk, options, 'credentials-file')
  if (credentials !== undefined) return client.credsAuthenticator(bytes(credentials))
  return undefined
}
