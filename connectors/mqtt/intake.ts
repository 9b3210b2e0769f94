/** Topics as an intake: the session stays at the broker while we are away, and a message is
 *  acknowledged when it is in the log. What was not acknowledged the broker delivers again. */

import type { IPublishPacket, ISubscriptionMap, MqttClient } from 'mqtt'
import type { Clock } from '../../engine/base/clock.ts'
import { SqlError } from '../../engine/base/errors.ts'
import type { IntakeConnector, IntakeFeed } from '../../engine/source/intake.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { acknowledgedIntake } from '../acknowledged-intake.ts'
import type { IntakeContext } from '../context.ts'
import { gatheredIntake } from '../gathered-intake.ts'
import { aborted } from '../one-look.ts'
import { connectMqtt } from './connect.ts'
import { HeldAcks } from './held-acks.ts'
import { metadataRecord } from './metadata.ts'
import { mqtt, topicsOf } from './spec.ts'

export const mqttIntake = ({ disk, clock }: IntakeContext): IntakeConnector => ({
  name: mqtt.name,
  async run(table, feed, signal) {
    const { options } = table
    const receiver = new Receiver(feed, clock, signal)
    const link = await connectMqtt({
      ...{ disk, clock, options },
      clientId: options['client-id'] ?? `millrace-${feed.token}`,
      settings: sessionOf(options),
      prepare: (client) => receiver.listen(client),
    })
    try {
      await subscribe(link.client, options)
      feed.connected()
      await Promise.race([link.lost, receiver.failed, aborted(signal)])
      await feed.settled()
      if (feed.isDropped) await link.client.unsubscribeAsync(topicsOf(options.topic))
    } finally {
      const isV5 = options.version === '5'
      await link.close(feed.isDropped && isV5 ? { sessionExpiryInterval: 0 } : undefined)
    }
  },
})

function sessionOf(options: TableSpec['options']) {
  const clean = options['clean-start'] === 'true'
  const properties = {
    sessionExpiryInterval: clean ? 0 : Math.ceil(Number(options['session-expiry']) / 1000),
    receiveMaximum: Number(options['receive-maximum']),
  }
  return {
    clean,
    resubscribe: false,
    ...(options.version === '5' && { properties }),
  }
}

const RETAIN_HANDLING = { always: 0, new: 1, never: 2 } as const

/** Raises CONNECTOR_FAILED if the broker refuses a filter. */
async function subscribe(client: MqttClient, options: TableSpec['options']): Promise<void> {
  const qos = Number(options.qos) as 0 | 1 | 2
  const rh = RETAIN_HANDLING[options['retain-handling'] as keyof typeof RETAIN_HANDLING]
  const wish = options.version === '5' ? { qos, rap: true, rh } : { qos }
  const wishes: ISubscriptionMap = Object.fromEntries(
    topicsOf(options.topic).map((topic) => [topic, wish]),
  ) as ISubscriptionMap
  for (const { topic, qos: granted } of await client.subscribeAsync(wishes)) {
    if (granted >= 128) {
      throw new SqlError('CONNECTOR_FAILED', `The broker refuses the topic ${topic}`)
    }
  }
}

class Receiver {
  readonly #feed: IntakeFeed
  readonly #signal: AbortSignal
  readonly #metadata: ReturnType<typeof metadataRecord>
  /** Of QoS 0; and of QoS 1 and 2, by the numbers that the broker gives them. */
  readonly #take: ReturnType<typeof gatheredIntake>
  readonly #takeNumbered: ReturnType<typeof acknowledgedIntake>
  #held: HeldAcks | undefined
  /** Rejects when messages can no longer be taken. */
  readonly failed: Promise<never>
  #fail: (error: unknown) => void = () => {}

  constructor(feed: IntakeFeed, clock: Clock, signal: AbortSignal) {
    this.#feed = feed
    this.#signal = signal
    this.#metadata = metadataRecord(feed.keys, clock)
    this.#take = gatheredIntake(feed, signal)
    this.#takeNumbered = acknowledgedIntake({
      ...{ feed, signal },
      stored: (ids, error) => {
        if (error !== undefined) this.#fail(error)
        else this.#held?.release(ids)
      },
    })
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    this.failed.catch(() => {})
  }

  listen(client: MqttClient): void {
    this.#held = new HeldAcks(client)
    // As an option the client heeds it for MQTT 5 only.
    client.options.customHandleAcks = this.#arrived
    client.on('message', (topic, bytes, packet) => {
      if (packet.qos === 0) this.#take({ bytes, metadata: this.#metadata(packet, topic) })
    })
    // The client takes the next message when this one is done with.
    client.handleMessage = (_packet, done) => {
      if (!this.#feed.isFull || this.#signal.aborted) done()
      else void this.#feed.room().then(() => done())
    }
  }

  /** For messages of QoS 1 and 2, when they come. */
  readonly #arrived = (
    topic: string,
    bytes: Buffer,
    packet: IPublishPacket,
    go: (error: Error | number, code?: number) => void,
  ): void => {
    // After the end, without an acknowledgement, it comes again with the next connection.
    if (!this.#signal.aborted) {
      const metadata = this.#metadata(packet, topic)
      this.#takeNumbered({ bytes, metadata }, packet.messageId!)
    }
    go(0)
  }
}
