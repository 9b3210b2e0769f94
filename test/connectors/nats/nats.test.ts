/** What the nats connector has beyond the contracts: subjects, metadata, where it begins and ends,
 *  and how it logs in. */

import { headers } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { NatsBroker, natsMissing } from '../../brokers/nats.ts'
import { describeWith } from '../../brokers/program.ts'
import { createTable, type TableOptions } from '../../contract/broker.ts'
import { trustsOnlyItsAuthority } from '../../contract/tls.ts'
import { TestServer } from '../../server/test-server.ts'

const ids = (...numbers: number[]) => numbers.map((id) => JSON.stringify({ id }))

describeWith('nats', natsMissing, () => {
  let broker: NatsBroker
  let server: TestServer
  let number = 0

  beforeAll(async () => {
    broker = await NatsBroker.start()
    server = await TestServer.start()
  }, 60_000)

  afterAll(async () => {
    await server?.stop()
    await broker?.close()
  })

  const options = (more: TableOptions): TableOptions => ({
    connector: 'nats',
    url: broker.url,
    ...more,
  })

  /** A table, and a stream under its name, with messages in it. */
  async function stream(settings: object = {}): Promise<string> {
    const name = `t${++number}`
    const { streams } = await broker.streams()
    await streams.add({ name, subjects: [`${name}.>`], ...settings })
    return name
  }

  const define = (name: string, more: TableOptions = {}, columns = 'id BIGINT') =>
    server.sql(createTable(name, columns, options({ stream: name, ...more })))

  const idsOf = async (name: string) => (await server.rows(`SELECT id FROM ${name}`)).flat()

  it('brings subject, sequence, timestamp and headers', async () => {
    const name = await stream()
    const js = (await broker.streams()).jetstream()
    const lines = headers()
    lines.set('Trace', 'abc')
    lines.append('Tag', 'x')
    lines.append('Tag', 'y')
    const before = Date.now()
    await js.publish(`${name}.a.b`, '{"id":1}', { headers: lines })
    await js.publish(`${name}.c`, '{"id":2}')
    await define(
      name,
      {},
      `id BIGINT, subject STRING METADATA, seq BIGINT METADATA FROM 'sequence',
       ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', headers MAP<STRING, STRING> METADATA`,
    )
    const rows = await server.rows(`SELECT id, subject, seq, headers['Trace'] AS trace,
      headers['Tag'] AS tag, ts FROM ${name}`)
    expect(rows.map((row) => row.slice(0, 5))).toEqual([
      [1, `${name}.a.b`, 1, 'abc', 'x, y'],
      [2, `${name}.c`, 2, null, null],
    ])
    for (const [, , , , , ts] of rows) {
      expect(Math.abs(Date.parse(String(ts)) - before)).toBeLessThan(60_000)
    }
  })

  it('reads only the subjects that it is told to, also when others come last', async () => {
    const name = await stream()
    await broker.publish(`${name}.a.x`, ids(1, 2))
    await broker.publish(`${name}.b.x`, ids(3))
    await broker.publish(`${name}.a.y.z`, ids(4))
    await broker.publish(`${name}.b.x`, ids(5, 6))
    await define(name, { subject: `${name}.a.*` })
    expect(await idsOf(name)).toEqual([1, 2])
    await server.sql(
      createTable(`${name}b`, 'id BIGINT', options({ stream: name, subject: `${name}.a.>` })),
    )
    expect(await idsOf(`${name}b`)).toEqual([1, 2, 4])
    await server.sql(
      createTable(`${name}n`, 'id BIGINT', options({ stream: name, subject: `${name}.c` })),
    )
    expect(await idsOf(`${name}n`)).toEqual([])
  })

  it('begins at a sequence number or at a time, and ends where it is told to', async () => {
    const name = await stream()
    await broker.publish(`${name}.a`, ids(1, 2, 3))
    await new Promise((resolve) => setTimeout(resolve, 5))
    const atMs = Date.now()
    await new Promise((resolve) => setTimeout(resolve, 5))
    await broker.publish(`${name}.a`, ids(4, 5))
    await define(name, {
      'scan.startup.mode': 'specific-offset',
      'scan.startup.specific-offset': '3',
    })
    expect(await idsOf(name)).toEqual([3, 4, 5])
    const time = { 'scan.startup.mode': 'timestamp', 'scan.startup.timestamp-millis': `${atMs}` }
    await server.sql(createTable(`${name}t`, 'id BIGINT', options({ stream: name, ...time })))
    expect(await idsOf(`${name}t`)).toEqual([4, 5])
    const later = { ...time, 'scan.startup.timestamp-millis': `${atMs + 3_600_000}` }
    await server.sql(createTable(`${name}l`, 'id BIGINT', options({ stream: name, ...later })))
    expect(await idsOf(`${name}l`)).toEqual([])
    const bounded = { stream: name, 'scan.bounded.mode': 'latest-offset' }
    await server.sql(createTable(`${name}e`, 'id BIGINT', options(bounded)))
    await server.post('/v1/queries', { name: `${name}q`, sql: `SELECT id FROM ${name}e` })
    await expect
      .poll(async () => (await server.get(`/v1/queries/${name}q`)).json.state)
      .toBe('ended')
  })

  it('fails when messages were dropped before they were read', async () => {
    const name = await stream()
    await broker.publish(`${name}.a`, ids(1, 2, 3))
    await define(name)
    await server.sql(`CREATE MATERIALIZED VIEW ${name}v AS SELECT COUNT(*) AS n FROM ${name}`)
    await server.eventually(`SELECT n FROM ${name}v`, [[3]])
    await server.running.close()
    await broker.publish(`${name}.a`, ids(4, 5, 6))
    await (await broker.streams()).streams.purge(name, { seq: 6 })
    await server.open()
    await expect
      .poll(async () => (await server.get(`/v1/queries/${name}v`)).text)
      .toContain('"code":"GONE"')
    expect((await server.get(`/v1/queries/${name}v`)).text).toContain('begins at 6')
  }, 20_000)

  it('does not read a work queue as if it could be read again', async () => {
    const name = await stream({ retention: 'workqueue' })
    await define(name)
    await expect(idsOf(name)).rejects.toThrow("'mode' = 'queue'")
  })

  it('takes the messages of a work queue, also when it is made again and counts from 1', async () => {
    const name = await stream({ retention: 'workqueue' })
    await define(name, { mode: 'queue', 'consumer.ack-wait': '1 s' })
    await broker.publish(`${name}.a`, ids(1, 2))
    await server.eventually(`SELECT id FROM ${name} ORDER BY id`, [[1], [2]])
    const { streams } = await broker.streams()
    await streams.delete(name)
    await streams.add({ name, subjects: [`${name}.>`], retention: 'workqueue' })
    await broker.publish(`${name}.a`, ids(3, 4))
    await server.eventually(`SELECT id FROM ${name} ORDER BY id`, [[1], [2], [3], [4]])
    await expect
      .poll(async () => (await streams.info(name)).state.messages, { timeout: 5000 })
      .toBe(0)
  }, 40_000)

  it('says what it waits for: a stream that is not there', async () => {
    await define('nowhere')
    await expect(idsOf('nowhere')).rejects.toThrow(/CONNECTOR_FAILED/)
    await server.sql('CREATE MATERIALIZED VIEW nowhere_v AS SELECT COUNT(*) AS n FROM nowhere')
    const state = async () => (await server.get('/v1/queries/nowhere_v')).json.state
    await expect.poll(state).toBe('retrying')
    await (await broker.streams()).streams.add({ name: 'nowhere', subjects: ['nowhere.>'] })
    await broker.publish('nowhere.a', ids(1))
    await server.eventually('SELECT n FROM nowhere_v', [[1]])
  }, 20_000)

  it('takes the subject from a column, and refuses what is none', async () => {
    const name = await stream()
    await server.sql(
      createTable(`${name}out`, 'id BIGINT, place STRING', {
        ...options({ 'sink.subject.column': 'place', 'sink.subject': `${name}.rest` }),
      }),
    )
    await server.sql(`CREATE TABLE ${name}in (id BIGINT, place STRING)`)
    await server.sql(`INSERT INTO ${name}out SELECT id, place FROM ${name}in`)
    await server.sql(`INSERT INTO ${name}in VALUES (1, '${name}.x'), (2, NULL)`)
    const subjects = async () => {
      const found: [string, unknown][] = []
      const manager = await broker.streams()
      const { state } = await manager.streams.info(name)
      for (let seq = 1; seq <= state.messages; seq++) {
        const message = await manager.streams.getMessage(name, { seq })
        found.push([message!.subject, message!.json<{ id: number }>().id])
      }
      return found
    }
    await expect.poll(subjects).toEqual([
      [`${name}.x`, 1],
      [`${name}.rest`, 2],
    ])
  })

  it('a sole writer does not go on when somebody else has written', async () => {
    const name = await stream()
    await server.sql(
      createTable(
        `${name}out`,
        'id BIGINT',
        options({ 'sink.subject': `${name}.a`, 'sink.exclusive': 'true' }),
      ),
    )
    await server.sql(`CREATE TABLE ${name}in (id BIGINT)`)
    await server.sql(`INSERT INTO ${name}out SELECT id FROM ${name}in`)
    await server.sql(`INSERT INTO ${name}in VALUES (1)`)
    await expect.poll(() => broker.read(name)).toHaveLength(1)
    await broker.publish(`${name}.b`, ids(99))
    await server.sql(`INSERT INTO ${name}in VALUES (2)`)
    const queries = async () => (await server.get('/v1/queries')).text
    await expect.poll(queries).toContain('Somebody else has written')
    expect(await broker.read(name)).toHaveLength(2)
  }, 20_000)

  it('DESCRIBE says where a table is and what that promises', async () => {
    const name = await stream()
    await define(name, { 'sink.subject': `${name}.a` })
    expect((await server.rows(`DESCRIBE ${name}`)).map((row) => row.slice(0, 2))).toEqual([
      ['id', 'BIGINT'],
      ['# connector', 'nats'],
      ['# read', 'exactly-once, by offset'],
      ['# written', 'exactly-once'],
    ])
  })
})

