/** Every file of `examples/` runs on a new server, whether what it connects to is there or not, and
 *  does what it says where it is. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NatsBroker, natsMissing } from '../brokers/nats.ts'
import { PostgresBroker, postgresMissing } from '../brokers/postgres.ts'
import { describeWith } from '../brokers/program.ts'
import { RedisBroker, redisMissing } from '../brokers/redis.ts'
import { TestServer } from '../server/test-server.ts'
import { EXAMPLES, exampleText, withExamples } from './with-examples.ts'

/** These run below. */
const TRIED = ['webhook.sql', 'http.sql', 'log.sql', 'filesystem.sql', 'duckdb.sql']
const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.sql') && !TRIED.includes(name))

test.each(files)('%s', async (name) => {
  const server = await TestServer.start()
  try {
    const sql = exampleText(name, server)
    const { status, text } = await server.post('/v1/sql', { sql })
    expect(text).not.toContain('"code"')
    expect(status).toBe(200)
  } finally {
    await server.stop()
  }
})

test('webhook.sql and http.sql do what they say', async () => {
  const server = await TestServer.start()
  try {
    const { port } = new URL(server.url)
    for (const name of ['webhook.sql', 'http.sql']) {
      const sql = readFileSync(join(EXAMPLES, name), 'utf8').replaceAll(
        '127.0.0.1:7070',
        `127.0.0.1:${port}`,
      )
      expect((await server.post('/v1/sql', { sql: sql.replace("'5 s'", "'20 ms'") })).status).toBe(
        200,
      )
    }
    await server.post('/v1/webhooks/devices/level', { device: 'd1', level: 3 })
    expect((await server.post('/v1/webhooks/github/push', {})).status).toBe(401)
    await server.eventually('SELECT device, level FROM levels', [['d1', 3]])
    await server.post('/v1/streams/names/records', [{ id: 1, name: 'a' }])
    await server.eventually('SELECT name, n FROM polled_counts', [['a', 1]])
    await server.eventually('SELECT COUNT(*) > 0 FROM count_changes', [[true]])
  } finally {
    await server.stop()
  }
})

test('log.sql, filesystem.sql and duckdb.sql do what they say', async () => {
  await withExamples(['log.sql'], {}, async (server) => {
    const ts = '2026-05-06T07:08:09Z'
    const order = { id: 1, customer: 'ada', amount: 120.5, ts }
    await server.post('/v1/streams/orders/records', order)
    await server.eventually('SELECT city, orders, amount FROM revenue', [['London', 1, 120.5]])
    await server.eventually('SELECT id FROM large_orders', [[1]])
  })
  await withExamples(['filesystem.sql'], { "'5 s'": `'100 ms'` }, async (server) => {
    const countries = `SELECT inhabitants FROM countries WHERE country = 'NL'`
    await server.eventually(countries, [[562_839]])
    const folder = join(server.folder, 'out/orders')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, '2026-05-06.ndjson'), '{"city": "Bern", "amount": 12.5}\n')
    const written = () =>
      readdirSync(join(server.folder, 'out/large-orders'))
        .filter((name) => name.startsWith('part-'))
        .map((name) => readFileSync(join(server.folder, 'out/large-orders', name), 'utf8'))
    await expect.poll(written, { timeout: 10_000 }).toEqual(['{"city":"Bern","amount":12.5}\n'])
    await server.eventually('SELECT * FROM orders_by_city', [['Bern', 12.5]], 15_000)
    expect(readdirSync(join(server.folder, 'out/orders-by-city'))).toContain('city=Bern')
  })
  await withExamples(['duckdb.sql'], {}, async (server) => {
    await server.post('/v1/streams/orders/records', { id: 1, city: 'Bern' })
    await server.eventually('SELECT country, orders FROM orders_by_country', [['CH', 1]])
  })
})

