/** A RabbitMQ server with its own database, and a client of the tests' own. */

import { randomUUID } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import {
  type ChannelModel,
  type ConfirmChannel,
  type ConsumeMessage,
  connect,
  type Options,
} from 'amqplib'
import type { Certificates } from './certificates.ts'
import { findProgram, freePorts, Program, sleep } from './program.ts'

// The program of this name on the PATH may be a wrapper that only root and the service may run.
const LIBRARY = '/usr/lib/rabbitmq/bin/rabbitmq-server'
const path = existsSync(LIBRARY) ? LIBRARY : findProgram('rabbitmq-server')

/** Why there is no RabbitMQ server here. */
export const rabbitmqMissing = path === undefined ? 'rabbitmq-server is not installed' : undefined

/** How a mark begins that `read` puts into a stream. */
const MARK = 'mark '

/** One scheduler that sleeps when it has nothing to do: the tests need the other cores. */
const ERLANG = '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none'

export class RabbitBroker {
  readonly #program: Program
  readonly port: number
  /** For connections over TLS, if there is a certificate. */
  readonly securePort: number
  #model: ChannelModel | undefined
  #channel: ConfirmChannel | undefined

  private constructor(program: Program, port: number, securePort: number) {
    this.#program = program
    this.port = port
    this.securePort = securePort
  }

  static async start(tls?: Certificates): Promise<RabbitBroker> {
    const [port, securePort, distPort, epmdPort] = await freePorts(4)
    const program = await Program.start({
      path: '/bin/sh',
      // The daemon that Erlang nodes find each other by is one of our own, in the same group.
      args: (folder) => [
        '-c',
        `${variables(folder, distPort)} export ERL_EPMD_PORT=${epmdPort}
         epmd -port ${epmdPort} & exec ${path}`,
      ],
      prepare(folder) {
        writeFileSync(`${folder}/enabled_plugins`, '[].\n')
        const more = tls ? tlsSettings(securePort, tls) : []
        writeFileSync(`${folder}/rabbitmq.conf`, [...settings(port), ...more, ''].join('\n'))
      },
      ready: () => answers(port),
    })
    return new RabbitBroker(program, port, securePort)
  }

  /** As `connect` of amqplib takes it. */
  get address(): Options.Connect {
    return { hostname: '127.0.0.1', port: this.port }
  }

  /** A channel for now: another one after a restart. */
  async channel(): Promise<ConfirmChannel> {
    if (this.#channel !== undefined) return this.#channel
    const model = await connect(this.address)
    const forget = () => {
      this.#channel = undefined
      this.#model = undefined
    }
    model.on('error', forget)
    model.on('close', forget)
    const channel = await model.createConfirmChannel()
    channel.on('error', () => {
      this.#channel = undefined
    })
    this.#model = model
    this.#channel = channel
    return channel
  }

  /** A durable queue. */
  async queue(name: string, type: 'classic' | 'quorum' | 'stream'): Promise<void> {
    const channel = await this.channel()
    await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': type } })
  }

  /** Puts messages into a queue; resolves when the server has all of them on its disk. */
  async send(
    queue: string,
    messages: readonly string[],
    properties: () => Options.Publish = () => ({}),
  ): Promise<void> {
    await this.#isThere(queue)
    const channel = await this.channel()
    for (const text of messages) {
      channel.sendToQueue(queue, Buffer.from(text), { persistent: true, ...properties() })
    }
    await channel.waitForConfirms()
  }

  /** After a restart a stream is not there at once, and what is sent to it meanwhile is dropped. */
  async #isThere(queue: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await (await this.channel()).checkQueue(queue)
        return
      } catch (error) {
        if (tries > 200) throw error
        this.#channel = undefined
        await this.#model?.close().catch(() => {})
        await sleep(50)
      }
    }
  }

  /** The texts of all messages of a stream, in order, up to a mark that is put behind them. After a
   *  restart it takes a while until a stream can be read. */
  async read(stream: string): Promise<string[]> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#read(stream)
      } catch (error) {
        if (tries > 50) throw error
        await sleep(200)
      }
    }
  }

  async #read(stream: string): Promise<string[]> {
    const model = await connect(this.address)
    try {
      model.on('error', () => {})
      const channel = await model.createChannel()
      channel.on('error', () => {})
      await channel.prefetch(60_000)
      const mark = MARK + randomUUID()
      await this.send(stream, [mark])
      const texts: string[] = []
      await new Promise<void>((resolve, reject) => {
        model.on('close', () => reject(new Error('the connection was closed')))
        channel.on('error', reject)
        const take = (message: ConsumeMessage | null) => {
          const text = message!.content.toString()
          if (text === mark) resolve()
          else if (!text.startsWith(MARK)) texts.push(text)
          channel.ack(message!)
        }
        channel.consume(stream, take, { arguments: { 'x-stream-offset': 'first' } }).catch(reject)
      })
      return texts
    } finally {
      await model.close().catch(() => {})
    }
  }

  /** How many messages wait in a queue. */
  async waiting(queue: string): Promise<number> {
    const { messageCount } = await (await this.channel()).checkQueue(queue)
    return messageCount
  }

  async kill(): Promise<void> {
    await this.#program.kill()
    this.#channel = undefined
  }

  output(): string {
    return this.#program.output()
  }

  restart(): Promise<void> {
    return this.#program.restart()
  }

  async close(): Promise<void> {
    await this.#model?.close().catch(() => {})
    await this.#program.kill()
    await this.#program.close()
  }
}

const variables = (folder: string, distPort: number): string =>
  [
    `HOME=${folder}`,
    `RABBITMQ_NODENAME=millrace${distPort}@localhost`,
    `RABBITMQ_DIST_PORT=${distPort}`,
    `RABBITMQ_MNESIA_BASE=${folder}/data`,
    `RABBITMQ_LOG_BASE=${folder}/log`,
    `RABBITMQ_LOGS=-`,
    `RABBITMQ_CONFIG_FILE=${folder}/rabbitmq.conf`,
    `RABBITMQ_CONF_ENV_FILE=/dev/null`,
    `RABBITMQ_ENABLED_PLUGINS_FILE=${folder}/enabled_plugins`,
    `RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='${ERLANG}'`,
  ]
    .map((variable) => `export ${variable};`)
    .join(' ')

const settings = (port: number): string[] => [
  `listeners.tcp.default = 127.0.0.1:${port}`,
  'loopback_users = none',
  'log.console = true',
  'log.console.level = warning',
  // Machines that build software are often nearly full.
  'disk_free_limit.absolute = 50MB',
  'vm_memory_high_watermark.relative = 0.9',
]

const tlsSettings = (port: number, { ca, cert, key }: Certificates): string[] => [
  `listeners.ssl.default = 127.0.0.1:${port}`,
  `ssl_options.cacertfile = ${ca}`,
  `ssl_options.certfile = ${cert}`,
  `ssl_options.keyfile = ${key}`,
]

async function answers(port: number): Promise<boolean> {
  const model = await connect({ hostname: '127.0.0.1', port }, { timeout: 2000 })
  await model.close()
  return true
}
