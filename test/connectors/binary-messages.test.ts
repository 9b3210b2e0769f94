/** Avro and Protobuf through every connector that carries messages: what it writes, it reads. Bytes
 *  of all kinds must come through as they are. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { MosquittoBroker, mosquittoMissing } from '../brokers/mosquitto.ts'
import { NatsBroker, natsMissing } from '../brokers/nats.ts'
import { describeWith, sleep } from '../brokers/program.ts'
import { RabbitBroker, rabbitmqMissing } from '../brokers/rabbitmq.ts'
import { RedisBroker, redisMissing } from '../brokers/redis.ts'
import { createTable, type TableOptions } from '../contract/broker.ts'
import { TestServer } from '../server/test-server.ts'

interface Place {
  readonly write: TableOptions
  readonly read: TableOptions
}

interface Carrier {
  readonly name: string
  readonly missing: string | undefined
  /** Two places of their own, by name. */
  start(
    server: TestServer,
  ): Promise<{ place(name: string): Promise<Place>; close(): Promise<void> }>
}

const CARRIERS: readonly Carrier[] = [
  {
    name: 'nats',
    missing: natsMissing,
    async start() {
      const broker = await NatsBroker.start()
      return {
        async place(name) {
          await (await broker.streams()).streams.add({ name, subjects: [`${name}.*`] })
          const own = { connector: 'nats', url: broker.url }
          return {
            write: { ...own, 'sink.subject': `${name}.out` },
            read: { ...own, stream: name },
          }
        },
        close: () => broker.close(),
      }
    },
  },
  {
    name: 'redis',
    missing: redisMissing,
    async start() {
      const broker = await RedisBroker.start()
      return {
        async place(key) {
          const own = { connector: 'redis', url: broker.url, key, 'payload-field': 'data' }
          return { write: own, read: own }
        },
        close: () => broker.close(),
      }
    },
  },
  {
    name: 'mqtt',
    missing: mosquittoMissing,
    async start() {
      const broker = await MosquittoBroker.start()
      return {
        async place(name) {
          const own = { connector: 'mqtt', url: broker.url }
          return { write: { ...own, 'sink.topic': name }, read: { ...own, topic: name } }
        },
        close: () => broker.close(),
      }
    },
  },
  {
    name: 'rabbitmq',
    missing: rabbitmqMissing,
    async start() {
      const broker = await RabbitBroker.start()
      return {
        async place(queue) {
          await broker.queue(queue, 'classic')
          const own = { connector: 'rabbitmq', host: '127.0.0.1', port: String(broker.port) }
          return {
            write: { ...own, exchange: '', 'routing-key': queue },
            read: { ...own, queue, 'queue.type': 'classic' },
          }
        },
        close: () => broker.close(),
      }
    },
  },
  {
    name: 'webhook',
    missing: undefined,
    async start(server) {
      return {
        async place(path) {
          const url = `${server.url}/v1/webhooks/${path}`
          return {
            write: { connector: 'webhook', url },
            read: { connector: 'webhook', path },
          }
        },
        close: async () => {},
      }
    },
  },
]

const PROTO =
  'syntax = "proto3"; message M { int64 id = 1; optional string name = 2; bytes data = 3; repeated double xs = 4; }'

const FORMATS: readonly TableOptions[] = [
  { format: 'avro' },
  { format: 'protobuf', 'protobuf.schema': PROTO },
]

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start()
}, 60_000)

afterAll(() => server?.stop())

for (const { name: by, missing, start } of CARRIERS) {
  describeWith(by, missing, () => {
    test('carries Avro and Protobuf both ways', async () => {
      const carrier = await start(server)
      try {
        for (const format of FORMATS) {
          await thereAndBack(
            `${by}_${format.format}`,
            format,
            await carrier.place(`${by}_${format.format}`),
          )
        }
      } finally {
        await carrier.close()
      }
    }, 120_000)
  })
}

async function thereAndBack(name: string, format: TableOptions, { write, read }: Place) {
  const columns = 'id BIGINT, name STRING, data BYTES, xs ARRAY<DOUBLE>'
  await server.sql(createTable(`in_${name}`, columns, { ...read, ...format }))
  await server.sql(
    `CREATE MATERIALIZED VIEW v_${name} AS SELECT id, name, data, xs FROM in_${name}`,
  )
  await server.sql(createTable(`out_${name}`, columns, { ...write, ...format }))
  await server.sql(`CREATE TABLE given_${name} (${columns})`)
  await server.sql(`INSERT INTO out_${name} SELECT * FROM given_${name}`)
  // Whoever only hears what is sent from now on has to be there.
  await sleep(500)
  const data = Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte))
  const rows = [
    [1, 'ü\n"', data.toString('base64'), [0.1, -0]],
    [-1, null, '', []],
    [2 ** 40, '', 'Cg==', [1e300]],
  ]
  const records = rows.map(([id, text, bytes, xs]) => ({ id, name: text, data: bytes, xs }))
  expect((await server.post(`/v1/streams/given_${name}/records`, records)).status).toBe(200)
  const all = `SELECT id, name, data, xs FROM v_${name} ORDER BY ABS(id), id DESC`
  await server.eventually(all, rows, 20_000)
}
