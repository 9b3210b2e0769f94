/** What is RabbitMQ's own: properties as metadata, declaring and binding, rejects, routing. */

import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectRabbit } from '../../../connectors/rabbitmq/connect.ts'
import { systemClock } from '../../../engine/base/clock.ts'
import { nodeDisk } from '../../../engine/base/disk.ts'
import { describeWith, sleep } from '../../brokers/program.ts'
import { RabbitBroker, rabbitmqMissing } from '../../brokers/rabbitmq.ts'
import { createTable } from '../../contract/broker.ts'
import { rowOrTrouble, trustsOnlyItsAuthority } from '../../contract/tls.ts'
import { TestServer } from '../../server/test-server.ts'
import { withExamples } from '../with-examples.ts'

describeWith('rabbitmq', rabbitmqMissing, () => {
  let broker: RabbitBroker
  let server: TestServer
  let n = 0
  let queue = ''

  beforeAll(async () => {
    broker = await RabbitBroker.start()
    server = await TestServer.start()
  }, 60_000)
  afterAll(async () => {
    await server?.stop()
    await broker?.close()
  }, 60_000)
  beforeEach(() => {
    queue = `q${++n}`
  })

  async function table(
    name: string,
    options: Record<string, string>,
    columns = 'id BIGINT NOT NULL',
  ): Promise<string> {
    const all = { connector: 'rabbitmq', host: '127.0.0.1', port: String(broker.port) }
    const list = Object.entries({ ...all, format: 'json', ...options })
    const pairs = list.map(([key, value]) => `'${key}' = '${value.replaceAll("'", "''")}'`)
    await server.sql(`CREATE TABLE ${name}${n} (${columns}) WITH (${pairs.join(', ')})`)
    return `${name}${n}`
  }

  const intakeOf = async (name: string) =>
    JSON.parse((await server.get(`/v1/streams/${name}`)).text).intake

  async function until(condition: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < 500; i++) {
      if (await condition()) return
      await sleep(10)
    }
    throw new Error('it never came')
  }

  const METADATA = `id BIGINT, k STRING METADATA FROM 'routing-key', exchange STRING METADATA,
    priority INT METADATA, headers MAP<STRING, STRING> METADATA,
    ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', m STRING METADATA FROM 'message-id',
    c STRING METADATA FROM 'correlation-id', t STRING METADATA FROM 'content-type',
    a STRING METADATA FROM 'app-id', mode INT METADATA FROM 'delivery-mode',
    redelivered BOOLEAN METADATA`
  const SELECT = `id, k, exchange, priority, headers['x'], headers['n'], headers['o'], ts, m, c, t,
    a, mode, redelivered`

  test('properties and headers are metadata, whatever they hold', async () => {
    await broker.queue(queue, 'classic')
    const name = await table('m', { queue }, METADATA)
    await broker.send(queue, ['{"id":1}'], () => ({
      ...{ priority: 7, messageId: 'm-1', correlationId: 'c-1', contentType: 'text/x', appId: 'a' },
      timestamp: 1_700_000_000,
      headers: { x: 'ü', n: 12, o: { a: [1, null] } },
    }))
    await broker.send(queue, ['{"id":2}'], () => ({ timestamp: 1e15, persistent: false }))
    await server.eventually(`SELECT ${SELECT} FROM ${name}`, [
      [
        ...[1, queue, '', 7, 'ü', '12', '{"a":[1,null]}', '2023-11-14T22:13:20.000Z', 'm-1', 'c-1'],
        ...['text/x', 'a', 2, false],
      ],
      [2, queue, '', null, null, null, null, null, null, null, null, null, 1, false],
    ])
  })

  test('a queue is declared and bound if the table says so, and priorities go first', async () => {
    const channel = await broker.channel()
    await table('d', {
      ...{ queue, 'queue.declare': 'true', 'queue.arguments': '{"x-max-priority":5}' },
      ...{ exchange: `x${n}`, 'exchange.declare': 'topic', 'routing-key': 'a.*' },
      'prefetch-count': '1',
    })
    await until(async () => (await intakeOf(`d${n}`)).state === 'connected')
    for (const [key, id] of [
      ['a.b', 1],
      ['b.b', 2],
      ['a.c', 3],
    ] as const) {
      channel.publish(`x${n}`, key, Buffer.from(JSON.stringify({ id })))
    }
    await channel.waitForConfirms()
    await server.eventually(`SELECT id FROM d${n} ORDER BY id`, [[1], [3]])
  })

  test('a queue that is not there is waited for', async () => {
    const name = await table('w', { queue })
    await until(async () => (await intakeOf(name)).state === 'waiting')
    expect((await intakeOf(name)).error.message).toContain('NOT_FOUND')
    await broker.queue(queue, 'classic')
    await broker.send(queue, ['{"id":1}'])
    await server.eventually(`SELECT id FROM ${name}`, [[1]])
  })

  test('who is not let in hears why, and secrets are not told', async () => {
    await broker.queue(queue, 'classic')
    const name = await table('p', { queue, password: 'not-it' })
    await until(async () => (await intakeOf(name)).state === 'waiting')
    const { error } = await intakeOf(name)
    expect(error.code).toBe('CONNECTOR_FAILED')
    expect(error.message).toContain('ACCESS')
    expect(JSON.stringify(error)).not.toContain('not-it')
    await server.sql(`DROP TABLE ${name}`)
  })

  test.each(['classic', 'quorum'])(
    'messages that do not fit go from a %s queue to the dead-letter exchange',
    async (type) => {
      const channel = await broker.channel()
      await channel.assertQueue(`${queue}-dead`, { durable: true })
      await channel.assertQueue(queue, {
        durable: true,
        arguments: {
          'x-queue-type': type,
          'x-dead-letter-exchange': '',
          'x-dead-letter-routing-key': `${queue}-dead`,
        },
      })
      const name = await table('r', { queue, 'queue.type': type, 'reject-bad-records': 'true' })
      await broker.send(queue, ['{"id":1}', '{"id":"x"}', '{"id":2}', 'nonsense', '{"id":3}'])
      await server.eventually(`SELECT id FROM ${name}`, [[1], [2], [3]])
      await until(async () => (await broker.waiting(`${queue}-dead`)) === 2)
      expect(await broker.waiting(queue)).toBe(0)
    },
  )

  test('a dropped table leaves the rest in the queue', async () => {
    await broker.queue(queue, 'classic')
    const name = await table('x', { queue })
    await broker.send(queue, ['{"id":1}'])
    await server.eventually(`SELECT id FROM ${name}`, [[1]])
    await server.sql(`DROP TABLE ${name}`)
    await broker.send(queue, ['{"id":2}', '{"id":3}'])
    await sleep(50)
    expect(await broker.waiting(queue)).toBe(2)
  })

  test('routing keys and priorities come from columns', async () => {
    const channel = await broker.channel()
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-max-priority': 9 } })
    await server.sql(`CREATE TABLE s${n} (id BIGINT, k STRING, p INT)`)
    const target = await table(
      't',
      { exchange: '', 'routing-key.column': 'k', 'priority.column': 'p' },
      'id BIGINT, k STRING, p INT',
    )
    await server.sql(`INSERT INTO ${target} SELECT id, k, p FROM s${n};
      INSERT INTO s${n} VALUES (1, '${queue}', 1), (2, '${queue}', 9), (3, '${queue}', NULL)`)
    await until(async () => (await broker.waiting(queue)) === 3)
    const got = []
    for (let i = 0; i < 3; i++) {
      const message = await channel.get(queue, { noAck: true })
      if (message !== false) got.push([JSON.parse(String(message.content)).id, message.properties])
    }
    expect(got.map(([id]) => id)).toEqual([2, 1, 3])
    expect(got[0][1]).toMatchObject({
      ...{ priority: 9, deliveryMode: 2, contentType: 'application/json', appId: 'millrace' },
      messageId: expect.stringMatching(/^[0-9a-f]{16}-\d+-\d+$/),
    })
  })

  test('METADATA columns that are written become properties and headers', async () => {
    await broker.queue(queue, 'classic')
    const metadata = `id BIGINT, k STRING METADATA FROM 'routing-key', c STRING METADATA FROM 'correlation-id',
      headers MAP<STRING, STRING> METADATA, ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',
      redelivered BOOLEAN METADATA`
    const target = await table('t', { exchange: '' }, metadata)
    const back = await table('u', { queue }, metadata)
    await server.sql(`CREATE TABLE s${n} (id BIGINT, c STRING);
      INSERT INTO ${target} SELECT id, '${queue}', c, MAP['a', c], TO_TIMESTAMP_LTZ(1700000000000, 3) FROM s${n};
      INSERT INTO s${n} VALUES (1, 'x'), (2, NULL)`)
    await server.eventually(`SELECT id, k, c, headers['a'], ts, redelivered FROM ${back}`, [
      [1, queue, 'x', 'x', '2023-11-14T22:13:20.000Z', false],
      [2, queue, null, null, '2023-11-14T22:13:20.000Z', false],
    ])
  })

  test('a message that no queue takes holds the job up until one does', async () => {
    const channel = await broker.channel()
    await server.sql(`CREATE TABLE s${n} (id BIGINT)`)
    const target = await table(
      't',
      { exchange: `x${n}`, 'exchange.declare': 'fanout' },
      'id BIGINT',
    )
    await server.sql(`INSERT INTO ${target} SELECT id FROM s${n}; INSERT INTO s${n} VALUES (1)`)
    const job = async () => JSON.parse((await server.get(`/v1/queries/insert_into_${target}`)).text)
    await until(async () => (await job()).error?.message.includes('reached no queue'))
    await channel.assertQueue(queue, { durable: true })
    await channel.bindQueue(queue, `x${n}`, '')
    await until(async () => (await broker.waiting(queue)) === 1)
    await until(async () => (await job()).error === null)
  })

  test('a message that no queue takes does not repeat the others', async () => {
    await broker.queue(queue, 'classic')
    const channel = await broker.channel()
    await server.sql(`CREATE TABLE s${n} (id BIGINT, k STRING)`)
    const target = await table(
      't',
      { exchange: '', 'routing-key.column': 'k' },
      `id BIGINT, k STRING, m STRING METADATA FROM 'message-id'`,
    )
    // Ids that the table gives itself need not be different.
    await server.sql(`INSERT INTO ${target} SELECT id, k, 'same' FROM s${n};
      INSERT INTO s${n} VALUES (1, '${queue}'), (2, 'later${n}'), (3, '${queue}'), (4, 'later${n}'),
        (5, '${queue}')`)
    const job = async () => JSON.parse((await server.get(`/v1/queries/insert_into_${target}`)).text)
    await until(async () => (await job()).error?.message.includes('2 messages reached no queue'))
    await sleep(1000)
    expect(await broker.waiting(queue)).toBe(3)
    await channel.assertQueue(`later${n}`, { durable: true })
    await until(async () => (await broker.waiting(`later${n}`)) === 2)
    await until(async () => (await job()).error === null)
    expect(await broker.waiting(queue)).toBe(3)
    const ids = []
    for (const from of [queue, queue, queue, `later${n}`, `later${n}`]) {
      const message = await channel.get(from, { noAck: true })
      if (message !== false) ids.push(JSON.parse(String(message.content)).id)
    }
    expect(ids).toEqual([1, 3, 5, 2, 4])
  })

  test('a table that is only read cannot be written', async () => {
    await server.sql(`CREATE TABLE s${n} (id BIGINT)`)
    const name = await table('o', { queue }, 'id BIGINT')
    const { json } = await server.post('/v1/sql', {
      sql: `INSERT INTO ${name} SELECT id FROM s${n}`,
    })
    expect([json.code, json.hint]).toEqual(['INVALID_OPTION', expect.stringContaining('exchange')])
  })

  test('a stream is read from where the table says, and up to its end', async () => {
    await broker.queue(queue, 'stream')
    const texts = (from: number) => [0, 1, 2].map((id) => JSON.stringify({ id: from + id }))
    await broker.send(queue, texts(0))
    // The server looks at whole seconds.
    const pauseMs = 2100 - (Date.now() % 1000)
    await sleep(pauseMs)
    const between = Math.floor(Date.now() / 1000) * 1000
    await broker.send(queue, texts(3))
    let tables = 0
    const stream = (more: Record<string, string>) =>
      table(`t${++tables}_`, { queue, 'queue.type': 'stream', ...more }, 'id BIGINT NOT NULL')
    const at = (offset: number) => ({
      'scan.startup.mode': 'specific-offset',
      'scan.startup.specific-offset': String(offset),
    })
    const read = async (more: Record<string, string>) =>
      (await server.rows(`SELECT id FROM ${await stream(more)}`)).flat()
    expect(await read(at(4))).toEqual([4, 5])
    expect(await read(at(6))).toEqual([])
    const time = { 'scan.startup.mode': 'timestamp' }
    expect(await read({ ...time, 'scan.startup.timestamp-millis': `${between}` })).toEqual([
      3, 4, 5,
    ])
    expect(await read({ 'scan.startup.mode': 'latest-offset' })).toEqual([])
    const bounded = await stream({ 'scan.bounded.mode': 'latest-offset' })
    await server.sql(`CREATE MATERIALIZED VIEW v${n} AS SELECT COUNT(*) AS n FROM ${bounded}`)
    const view = async () => JSON.parse((await server.get(`/v1/queries/v${n}`)).text)
    await until(async () => (await view()).state === 'ended')
    await server.eventually(`SELECT n FROM v${n}`, [[6]])
    const sql = `SELECT id FROM ${await stream(at(7))}`
    const { json } = await server.post('/v1/sql', { sql })
    expect([json.code, json.detail]).toEqual(['GONE', expect.stringContaining('ends at 6')])
  }, 20_000)

  test('a server that falls silent is left', async () => {
    // Between us and the server, so that it can be silent.
    const sockets: Socket[] = []
    const between = createServer((socket) => {
      const onward = connectSocket(broker.port, '127.0.0.1')
      socket.pipe(onward).pipe(socket)
      sockets.push(socket, onward)
    })
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve))
    const { port } = between.address() as AddressInfo
    const options = {
      ...{ host: '127.0.0.1', port: String(port), username: 'guest', password: 'guest' },
      ...{ 'virtual-host': '/', 'connection-timeout': '10000', heartbeat: '20000' },
    }
    const link = await connectRabbit({ disk: nodeDisk, clock: systemClock, options })
    const [socket, onward] = sockets
    socket.unpipe(onward)
    const isLeft = new Promise((resolve) => socket.resume().once('close', resolve))
    await link.close()
    await isLeft
    onward.destroy()
    between.close()
  })

  test('rabbitmq.sql does what it says', async () => {
    const address = `'host' = '127.0.0.1', 'port' = '${broker.port}'`
    const changes = { "'host' = 'localhost'": address }
    await withExamples(['rabbitmq.sql'], changes, async (example) => {
      const connected = async () => (await example.get('/v1/streams/orders')).text
      await expect.poll(connected, { timeout: 10_000 }).toContain('"state":"connected"')
      const channel = await broker.channel()
      await channel.assertExchange('alerts', 'topic')
      await channel.assertQueue(queue)
      await channel.bindQueue(queue, 'alerts', 'alerts.de')
      const order = (id: number, amount: number, time: string) => {
        const text = JSON.stringify({ id, country: 'de', amount, ts: `2026-05-06T07:${time}Z` })
        channel.publish('orders', 'orders.de', Buffer.from(text), { messageId: `m${id}` })
      }
      order(1, 12.5, '08:09')
      order(2, 2000, '08:30')
      order(2, 2000, '08:30')
      order(3, 1, '10:00')
      await channel.waitForConfirms()
      const select = 'SELECT country, orders, amount FROM orders_per_minute'
      await example.eventually(select, [['de', 2, '2012.50']], 20_000)
      await until(async () => (await broker.waiting(queue)) === 1)
    })
  }, 40_000)
})

describeWith('rabbitmq over TLS', rabbitmqMissing, () => {
  trustsOnlyItsAuthority(async (tls) => {
    const broker = await RabbitBroker.start(tls)
    const server = await TestServer.start()
    await broker.queue('q', 'classic')
    let n = 0
    const connection = {
      ...{ connector: 'rabbitmq', host: '127.0.0.1', port: String(broker.securePort), queue: 'q' },
    }
    return {
      async works(more) {
        const table = `t${++n}`
        await broker.send('q', ['{"id":7}'])
        await server.sql(createTable(table, 'id BIGINT', { ...connection, ...more }))
        return rowOrTrouble(server, table)
      },
      async close() {
        await server.stop()
        await broker.close()
      },
    }
  })
})
