/** A connection to an MQTT broker. It is not made anew when it is lost: whoever holds it decides
 *  what that means. */

import type { IClientOptions, MqttClient } from 'mqtt'
import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import { SqlError } from '../../engine/base/errors.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { tlsSettings } from '../tls-options.ts'

export interface MqttParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly options: TableSpec['options']
  readonly clientId: string
  /** Of the session; see the client's own documentation. */
  readonly settings?: IClientOptions
  /** Called before anything is received. */
  readonly prepare?: (client: MqttClient) => void
}

export interface MqttLink {
  readonly client: MqttClient
  /** Rejects when the connection is lost; resolves when it was closed. */
  readonly lost: Promise<void>
  readonly isLost: boolean
  /** `sessionExpiryInterval`: 0 ends the session (MQTT 5). */
  close(properties?: { readonly sessionExpiryInterval: number }): Promise<void>
}

/** How long a goodbye may take: a broker that is cut off may not see what was acknowledged. */
const CLOSE_MS = 4000

/** Connects; raises what the client says, and INVALID_OPTION for a file that cannot be read. */
export async function connectMqtt(parts: MqttParts): Promise<MqttLink> {
  const { disk, options, clientId, settings, prepare } = parts
  const { connect } = await import('mqtt')
  const client = connect(options.url, {
    ...tlsSettings(disk, options),
    protocolVersion: options.version === '5' ? 5 : 4,
    clientId,
    username: options.username,
    password: options.password,
    keepalive: Math.ceil(Number(options['keep-alive']) / 1000),
    connectTimeout: Number(options['connection-timeout']),
    reconnectPeriod: 0,
    ...settings,
  })
  prepare?.(client)
  const link = new Link(client, parts.clock)
  await link.connected
  return link
}

class Link implements MqttLink {
  readonly client: MqttClient
  readonly #clock: Clock
  readonly lost: Promise<void>
  readonly connected: Promise<void>
  isLost = false
  #closed = false

  constructor(client: MqttClient, clock: Clock) {
    this.client = client
    this.#clock = clock
    this.lost = new Promise((resolve, reject) => {
      let error: unknown
      client.on('error', (thrown) => {
        error ??= thrown
        // The client closes the connection after some errors, and not after others.
        client.end(true)
      })
      client.on('disconnect', ({ reasonCode }) => {
        error ??= new SqlError('CONNECTOR_FAILED', `The broker says goodbye (code ${reasonCode})`)
      })
      client.on('close', () => {
        this.isLost = true
        if (this.#closed) resolve()
        else reject(error ?? new SqlError('CONNECTOR_FAILED', 'The broker closed the connection'))
      })
    })
    // Whoever waits for it hears of it; nobody has to.
    this.lost.catch(() => {})
    this.connected = new Promise((resolve, reject) => {
      client.once('connect', () => resolve())
      this.lost.catch(reject)
    })
  }

  async close(properties?: { readonly sessionExpiryInterval: number }): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.isLost = true
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(CLOSE_MS, () => {
        this.client.end(true)
        resolve()
      })
      this.client.end(false, properties === undefined ? {} : { properties }, () => {
        cancel()
        resolve()
      })
    })
  }
}
