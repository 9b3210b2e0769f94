/** A Redis server that writes through, and a client of the tests' own. */

import { readFileSync } from 'node:fs'
import { createClient } from '@redis/client'
import type { Certificates } from './certificates.ts'
import { accepts, findProgram, freePort, Program } from './program.ts'

const path = findProgram('redis-server')

/** Why there is no Redis server here. */
export const redisMissing = path === undefined ? 'redis-server is not installed' : undefined

type Client = ReturnType<typeof createClient>

export interface RedisAccess {
  readonly password?: string
  /** The server then only speaks TLS. */
  readonly tls?: Certificates
}

export class RedisBroker {
  readonly #program: Program
  readonly url: string
  readonly #access: RedisAccess
  #client: Promise<Client> | undefined

  private constructor(program: Program, url: string, access: RedisAccess) {
    this.#program = program
    this.url = url
    this.#access = access
  }

  /** `more`: further arguments of the server. `access`: what our own client needs. */
  static async start(more: readonly string[] = [], access: RedisAccess = {}): Promise<RedisBroker> {
    const port = await freePort()
    const { tls } = access
    const url = `${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`
    const program = await Program.start({
      path: path!,
      args: (folder) => [
        ...(tls ? tlsArguments(port, tls) : ['--port', String(port)]),
        ...['--bind', '127.0.0.1', '--dir', folder],
        ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
        ...more,
      ],
      ready: async () => (await accepts(port)) && isLoaded(url, access),
    })
    return new RedisBroker(program, url, access)
  }

  /** Runs commands at once; their answers. Connects anew if the server was restarted. */
  async run(...commands: readonly (readonly string[])[]): Promise<unknown[]> {
    const client = await this.#connected()
    return Promise.all(commands.map((command) => client.sendCommand([...command])))
  }

  #connected(): Promise<Client> {
    this.#client ??= (async () => {
      const client = clientOf(this.url, this.#access)
      client.on('error', () => {
        this.#client = undefined
      })
      await client.connect()
      return client
    })()
    return this.#client
  }

  async #disconnect(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    if (client?.isOpen) client.destroy()
  }

  async kill(): Promise<void> {
    await this.#disconnect()
    await this.#program.kill()
  }

  restart(): Promise<void> {
    return this.#program.restart()
  }

  async close(): Promise<void> {
    await this.#disconnect()
    await this.#program.close()
  }
}

const tlsArguments = (port: number, { ca, cert, key }: Certificates): string[] => [
  ...['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no'],
  ...['--tls-ca-cert-file', ca, '--tls-cert-file', cert, '--tls-key-file', key],
]

function clientOf(url: string, { password, tls }: RedisAccess): Client {
  return createClient({
    url,
    RESP: 2,
    password,
    socket: {
      reconnectStrategy: false,
      ...(tls && { tls: true as const, ca: readFileSync(tls.ca) }),
    },
  }) as unknown as Client
}

/** A server that reads its data refuses everything else. */
async function isLoaded(url: string, access: RedisAccess): Promise<boolean> {
  const client = clientOf(url, access)
  client.on('error', () => {})
  try {
    await client.connect()
    const answer = await client.sendCommand(['DBSIZE']).catch((error) => error)
    return !/LOADING/.test(String(answer))
  } finally {
    if (client.isOpen) client.destroy()
  }
}
