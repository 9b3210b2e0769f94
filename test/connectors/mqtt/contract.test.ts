/** MQTT against the contract suites. */

import { connectAsync, type MqttClient } from 'mqtt'
import { MosquittoBroker, mosquittoMissing } from '../../brokers/mosquitto.ts'
import { isLong } from '../../contract/broker.ts'
import { intake } from '../../contract/intake.ts'
import { type SinkTarget, sink } from '../../contract/sink.ts'

const BAD_OPTIONS = [
  { change: { url: 'localhost:1883' }, code: 'INVALID_OPTION' },
  { change: { url: undefined }, code: 'INVALID_OPTION' },
  { change: { topic: undefined }, code: 'INVALID_OPTION' },
  { change: { topic: 'a/#/b' }, code: 'INVALID_OPTION' },
  { change: { topics: 'a' }, code: 'UNKNOWN_OPTION' },
  { change: { qos: '3' }, code: 'INVALID_OPTION' },
]

/** Each way of reading, with what it must keep. */
const WAYS = [
  { title: 'QoS 1', options: { qos: '1' }, keeps: true },
  { title: 'QoS 2 over 3.1.1', options: { qos: '2', version: '3.1.1' }, keeps: true },
  { title: 'QoS 0', options: { qos: '0' }, keeps: false },
] as const

// QoS 2 is QoS 1 with one more step to us; mqtt.test.ts has it too.
const ways = isLong ? WAYS : WAYS.filter(({ options }) => options.qos !== '2')

for (const { title, options, keeps } of ways) {
  intake({
    name: `mqtt, ${title}`,
    missing: mosquittoMissing,
    badOptions: keeps && options.qos === '1' ? BAD_OPTIONS : [],
    keeps,
    survives: false,
    async start() {
      const broker = await MosquittoBroker.start()
      return {
        kill: () => broker.kill(),
        restart: () => broker.restart(),
        close: () => broker.close(),
        async topic(name) {
          const qos = Number(options.qos) as 0 | 1 | 2
          return {
            options: { connector: 'mqtt', url: broker.url, topic: `${name}/+`, ...options },
            send: (messages) => broker.publish(`${name}/x`, messages, { qos }),
          }
        },
      }
    },
  })
}

/** Somebody who listens, and forgets nothing. */
class Listener {
  readonly #url: string
  readonly #topic: string
  readonly texts: string[] = []
  #client: MqttClient | undefined

  constructor(url: string, topic: string) {
    this.#url = url
    this.#topic = topic
  }

  async open(): Promise<void> {
    const client = await connectAsync(this.#url, {
      clientId: `listener-${this.#topic}`,
      clean: false,
      protocolVersion: 4,
      reconnectPeriod: 0,
    })
    client.on('error', () => {})
    client.on('message', (_, bytes) => this.texts.push(bytes.toString()))
    await client.subscribeAsync(this.#topic, { qos: 1 })
    this.#client = client
  }

  async read(): Promise<readonly string[]> {
    if (this.#client?.connected !== true) await this.open()
    return this.texts
  }
}

sink({
  name: 'mqtt',
  delivery: 'at-least-once',
  missing: mosquittoMissing,
  // What was under way when a connection broke may come after what followed it.
  ordered: false,
  badOptions: [
    { change: { 'sink.topic': 'a/+' }, code: 'INVALID_OPTION' },
    { change: { 'sink.topic': undefined }, code: 'INVALID_OPTION' },
    { change: { 'sink.topic.column': 'pad' }, code: 'INVALID_OPTION' },
  ],
  async start() {
    const broker = await MosquittoBroker.start()
    return {
      kill: () => broker.halt(),
      restart: () => broker.restart(),
      close: () => broker.close(),
      async target(name): Promise<SinkTarget> {
        const listener = new Listener(broker.url, name)
        await listener.open()
        return {
          options: { connector: 'mqtt', url: broker.url, 'sink.topic': name },
          read: () => listener.read(),
        }
      },
    }
  },
})