describeWith('nats.sql', natsMissing, () => {
  test('does what it says', async () => {
    const broker = await NatsBroker.start()
    try {
      const { streams } = await broker.streams()
      await streams.add({ name: 'readings', subjects: ['readings.>'] })
      await streams.add({ name: 'averages', subjects: ['averages'] })
      await streams.add({ name: 'jobs', subjects: ['jobs.>'], retention: 'workqueue' })
      await withExamples(['nats.sql'], { 'nats://localhost:4222': broker.url }, async (server) => {
        const reading = (value: number, time: string) =>
          JSON.stringify({ sensor: 't1', value, ts: `2026-05-06T07:${time}Z` })
        await broker.publish('readings.hall.t1', [reading(20, '08:09'), reading(22, '08:10')])
        await broker.publish('readings.hall', ['not for us'])
        await broker.publish('readings.hall.t1', [reading(0, '10:00')])
        await broker.publish('jobs.print', ['{"id": 1, "file": "a.pdf"}'])
        await server.eventually('SELECT average, readings FROM last_minute', [[21, 2]])
        await server.eventually('SELECT jobs FROM job_count', [[1]])
        await expect.poll(() => broker.read('averages')).toHaveLength(1)
      })
    } finally {
      await broker.close()
    }
  })
})

describeWith('redis.sql', redisMissing, () => {
  test('does what it says', async () => {
    const broker = await RedisBroker.start()
    try {
      const address = { 'redis://localhost:6379': broker.url }
      await withExamples(['redis.sql'], address, async (server) => {
        const pay = (id: string, customer: string, amount: string) =>
          broker.run(['XADD', 'payments', '*', 'id', id, 'customer', customer, 'amount', amount])
        await pay('1', 'ada', '12.50')
        await pay('2', 'ada', '1000')
        const fields = async () => (await broker.run(['HGETALL', 'customer:ada']))[0]
        const wanted = ['customer', 'ada', 'payments', '2', 'total', '1012.50']
        await expect.poll(fields, { timeout: 5000 }).toEqual(wanted)
        await expect.poll(async () => (await broker.run(['XLEN', 'alarms']))[0]).toBe(1)
        const connected = async () => (await server.get('/v1/streams/clicks')).text
        await expect.poll(connected).toContain('"state":"connected"')
        await broker.run(['PUBLISH', 'clicks', '{"page": "/home"}'])
        await server.eventually('SELECT page, clicks FROM pages', [['/home', 1]])
      })
    } finally {
      await broker.close()
    }
  })
})

describeWith('jdbc.sql and postgres-cdc.sql', postgresMissing, () => {
  test('do what they say', async () => {
    const broker = await PostgresBroker.start(['wal_level = logical'])
    try {
      await broker.run(
        'CREATE TABLE customers (id int PRIMARY KEY, city text)',
        'CREATE TABLE city_totals (city text PRIMARY KEY, orders bigint, amount numeric(38, 2))',
        `INSERT INTO customers VALUES (1, 'Bern')`,
        'CREATE TABLE products (id int PRIMARY KEY, name text, price numeric(10, 2))',
        `INSERT INTO products VALUES (1, 'lamp', 30), (2, 'desk', 250)`,
      )
      const { port } = new URL(broker.url)
      const url = { 'localhost:5432/shop': `localhost:${port}/postgres` }
      const parts = {
        "'port' = '5432'": `'port' = '${port}'`,
        "'database-name' = 'shop'": `'database-name' = 'postgres'`,
      }
      await withExamples(['jdbc.sql'], url, async (server) => {
        const order = { id: 1, customer: 1, amount: 12.5 }
        await server.post('/v1/streams/orders/records', order)
        const totals = () => broker.query('SELECT city, orders::int, amount FROM city_totals')
        await expect.poll(totals, { timeout: 10_000 }).toEqual([['Bern', 1, '12.50']])
      })
      await withExamples(['postgres-cdc.sql'], parts, async (server) => {
        const levels = 'SELECT level, products, highest FROM price_levels ORDER BY level'
        await server.eventually(levels, [
          ['high', 1, '250.00'],
          ['low', 1, '30.00'],
        ])
        await broker.run('UPDATE products SET price = price + 100 WHERE id = 1')
        await broker.run('DELETE FROM products WHERE id = 2')
        await server.eventually(levels, [['high', 1, '130.00']])
      })
    } finally {
      await broker.close()
    }
  })
})
