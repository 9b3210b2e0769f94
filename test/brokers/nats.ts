/** A NATS server with JetStream, and a client of the tests' own. */

import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import {
  type ConnectionOptions,
  connect,
  type NatsConnection,
  nkeyAuthenticator,
} from '@nats-io/transport-node'
import { accepts, findProgram, freePort, Program } from './program.ts'

const path = findProgram('nats-server')

/** Why there is no NATS server here. */
export const natsMissing = path === undefined ? 'nats-server is not installed' : undefined

export class NatsBroker {
  readonly #program: Program
  readonly url: string
  #connection: NatsConnection | undefined

  readonly #login: () => Partial<ConnectionOptions>

  private constructor(program: Program, url: string, login: () => Partial<ConnectionOptions>) {
    this.#program = program
    this.url = url
    this.#login = login
  }

  /** `settings`: more of the server's configuration file. `login`: what our own client needs, by
   *  the connector's options; `caFile`: by whom the server's certificate is. */
  static async start(
    settings = '',
    login: Readonly<Record<string, string>> = {},
    caFile?: string,
  ): Promise<NatsBroker> {
    const port = await freePort()
    const program = await Program.start({
      path: path!,
      args: (folder) => ['-c', `${folder}/nats.conf`],
      prepare: async (folder) => {
        const { writeFileSync } = await import('node:fs')
        const lines = [`listen: 127.0.0.1:${port}`, `jetstream { store_dir: "${folder}/data" }`]
        writeFileSync(`${folder}/nats.conf`, [...lines, settings].join('\n'))
      },
      ready: () => accepts(port),
    })
    const seed = login['nkey-seed']
    return new NatsBroker(program, `nats://127.0.0.1:${port}`, () => ({
      user: login.user,
      pass: login.password,
      token: login.token,
      ...(seed !== undefined && { authenticator: nkeyAuthenticator(Buffer.from(seed)) }),
      ...(caFile !== undefined && { tls: { caFile } }),
    }))
  }

  /** A connection for now: another one after a restart. */
  async connection(): Promise<NatsConnection> {
    if (this.#connection === undefined || this.#connection.isClosed()) {
      this.#connection = await connect({
        ...{ servers: this.url, reconnect: false },
        ...this.#login(),
      })
    }
    return this.#connection
  }

  async streams(): Promise<JetStreamManager> {
    return jetstreamManager(await this.connection())
  }

  /** Publishes in order; resolves when the stream has acknowledged all. */
  async publish(subject: string, messages: readonly string[]): Promise<void> {
    const js = (await this.streams()).jetstream()
    for (let i = 0; i < messages.length; i += 500) {
      await Promise.all(messages.slice(i, i + 500).map((text) => js.publish(subject, text)))
    }
  }

  /** The texts of all messages of a stream, in order. */
  async read(stream: string): Promise<string[]> {
    const manager = await this.streams()
    const { state } = await manager.streams.info(stream)
    const texts: string[] = []
    if (state.messages === 0) return texts
    const consumer = await manager.jetstream().consumers.get(stream, {})
    for await (const message of await consumer.consume({ max_messages: 1000 })) {
      texts.push(message.string())
      if (message.seq >= state.last_seq) break
    }
    return texts
  }

  async kill(): Promise<void> {
    await this.#program.kill()
    await this.#connection?.closed()
  }

  restart(): Promise<void> {
    return this.#program.restart()
  }

  async close(): Promise<void> {
    await this.#connection?.close()
    await this.#program.close()
  }
}
