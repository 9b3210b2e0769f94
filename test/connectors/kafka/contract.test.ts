/** The kafka connector keeps the contracts, against a real broker. */

import { afterAll } from 'vitest'
import { KafkaBroker, missingKafka, record } from '../../brokers/kafka.ts'
import { isLong, type TableOptions } from '../../contract/broker.ts'
import { replayableSource } from '../../contract/replayable-source.ts'
import { sink } from '../../contract/sink.ts'

const missing = missingKafka()

/** One for all suites, which run one after the other. */
let shared: Promise<KafkaBroker> | undefined

function startBroker(): Promise<KafkaBroker> {
  shared ??= KafkaBroker.start()
  return shared
}

afterAll(async () => (await shared)?.close(), 60_000)

const life = (broker: KafkaBroker) => ({
  kill: () => broker.kill(),
  restart: () => broker.restart(),
  close: async () => {},
})

const optionsOf = (broker: KafkaBroker, topic: string): TableOptions => ({
  connector: 'kafka',
  topic,
  'properties.bootstrap.servers': broker.bootstrap,
})

replayableSource({
  name: 'kafka',
  missing,
  splits: 2,
  badOptions: [
    { change: { topic: undefined }, code: 'INVALID_OPTION' },
    { change: { 'topic-pattern': 't.*' }, code: 'INVALID_OPTION' },
    { change: { topic: 'no/name' }, code: 'INVALID_OPTION' },
    { change: { 'properties.bootstrap.servers': undefined }, code: 'INVALID_OPTION' },
    { change: { 'properties.bootstrap.servers': 'http://x' }, code: 'INVALID_OPTION' },
    { change: { 'properties.group.it': 'g' }, code: 'UNKNOWN_OPTION' },
    { change: { 'scan.startup.mode': 'timestamp' }, code: 'INVALID_OPTION' },
    {
      change: { 'scan.startup.mode': 'group-offsets', 'properties.group.id': undefined },
      code: 'INVALID_OPTION',
    },
    { change: { 'scan.startup.timestamp-millis': '7' }, code: 'INVALID_OPTION' },
    { change: { 'scan.bounded.specific-offsets': 'partition:0' }, code: 'INVALID_OPTION' },
    { change: { 'properties.security.protocol': 'SASL_SSL' }, code: 'INVALID_OPTION' },
    { change: { 'properties.sasl.username': 'me' }, code: 'INVALID_OPTION' },
    { change: { 'properties.ssl.key.password': 'x' }, code: 'INVALID_OPTION' },
    { change: { 'key.format': 'json' }, code: 'INVALID_OPTION' },
    { change: { 'key.format': 'json', 'key.fields': 'nope' }, code: 'INVALID_OPTION' },
    { change: { 'value.fields-include': 'EXCEPT_KEY' }, code: 'INVALID_OPTION' },
    { change: { connector: 'upsert-kafka', 'key.format': 'json' }, code: 'UNKNOWN_OPTION' },
    {
      change: { connector: 'upsert-kafka', 'key.format': 'json', 'scan.startup.mode': undefined },
      code: 'INVALID_OPTION',
    },
  ],
  latest: { 'scan.startup.mode': 'latest-offset' },
  async start() {
    const broker = await startBroker()
    return {
      ...life(broker),
      async topic(topic) {
        await broker.topic(topic, { partitions: 2 })
        let turn = 0
        return {
          options: {
            ...optionsOf(broker, topic),
            'properties.group.id': `g-${topic}`,
            'scan.startup.mode': 'earliest-offset',
          },
          send: (messages) =>
            broker.send(messages.map((text) => record(topic, text, { partition: turn++ % 2 }))),
        }
      },
    }
  },
})

function kafkaSink(delivery: 'at-least-once' | 'exactly-once') {
  sink({
    name: `kafka, ${delivery}`,
    delivery,
    missing,
    badOptions: [
      { change: { 'sink.delivery-guarantee': 'maybe' }, code: 'INVALID_OPTION' },
      { change: { 'sink.delivery': 'exactly-once' }, code: 'UNKNOWN_OPTION' },
    ],
    async start() {
      const broker = await startBroker()
      return {
        ...life(broker),
        async target(name) {
          const topic = `${delivery}-${name}`
          await broker.topic(topic)
          const options = { ...optionsOf(broker, topic), 'sink.delivery-guarantee': delivery }
          return {
            options,
            read: async () => (await broker.read(topic)).map(({ value }) => value!),
          }
        },
      }
    },
  })
}

kafkaSink('exactly-once')
// The same writer without its transactions: kafka.test.ts writes with it too.
if (isLong) kafkaSink('at-least-once')
