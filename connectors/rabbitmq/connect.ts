/** A connection to a RabbitMQ server. It is not made anew when it is lost: whoever holds it decides
 *  what that means. */

import type { Duplex } from 'node:stream'
import type { Channel, ChannelModel, ConfirmChannel, Connection } from 'amqplib'
import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import { SqlError } from '../../engine/base/errors.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { connectorError } from '../reconnect.ts'
import { type TlsSettings, tlsSettings } from '../tls-options.ts'

type Options = TableSpec['options']

export interface RabbitParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly options: Options
}

export interface RabbitLink {
  /** Rejects when the connection or a channel is lost; resolves when it was closed. */
  readonly lost: Promise<void>
  readonly isLost: boolean
  /** What `step` gives, in the time that a connection may take. CONNECTOR_FAILED: a queue that the
   *  server is only bringing back may be asked for, and nothing comes for half a minute. */
  within<T>(step: Promise<T>): Promise<T>
  channel(): Promise<Channel>
  /** A channel whose publications are confirmed. */
  confirmChannel(): Promise<ConfirmChannel>
  close(): Promise<void>
}

/** How long a goodbye may take. */
const CLOSE_MS = 2000

/** Connects to the first host that answers; raises CONNECTOR_FAILED with what the last one said,
 *  and INVALID_OPTION for a file that cannot be read. */
export async function connectRabbit(parts: RabbitParts): Promise<RabbitLink> {
  const { disk, clock, options } = parts
  const { connect } = await import('amqplib')
  const tls = tlsSettings(disk, options)
  let error: unknown
  for (const hostname of hostsOf(options)) {
    try {
      const model = await connect(addressOf(hostname, options, tls), {
        timeout: Number(options['connection-timeout']),
        clientProperties: { connection_name: 'millrace' },
        ...tls,
      })
      return new Link(model, clock, Number(options['connection-timeout']))
    } catch (thrown) {
      error = thrown
    }
  }
  throw connectorError(serverName(options), error)
}

const hostsOf = ({ host }: Options): string[] => host.split(',').map((name) => name.trim())

/** For messages. */
export const serverName = (options: Options): string => `RabbitMQ at ${options.host}`

function addressOf(hostname: string, options: Options, tls: TlsSettings | undefined) {
  return {
    protocol: tls === undefined ? 'amqp' : 'amqps',
    hostname,
    port: Number(options.port ?? (tls === undefined ? 5672 : 5671)),
    username: options.username,
    password: options.password,
    vhost: options['virtual-host'],
    heartbeat: Math.ceil(Number(options.heartbeat) / 1000),
  }
}

class Link implements RabbitLink {
  readonly #model: ChannelModel
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly lost: Promise<void>
  isLost = false
  #closed = false
  #lose: (error: unknown) => void = () => {}
  #end = () => {}

  constructor(model: ChannelModel, clock: Clock, timeoutMs: number) {
    this.#model = model
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.lost = new Promise((resolve, reject) => {
      this.#end = resolve
      this.#lose = (error) => {
        this.isLost = true
        reject(error)
      }
    })
    // Whoever waits for it hears of it; nobody has to.
    this.lost.catch(() => {})
    const gone = () => new SqlError('CONNECTOR_FAILED', 'The server closed the connection')
    model.on('error', (error) => this.#lose(error))
    model.on('close', () => {
      if (this.#closed) this.#end()
      else this.#lose(gone())
    })
  }

  within<T>(step: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(this.#timeoutMs, () =>
        reject(new SqlError('CONNECTOR_FAILED', 'The server does not answer')),
      )
      step.then(resolve, reject).finally(cancel)
    })
  }

  async channel(): Promise<Channel> {
    return this.#watched(await this.#model.createChannel())
  }

  async confirmChannel(): Promise<ConfirmChannel> {
    return this.#watched(await this.#model.createConfirmChannel())
  }

  #watched<C extends Channel>(channel: C): C {
    channel.on('error', (error) => this.#lose(error))
    channel.on('handler-error', (error) => this.#lose(error))
    return channel
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.isLost = true
    const closing = this.#model.close().catch(() => {})
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(CLOSE_MS, () => {
        this.#cut()
        resolve()
      })
      void closing.then(() => {
        cancel()
        resolve()
      })
    })
    this.#end()
  }

  /** A server that does not answer would keep the socket open, and that a process alive. */
  #cut(): void {
    // The library's type does not show it.
    const { stream } = this.#model.connection as Connection & { readonly stream: Duplex }
    stream.destroy()
  }
}
