/** The redis connector keeps the contracts, against a real server. */

import { RedisBroker, redisMissing } from '../../brokers/redis.ts'
import type { TableOptions } from '../../contract/broker.ts'
import { intake } from '../../contract/intake.ts'
import { replayableSource } from '../../contract/replayable-source.ts'
import { sink } from '../../contract/sink.ts'

const life = (broker: RedisBroker) => ({
  kill: () => broker.kill(),
  restart: () => broker.restart(),
  close: () => broker.close(),
})

replayableSource({
  name: 'redis',
  missing: redisMissing,
  badOptions: [
    { change: { url: undefined }, code: 'INVALID_OPTION' },
    { change: { url: 'http://localhost' }, code: 'INVALID_OPTION' },
    { change: { url: 'redis://me:secret@localhost' }, code: 'INVALID_OPTION' },
    { change: { key: undefined }, code: 'INVALID_OPTION' },
    { change: { keys: 'x' }, code: 'UNKNOWN_OPTION' },
    { change: { mode: 'list' }, code: 'INVALID_OPTION' },
    { change: { mode: 'hash', 'payload-field': undefined }, code: 'INVALID_OPTION' },
    { change: { channel: 'c' }, code: 'INVALID_OPTION' },
    { change: { 'payload-field': undefined, format: 'csv' }, code: 'INVALID_OPTION' },
    { change: { 'scan.startup.mode': 'specific-offset' }, code: 'INVALID_OPTION' },
  ],
  latest: { 'scan.startup.mode': 'latest-offset' },
  async start() {
    const broker = await RedisBroker.start()
    return {
      ...life(broker),
      async topic(key) {
        return {
          options: { connector: 'redis', url: broker.url, key, 'payload-field': 'data' },
          async send(messages) {
            for (let i = 0; i < messages.length; i += 1000) {
              const entries = messages.slice(i, i + 1000)
              await broker.run(...entries.map((text) => ['XADD', key, '*', 'data', text]))
            }
          },
        }
      },
    }
  },
})

intake({
  name: 'redis, a channel',
  missing: redisMissing,
  badOptions: [{ change: { key: 'k' }, code: 'INVALID_OPTION' }],
  keeps: false,
  survives: false,
  async start() {
    const broker = await RedisBroker.start()
    return {
      ...life(broker),
      async topic(channel) {
        return {
          options: { connector: 'redis', url: broker.url, mode: 'channel', channel },
          async send(messages) {
            await broker.run(...messages.map((text) => ['PUBLISH', channel, text]))
          },
        }
      },
    }
  },
})

function redisSink(name: string, more: TableOptions) {
  sink({
    name,
    delivery: 'exactly-once',
    missing: redisMissing,
    badOptions: [
      { change: { 'sink.max-length': '0' }, code: 'INVALID_OPTION' },
      { change: { 'sink.ids': 'mine' }, code: 'INVALID_OPTION' },
      { change: { 'sink.channel': 'c' }, code: 'INVALID_OPTION' },
    ],
    async start() {
      const broker = await RedisBroker.start()
      return {
        ...life(broker),
        async target(key) {
          return {
            options: { connector: 'redis', url: broker.url, key, 'payload-field': 'data', ...more },
            async read() {
              const [entries] = await broker.run(['XRANGE', key, '-', '+'])
              return (entries as [string, [string, string]][]).map(([, [, text]]) => text)
            },
          }
        },
      }
    },
  })
}

redisSink('redis', {})
redisSink('redis, explicit ids', { 'sink.ids': 'explicit' })
