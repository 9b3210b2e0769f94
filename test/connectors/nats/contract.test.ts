/** The nats connector keeps the contracts, against a real server. */

import { NatsBroker, natsMissing } from '../../brokers/nats.ts'
import type { TableOptions } from '../../contract/broker.ts'
import { intake } from '../../contract/intake.ts'
import { replayableSource } from '../../contract/replayable-source.ts'
import { sink } from '../../contract/sink.ts'

/** Makes a stream and gives what reads or writes it. */
async function newStream(broker: NatsBroker, name: string): Promise<void> {
  await (await broker.streams()).streams.add({ name, subjects: [`${name}.>`] })
}

const life = (broker: NatsBroker) => ({
  kill: () => broker.kill(),
  restart: () => broker.restart(),
  close: () => broker.close(),
})

replayableSource({
  name: 'nats',
  missing: natsMissing,
  badOptions: [
    { change: { url: undefined }, code: 'INVALID_OPTION' },
    { change: { stream: undefined }, code: 'INVALID_OPTION' },
    { change: { straem: 'x' }, code: 'UNKNOWN_OPTION' },
    { change: { 'scan.startup.mode': 'timestamp' }, code: 'INVALID_OPTION' },
    { change: { 'scan.startup.specific-offset': '7' }, code: 'INVALID_OPTION' },
    { change: { user: 'me' }, code: 'INVALID_OPTION' },
    { change: { url: 'nats://a,nats://me:secret@b' }, code: 'INVALID_OPTION' },
    { change: { token: 'a', 'nkey-seed': 'b' }, code: 'INVALID_OPTION' },
    { change: { 'queue-group': 'g' }, code: 'INVALID_OPTION' },
    { change: { mode: 'core' }, code: 'INVALID_OPTION' },
  ],
  latest: { 'scan.startup.mode': 'latest-offset' },
  async start() {
    const broker = await NatsBroker.start()
    return {
      ...life(broker),
      async topic(name) {
        await newStream(broker, name)
        return {
          options: { connector: 'nats', url: broker.url, stream: name },
          send: (messages) => broker.publish(`${name}.a`, messages),
        }
      },
    }
  },
})

intake({
  name: 'nats, a work queue',
  missing: natsMissing,
  badOptions: [{ change: { stream: undefined }, code: 'INVALID_OPTION' }],
  dedupes: true,
  async start() {
    const broker = await NatsBroker.start()
    return {
      ...life(broker),
      async topic(name) {
        const { streams } = await broker.streams()
        await streams.add({ name, subjects: [`${name}.>`], retention: 'workqueue' })
        return {
          options: { connector: 'nats', url: broker.url, mode: 'queue', stream: name },
          send: (messages) => broker.publish(`${name}.a`, messages),
        }
      },
    }
  },
})

intake({
  name: 'nats without JetStream',
  missing: natsMissing,
  badOptions: [{ change: { 'jetstream.domain': 'd' }, code: 'INVALID_OPTION' }],
  keeps: false,
  survives: false,
  async start() {
    const broker = await NatsBroker.start()
    return {
      ...life(broker),
      async topic(name) {
        return {
          options: { connector: 'nats', url: broker.url, mode: 'core', subject: `${name}.*` },
          async send(messages) {
            const connection = await broker.connection()
            for (const text of messages) connection.publish(`${name}.a`, text)
            await connection.flush()
          },
        }
      },
    }
  },
})

function natsSink(name: string, more: TableOptions) {
  sink({
    name,
    delivery: 'exactly-once',
    missing: natsMissing,
    badOptions: [
      { change: { 'sink.subject': 'a.*' }, code: 'INVALID_OPTION' },
      { change: { 'sink.subject': undefined }, code: 'INVALID_OPTION' },
      { change: { 'sink.exclusiv': 'true' }, code: 'UNKNOWN_OPTION' },
    ],
    async start() {
      const broker = await NatsBroker.start()
      return {
        ...life(broker),
        async target(stream) {
          await newStream(broker, stream)
          return {
            options: {
              connector: 'nats',
              url: broker.url,
              'sink.subject': `${stream}.out`,
              ...more,
            },
            read: () => broker.read(stream),
          }
        },
      }
    },
  })
}

natsSink('nats', {})
natsSink('nats, sole writer', { 'sink.exclusive': 'true' })