describeWith('nats with a login', natsMissing, () => {
  let server: TestServer

  beforeAll(async () => {
    server = await TestServer.start()
  })
  afterAll(() => server?.stop())

  /** Reads a message over a connection with these options. */
  async function works(broker: NatsBroker, more: TableOptions, url = broker.url): Promise<unknown> {
    const table = { connector: 'nats', url, stream: 's', ...more }
    await server.sql('DROP TABLE IF EXISTS s')
    await server.sql(createTable('s', 'id BIGINT', table))
    return server.rows('SELECT id FROM s').catch((error) => String(error))
  }

  const NKEY = {
    seed: 'SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY',
    user: 'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4',
  }

  it.each([
    ['user and password', 'authorization { user: u, password: p }', { user: 'u', password: 'p' }],
    ['a token', 'authorization { token: t }', { token: 't' }],
    ['an nkey', `authorization { users: [ { nkey: ${NKEY.user} } ] }`, { 'nkey-seed': NKEY.seed }],
  ])(
    '%s',
    async (_, settings, login) => {
      const broker = await NatsBroker.start(settings, login as Record<string, string>)
      try {
        await (await broker.streams()).streams.add({ name: 's', subjects: ['s.>'] })
        await broker.publish('s.a', ids(7))
        expect(await works(broker, login)).toEqual([[7]])
        const refusal = String(await works(broker, {}))
        expect(refusal).toMatch(/Authorization Violation.*CONNECTOR_FAILED/)
      } finally {
        await broker.close()
      }
    },
    30_000,
  )

  trustsOnlyItsAuthority(async ({ ca, cert, key }) => {
    const settings = `tls { cert_file: "${cert}", key_file: "${key}" }`
    const broker = await NatsBroker.start(settings, {}, ca)
    await (await broker.streams()).streams.add({ name: 's', subjects: ['s.>'] })
    await broker.publish('s.a', ids(7))
    return {
      works: (more) => works(broker, more),
      close: () => broker.close(),
    }
  })
})
