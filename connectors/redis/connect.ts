/** A connection to a Redis server. It is not made anew when it is lost: whoever holds it decides
 *  what that means. */

import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { tlsSettings } from '../tls-options.ts'

type Client = ReturnType<typeof import('@redis/client').createClient>
type Options = TableSpec['options']

export interface RedisLink {
  readonly client: Client
  /** Sends a command; texts come back as Buffers. */
  readonly send: (args: readonly (string | Buffer)[]) => Promise<Reply>
  /** Rejects when the connection is lost; resolves when it was closed. */
  readonly lost: Promise<void>
  close(): void
}

/** What the server answers (RESP 2). */
export type Reply = null | number | string | Buffer | readonly Reply[]

const TIMEOUT_MS = 5000
const PING_MS = 5000
/** A server that answers nothing for so long is gone. */
const SILENCE_MS = 15_000

/** A client that is not connected yet. The library is loaded when it is first used. */
export async function redisClient(
  disk: Disk,
  { url, username, password, ...options }: Options,
  settings: { readonly RESP: 2 | 3; readonly bytes: boolean },
): Promise<Client> {
  const { createClient, RESP_TYPES } = await import('@redis/client')
  const tls = tlsSettings(disk, options)
  const client = createClient({
    url,
    RESP: settings.RESP,
    pingInterval: PING_MS,
    disableOfflineQueue: true,
    ...(settings.bytes && {
      commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    socket: {
      connectTimeout: TIMEOUT_MS,
      reconnectStrategy: false,
      ...(tls !== undefined && { tls: true as const, ...tls }),
    },
  })
  return client as unknown as Client
}

export interface RedisParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly options: Options
  /** Closes the connection. */
  readonly signal: AbortSignal
}

/** Connects; raises what the client raises. */
export async function connectRedis(parts: RedisParts): Promise<RedisLink> {
  const { disk, clock, options, signal } = parts
  const client = await redisClient(disk, options, { RESP: 2, bytes: true })
  const watch = new AnswerWatch(clock, client)
  let close = () => {}
  const lost = new Promise<void>((resolve, reject) => {
    // Who may not ping is connected all the same.
    client.on('error', (error) => /^NOPERM/.test(error.message) || reject(error))
    client.on('end', () => reject(new Error('the server closed the connection')))
    watch.onSilent = () => reject(new Error('the server is silent'))
    close = () => {
      signal.removeEventListener('abort', close)
      watch.end()
      resolve()
      if (client.isOpen) client.destroy()
    }
  })
  // Whoever waits for it hears of it; nobody has to.
  lost.catch(() => {})
  signal.addEventListener('abort', close)
  try {
    await client.connect()
    await client.sendCommand(['CLIENT', 'SETNAME', 'millrace']).catch(() => {})
  } catch (error) {
    close()
    throw error
  }
  if (signal.aborted) close()
  return { client, send: (args) => watch.send(args), lost, close }
}

/** Notices a server that no longer answers: a connection can be dead without an end. */
class AnswerWatch {
  readonly #clock: Clock
  readonly #client: Client
  #waiting = 0
  #answers = 0
  #cancel: (() => void) | undefined
  onSilent = () => {}

  constructor(clock: Clock, client: Client) {
    this.#clock = clock
    this.#client = client
  }

  async send(args: readonly (string | Buffer)[]): Promise<Reply> {
    this.#waiting++
    this.#cancel ??= this.#look()
    try {
      return (await this.#client.sendCommand(args)) as Reply
    } finally {
      this.#waiting--
      this.#answers++
    }
  }

  #look(): () => void {
    const before = this.#answers
    return this.#clock.after(SILENCE_MS, () => {
      this.#cancel = undefined
      if (this.#waiting === 0) return
      this.#cancel = this.#look()
      if (this.#answers > before) return
      this.onSilent()
      if (this.#client.isOpen) this.#client.destroy()
    })
  }

  end(): void {
    this.#cancel?.()
  }
}

/** The server's address without what may be secret in it. */
export const serverName = ({ url }: Options): string => `Redis at ${url}`

/** A list of names and values as a map; values stay what they are. */
export function pairsOf(reply: Reply): Map<string, Reply> {
  const list = reply as readonly Reply[]
  const pairs = new Map<string, Reply>()
  for (let i = 0; i + 1 < list.length; i += 2) pairs.set(String(list[i]), list[i + 1])
  return pairs
}
