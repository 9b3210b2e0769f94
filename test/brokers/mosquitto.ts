/** A Mosquitto server, and a client of the tests' own. */

import { readFileSync, writeFileSync } from 'node:fs'
import { connectAsync, type IClientPublishOptions, type MqttClient } from 'mqtt'
import type { Certificates } from './certificates.ts'
import { accepts, findProgram, freePort, Program, sleep } from './program.ts'

const path = findProgram('mosquitto')

/** Why there is no Mosquitto here. */
export const mosquittoMissing = path === undefined ? 'mosquitto is not installed' : undefined

export class MosquittoBroker {
  readonly #program: Program
  readonly #port: number
  readonly #tls: Certificates | undefined
  #client: MqttClient | undefined

  private constructor(program: Program, port: number, tls: Certificates | undefined) {
    this.#program = program
    this.#port = port
    this.#tls = tls
  }

  get url(): string {
    return `${this.#tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${this.#port}`
  }

  /** `settings`: more of its configuration file. `tls`: it only speaks TLS, and only to clients that
   *  show a certificate of the authority. */
  static async start(settings: readonly string[] = ['allow_anonymous true'], tls?: Certificates) {
    const port = await freePort()
    const program = await Program.start({
      path: path!,
      args: (folder) => ['-c', `${folder}/mosquitto.conf`],
      prepare(folder) {
        const lines = [
          `listener ${port} 127.0.0.1`,
          ...(tls ? tlsSettings(tls) : []),
          'persistence true',
          `persistence_location ${folder}/`,
          'autosave_interval 1',
          'max_queued_messages 0',
          'max_inflight_messages 1000',
          'user root',
          ...settings,
        ]
        writeFileSync(`${folder}/mosquitto.conf`, `${lines.join('\n')}\n`)
      },
      ready: () => accepts(port),
    })
    return new MosquittoBroker(program, port, tls)
  }

  /** A client for now: another one after a restart. */
  async client(): Promise<MqttClient> {
    if (this.#client?.connected) return this.#client
    const client = await connectAsync(this.url, {
      ...{ reconnectPeriod: 0, protocolVersion: 5 },
      ...(this.#tls && certificatesOf(this.#tls)),
    })
    client.on('error', () => {})
    this.#client = client
    return client
  }

  /** Publishes in order; resolves when the broker has acknowledged all. */
  async publish(
    topic: string,
    messages: readonly string[],
    options: IClientPublishOptions = { qos: 1 },
  ): Promise<void> {
    const client = await this.client()
    for (let i = 0; i < messages.length; i += 200) {
      const some = messages.slice(i, i + 200)
      await Promise.all(some.map((text) => client.publishAsync(topic, text, options)))
    }
  }

  /** It writes down once a second what sessions there are and what waits in them. */
  async kill(): Promise<void> {
    await sleep(1200)
    await this.#kill()
  }

  /** An orderly end, at which it writes down what it has acknowledged: at other times it lags. */
  async halt(): Promise<void> {
    process.kill(this.#program.pid!, 'SIGTERM')
    while (await accepts(this.#port)) await sleep(10)
    await sleep(100)
    await this.#kill()
  }

  async #kill(): Promise<void> {
    await this.#program.kill()
    this.#client?.end(true)
    this.#client = undefined
  }

  restart(): Promise<void> {
    return this.#program.restart()
  }

  async close(): Promise<void> {
    this.#client?.end(true)
    await this.#program.close()
  }
}

const tlsSettings = ({ ca, cert, key }: Certificates): string[] => [
  `cafile ${ca}`,
  `certfile ${cert}`,
  `keyfile ${key}`,
  'require_certificate true',
]

const certificatesOf = ({ ca, cert, key }: Certificates) => ({
  ...{ ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) },
})
