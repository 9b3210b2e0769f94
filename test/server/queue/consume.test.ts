/** The embedded queue as its users see it: producing with headers and priority, reading by offset,
 *  consumer groups with acknowledgement, redelivery, order and dead letters. */

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestServer } from '../test-server.ts'

interface QueueRecord {
  readonly receipt: string
  readonly deliveries: number
  readonly split: number
  readonly offset: number
  readonly timestamp: string
  readonly key: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly priority: number
  readonly op?: string
  readonly value: { readonly n: number }
}

let server: TestServer
let made = 0

beforeAll(async () => {
  server = await TestServer.start()
})

afterAll(() => server.stop())

/** A stream of its own for a test. */
async function stream(options = '', columns = 'n INT'): Promise<string> {
  const name = `s${made++}`
  await server.sql(`CREATE TABLE ${name} (${columns}) ${options === '' ? '' : `WITH (${options})`}`)
  return name
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ n: from + i }))

async function produce(name: string, body: unknown, query = '', headers = {}) {
  const reply = await server.post(`/v1/streams/${name}/records${query}`, body, headers)
  expect(reply.status, reply.text).toBe(200)
}

async function consume(name: string, query: string): Promise<QueueRecord[]> {
  const reply = await server.get(`/v1/streams/${name}/consume?${query}`)
  expect(reply.status, reply.text).toBe(200)
  return (reply.json as unknown as { records: QueueRecord[] }).records
}

async function settle(name: string, how: 'ack' | 'nack' | 'extend', body: object) {
  const reply = await server.post(`/v1/streams/${name}/${how}`, body)
  expect(reply.status, reply.text).toBe(200)
  return reply.json as unknown as { done: number; stale: string[] }
}

const ns = (records: readonly QueueRecord[]) => records.map(({ value }) => value.n)
const receiptsOf = (records: readonly QueueRecord[]) => records.map(({ receipt }) => receipt)

test('what a producer says of a record comes back, and is metadata in SQL', async () => {
  const name = await stream(
    '',
    `n INT, at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', k STRING METADATA FROM 'key',
     headers MAP<STRING, STRING> METADATA, priority INT METADATA,
     o BIGINT NOT NULL METADATA FROM 'offset' VIRTUAL, split INT METADATA VIRTUAL`,
  )
  const said = { 'millrace-key': 'a', 'millrace-priority': '3', 'millrace-header-trace': 'x1' }
  await produce(name, [{ n: 1 }, { n: 2 }], '', said)
  const timestamp = '2001-02-03T04:05:06.789Z'
  await produce(
    name,
    [
      { value: { n: 3 }, headers: { a: '1', b: 'zwei' }, timestamp },
      { value: { n: 4 }, key: 'b' },
    ],
    '?format=envelope',
  )
  await produce(name, { n: 5 })
  await server.sql(`INSERT INTO ${name} (n, k, priority) VALUES (6, 'c', 9), (7, NULL, NULL)`)
  const { json } = await server.get(`/v1/streams/${name}/records`)
  const { records, next } = json as unknown as { records: QueueRecord[]; next: string }
  expect(next).toBe('0:7')
  const brief = records.map((r) => [r.offset, r.value.n, r.key, r.priority, r.headers])
  expect(brief).toEqual([
    [0, 1, 'a', 3, { trace: 'x1' }],
    [1, 2, 'a', 3, { trace: 'x1' }],
    [2, 3, null, 0, { a: '1', b: 'zwei' }],
    [3, 4, 'b', 0, {}],
    [4, 5, null, 0, {}],
    [5, 6, 'c', 9, {}],
    [6, 7, null, 0, {}],
  ])
  expect(records[2].timestamp).toBe(timestamp)
  const rows = await server.rows(
    `SELECT n, k, priority, o, split, headers['b'] AS b, CARDINALITY(headers) AS c FROM ${name} ORDER BY n`,
  )
  expect(rows).toEqual([
    [1, 'a', 3, 0, 0, null, 1],
    [2, 'a', 3, 1, 0, null, 1],
    [3, null, 0, 2, 0, 'zwei', 2],
    [4, 'b', 0, 3, 0, null, 0],
    [5, null, 0, 4, 0, null, 0],
    [6, 'c', 9, 5, 0, null, 0],
    [7, null, 0, 6, 0, null, 0],
  ])
  expect(await server.rows(`SELECT at FROM ${name} WHERE n = 3`)).toEqual([[timestamp]])
  expect((await server.rows(`SELECT COUNT(at) FROM ${name}`))[0]).toEqual([7])
})

test('bad envelopes are refused whole', async () => {
  const name = await stream()
  const send = (body: unknown, query = '?format=envelope', headers = {}) =>
    server.post(`/v1/streams/${name}/records${query}`, body, headers)
  const good = { value: { n: 1 } }
  expect((await send([good, { n: 1 }])).json).toMatchObject({ code: 'BAD_RECORD', status: 422 })
  expect((await send([good, { ...good, prio: 1 }])).json.detail).toMatch(/no "prio"/)
  expect((await send([good, { ...good, priority: 256 }])).json.detail).toMatch(/0 to 255/)
  expect((await send([good, { ...good, headers: ['a'] }])).status).toBe(422)
  expect((await send(good, '', { 'millrace-priority': 'high' })).status).toBe(400)
  expect((await send(good, '', { 'millrace-prio': '1' })).json.detail).toMatch(/millrace-prio/)
  expect((await server.get(`/v1/streams/${name}`)).json).toMatchObject({ rows: 0 })
})

test('reading by offset, split, time and where the last answer ended', async () => {
  const name = await stream(`'splits' = '2'`)
  for (let i = 0; i < 6; i += 2) await produce(name, numbers(i, i + 2), `?split=${(i / 2) % 2}`)
  const read = async (query: string) => {
    const reply = await server.get(`/v1/streams/${name}/records?${query}`)
    if (reply.status !== 200) return reply.json.code
    const { records, next } = reply.json as unknown as { records: QueueRecord[]; next: string }
    return [ns(records), next]
  }
  expect(await read('')).toEqual([[0, 1, 4, 5, 2, 3], '0:4,1:2'])
  expect(await read('limit=2')).toEqual([[0, 2], '0:1,1:1'])
  expect(await read('limit=3&from=0:1,1:1')).toEqual([[1, 4, 3], '0:3,1:2'])
  expect(await read('limit=3&from=0:0,1:2')).toEqual([[0, 1, 4], '0:3,1:2'])
  expect(await read('split=0&from=3')).toEqual([[5], '0:4'])
  expect(await read('from=latest')).toEqual([[], '0:4,1:2'])
  expect(await read('from=2000-01-01T00:00:00Z&limit=1')).toEqual([[0], '0:1,1:0'])
  expect(await read('from=2999-01-01')).toEqual([[], '0:4,1:2'])
  expect(await read('from=3')).toBe('INVALID_ARGUMENT')
  expect(await read('split=7')).toBe('INVALID_ARGUMENT')
  expect(await read('from=yesterday')).toBe('INVALID_ARGUMENT')
})

test('each record goes to one consumer of a group and to every group; acked is done', async () => {
  const name = await stream()
  await produce(name, numbers(0, 5))
  const a = await consume(name, 'group=g&limit=2')
  const b = await consume(name, 'group=g&limit=9')
  expect([ns(a), ns(b)]).toEqual([
    [0, 1],
    [2, 3, 4],
  ])
  expect(await consume(name, 'group=g')).toEqual([])
  expect(ns(await consume(name, 'group=other'))).toEqual([0, 1, 2, 3, 4])
  expect(await consume(name, 'group=late&from=latest')).toEqual([])
  const receipts = receiptsOf([...b, ...a])
  expect(await settle(name, 'ack', { group: 'g', receipts })).toEqual({ done: 5, stale: [] })
  expect(await settle(name, 'ack', { group: 'g', receipts })).toEqual({ done: 5, stale: [] })
  const { json } = await server.get(`/v1/streams/${name}/groups`)
  const groups = (json as unknown as { groups: { name: string }[] }).groups
  expect(groups).toMatchObject([
    { name: 'g', backlog: 0, held: 0, splits: [{ split: 0, position: 5, backlog: 0 }] },
    { name: 'late', backlog: 0 },
    { name: 'other', backlog: 5, held: 5 },
  ])
  expect((await server.call('DELETE', `/v1/streams/${name}/groups/other`)).status).toBe(204)
  expect((await server.get(`/v1/streams/${name}/groups/other`)).status).toBe(404)
  expect(ns(await consume(name, 'group=other&limit=1'))).toEqual([0])
})

test('after the visibility timeout a record comes again, before later ones, and counts', async () => {
  const name = await stream()
  await produce(name, numbers(0, 4))
  const [first] = await consume(name, 'group=g&limit=1&visibility=40ms')
  const again = await consume(name, 'group=g&limit=1&wait=5s')
  expect(ns(again)).toEqual([1])
  await new Promise((resolve) => setTimeout(resolve, 60))
  const [redelivered] = await consume(name, 'group=g&limit=1')
  expect(redelivered).toMatchObject({ value: { n: 0 }, deliveries: 2 })
  // Whose time ran out can still say that it is done, but no longer hand it back.
  expect(await settle(name, 'nack', { group: 'g', receipts: [first.receipt] })).toEqual({
    done: 0,
    stale: [first.receipt],
  })
  expect((await settle(name, 'ack', { group: 'g', receipts: [first.receipt] })).done).toBe(1)
  expect(ns(await consume(name, 'group=g&limit=9'))).toEqual([2, 3])
})

test('handing back, with a delay or at once, and keeping for longer', async () => {
  const name = await stream()
  await produce(name, numbers(0, 3))
  const group = 'g'
  const got = await consume(name, 'group=g&limit=3&visibility=10s')
  await settle(name, 'nack', { group, receipts: [got[0].receipt], delay: '60s' })
  await settle(name, 'nack', { group, receipts: [got[2].receipt] })
  const [two] = await consume(name, 'group=g')
  expect(two).toMatchObject({ value: { n: 2 }, deliveries: 2 })
  await settle(name, 'extend', { group, receipts: [two.receipt], visibility: '30ms' })
  const [twice] = await consume(name, 'group=g&wait=5s')
  expect(twice).toMatchObject({ value: { n: 2 }, deliveries: 3 })
  expect(
    (await settle(name, 'extend', { group, receipts: [two.receipt], visibility: '1s' })).done,
  ).toBe(0)
  const status = await server.get(`/v1/streams/${name}/groups/g`)
  expect(status.json).toMatchObject({ backlog: 3, held: 2 })
})

test('a waiting consumer gets what comes, in the order of waiting', async () => {
  const name = await stream()
  await server.call('PUT', `/v1/streams/${name}/groups/g`, {
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
  const one = consume(name, 'group=g&limit=1&wait=10s')
  await untilWaiting(name, 1)
  const two = consume(name, 'group=g&limit=5&wait=10s')
  await untilWaiting(name, 2)
  await produce(name, numbers(0, 3))
  expect(ns(await one)).toEqual([0])
  expect(ns(await two)).toEqual([1, 2])
  expect(await consume(name, 'group=g&wait=1ms')).toEqual([])
  const abort = new AbortController()
  const gone = fetch(`${server.url}/v1/streams/${name}/consume?group=g&wait=10s`, {
    signal: abort.signal,
  }).catch(() => {})
  await untilWaiting(name, 1)
  abort.abort()
  await gone
  await untilWaiting(name, 0)
})

async function untilWaiting(name: string, waiting: number): Promise<void> {
  for (;;) {
    const { json } = await server.get(`/v1/streams/${name}/groups/g`)
    if ((json as unknown as { waiting: number }).waiting === waiting) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('higher priority first, then the order of the split', async () => {
  const name = await stream()
  await produce(name, numbers(0, 3))
  const urgent = (n: number, priority: number) => ({ value: { n }, priority })
  await produce(name, [urgent(10, 5), urgent(11, 9), urgent(12, 5)], '?format=envelope')
  const got = await consume(name, 'group=g&limit=4')
  expect(ns(got)).toEqual([11, 10, 12, 0])
  await settle(name, 'nack', { group: 'g', receipts: receiptsOf(got.slice(1)) })
  expect(ns(await consume(name, 'group=g&limit=9'))).toEqual([10, 12, 0, 1, 2])
})

test('order by split: nothing while an earlier record is out', async () => {
  const name = await stream(`'splits' = '2'`)
  await produce(name, numbers(0, 3), '?split=0')
  await produce(name, numbers(10, 12), '?split=1')
  const query = 'group=g&limit=2&order=split'
  const a = await consume(name, query)
  const b = await consume(name, query)
  expect([ns(a), ns(b)].sort()).toEqual([
    [0, 1],
    [10, 11],
  ])
  expect(await consume(name, query)).toEqual([])
  const [first] = ns(a)[0] === 0 ? a : b
  await settle(name, 'nack', { group: 'g', receipts: [first.receipt], delay: '20ms' })
  expect(await consume(name, query)).toEqual([])
  const rest = ns(a)[0] === 0 ? a : b
  await settle(name, 'ack', { group: 'g', receipts: [rest[1].receipt] })
  const again = await consume(name, `${query}&wait=5s`)
  expect(ns(again)).toEqual([0, 2])
  const clash = await server.get(`/v1/streams/${name}/consume?group=g&order=key`)
  expect(clash.json).toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('order by key: records of other keys go on', async () => {
  const name = await stream()
  const keyed = (n: number, key: string | null) => ({ value: { n }, key })
  const records = [keyed(0, 'a'), keyed(1, 'b'), keyed(2, 'a'), keyed(3, null), keyed(4, 'b')]
  await produce(name, records, '?format=envelope')
  const query = 'group=g&limit=1&order=key'
  const [a] = await consume(name, query)
  const [b] = await consume(name, query)
  expect(ns([a, b])).toEqual([0, 1])
  expect(ns(await consume(name, query))).toEqual([3])
  expect(await consume(name, query)).toEqual([])
  await settle(name, 'ack', { group: 'g', receipts: [b.receipt] })
  expect(ns(await consume(name, query))).toEqual([4])
  await settle(name, 'nack', { group: 'g', receipts: [a.receipt] })
  expect(ns(await consume(name, query))).toEqual([0])
  expect(await consume(name, query)).toEqual([])
})

test('records of one key stay in one split', async () => {
  const name = await stream(`'splits' = '4'`)
  const records = Array.from({ length: 60 }, (_, n) => ({ value: { n }, key: `k${n % 7}` }))
  await produce(name, records, '?format=envelope')
  const { json } = await server.get(`/v1/streams/${name}/records`)
  const found = (json as unknown as { records: QueueRecord[] }).records
  expect(found).toHaveLength(60)
  const splits = Map.groupBy(found, ({ key }) => key)
  for (const [, of] of splits) expect(new Set(of.map(({ split }) => split)).size).toBe(1)
  expect(new Set(found.map(({ split }) => split)).size).toBeGreaterThan(1)
  for (const [, of] of splits) expect(ns(of)).toEqual(ns(of).toSorted((a, b) => a - b))
})

test('after so many deliveries, or when rejected, a record is in "s$undelivered"', async () => {
  const name = await stream()
  const empty = await server.rows(`SELECT * FROM "${name}$undelivered"`)
  expect(empty).toEqual([])
  await produce(name, { value: { n: 1 }, key: 'k', headers: { a: 'b' } }, '?format=envelope')
  await produce(name, numbers(2, 4))
  const query = 'group=g&limit=1&deliveries=2'
  const group = 'g'
  for (let i = 0; i < 2; i++) {
    const [record] = await consume(name, query)
    expect(record.value.n).toBe(1)
    await settle(name, 'nack', { group, receipts: [record.receipt] })
  }
  const [two] = await consume(name, `${query}&wait=5s`)
  expect(two.value.n).toBe(2)
  await settle(name, 'nack', { group, receipts: [two.receipt], requeue: false } as object)
  const letters = `SELECT consumer_group, "offset", key, headers, record, deliveries, reason
    FROM "${name}$undelivered" ORDER BY "offset"`
  const want = [
    ['g', 0, 'k', { a: 'b' }, { n: 1 }, 2, 'too many deliveries'],
    ['g', 1, null, {}, { n: 2 }, 1, 'rejected'],
  ]
  await server.eventually(letters, want)
  expect(ns(await consume(name, query))).toEqual([3])
  await server.restart()
  await server.eventually(letters, want)
  const read = await server.get(`/v1/streams/${name}$undelivered/records`)
  expect((read.json as unknown as { records: unknown[] }).records).toHaveLength(2)
  await server.sql(`DROP TABLE ${name}`)
  expect((await server.get(`/v1/streams/${name}$undelivered/records`)).status).toBe(404)
})

test('groups, what is out and its receipts last over a restart', async () => {
  const name = await stream(`'splits' = '3'`)
  for (let split = 0; split < 3; split++)
    await produce(name, numbers(split * 10, split * 10 + 4), `?split=${split}`)
  const got = await consume(name, 'group=g&limit=7&visibility=60s')
  const done = got.filter((_, i) => i % 2 === 0)
  await settle(name, 'ack', { group: 'g', receipts: receiptsOf(done) })
  await server.restart()
  const fresh = await consume(name, 'group=g&limit=100')
  expect(fresh).toHaveLength(12 - 7)
  const out = got.filter((record) => !done.includes(record))
  expect(await settle(name, 'ack', { group: 'g', receipts: receiptsOf(out) })).toEqual({
    done: 3,
    stale: [],
  })
  const all = [...got, ...fresh]
  expect(ns(all).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23])
  await settle(name, 'ack', { group: 'g', receipts: receiptsOf(fresh) })
  const status = await server.get(`/v1/streams/${name}/groups/g`)
  expect(status.json).toMatchObject({ backlog: 0, held: 0 })
})

test('records of a table with a key say what they do, and stay in the order of the key', async () => {
  const name = await stream(`'splits' = '2'`, 'n INT, v STRING, PRIMARY KEY (n) NOT ENFORCED')
  await produce(name, [
    { n: 1, v: 'a' },
    { n: 2, v: 'b' },
  ])
  await produce(name, [{ op: '-D', row: { n: 1 } }], '?format=changelog-json')
  const { json } = await server.get(`/v1/streams/${name}/records`)
  const { records } = json as unknown as { records: QueueRecord[] }
  expect(records.map(({ op, value }) => [op, value.n]).sort()).toEqual([
    ['+U', 1],
    ['+U', 2],
    ['-D', 1],
  ])
  const query = 'group=g&order=key&limit=1'
  const got = [await consume(name, query), await consume(name, query)].flat()
  expect(ns(got).sort()).toEqual([1, 2])
  expect(await consume(name, query)).toEqual([])
})

test('retention leaves what a group has yet to do, or counts what it took', async () => {
  for (const policy of ['keep', 'drop']) {
    const name = await stream(`'retention.bytes' = '4 kb', 'retention.policy' = '${policy}'`)
    await produce(name, numbers(0, 10))
    const [first] = await consume(name, 'group=g&limit=1')
    for (let i = 0; i < 60; i++) await produce(name, numbers(100, 140))
    const { json } = await server.get(`/v1/streams/${name}/groups/g`)
    const oldest = await server.get(`/v1/streams/${name}/records?limit=1&from=0`)
    if (policy === 'keep') {
      expect(oldest.status).toBe(200)
      expect(json).toMatchObject({ lost: 0, backlog: 2410 })
    } else {
      expect(oldest.json.code).toBe('GONE')
      const got = await consume(name, 'group=g&limit=1')
      expect(ns(got)[0]).toBeGreaterThanOrEqual(100)
      expect((await settle(name, 'ack', { group: 'g', receipts: [first.receipt] })).done).toBe(1)
      const after = await server.get(`/v1/streams/${name}/groups/g`)
      expect((after.json as unknown as { lost: number }).lost).toBeGreaterThan(0)
    }
  }
})

test('a SELECT that is under way keeps what it reads', async () => {
  const name = await stream(`'retention.bytes' = '4 kb'`)
  const firstOf = async () => {
    const { json } = await server.get(`/v1/streams/${name}`)
    return (json as unknown as { splits: { first: number }[] }).splits[0].first
  }
  await produce(name, numbers(0, 1500))
  let isOver = false
  const sql = `SELECT COUNT(*) FROM ${name} AS a, ${name} AS b WHERE a.n + b.n > 1`
  const answer = server.rows(sql).finally(() => {
    isOver = true
  })
  let during = 0
  for (let i = 0; i < 40 && !isOver; i++) {
    await produce(name, numbers(0, 40))
    if (!isOver) during = await firstOf()
  }
  await answer
  expect(during).toBe(0)
  for (let i = 0; i < 60; i++) await produce(name, numbers(0, 40))
  expect(await firstOf()).toBeGreaterThan(0)
})

test('figures follow Little’s law', async () => {
  const name = await stream()
  await server.sql(`CREATE MATERIALIZED VIEW v_${name} AS SELECT n FROM ${name}`)
  await server.get(`/v1/streams/${name}/consume?group=g`)
  for (let i = 0; i < 10; i++) {
    await produce(name, numbers(0, 20))
    const got = await consume(name, 'group=g&limit=10')
    await settle(name, 'ack', { group: 'g', receipts: receiptsOf(got) })
  }
  const { json } = await server.get(`/v1/streams/${name}`)
  const { queue } = json as unknown as {
    queue: { arrivalRate: number; consumers: Record<string, number | string>[] }
  }
  expect(queue.arrivalRate).toBeGreaterThan(0)
  const group = queue.consumers.find(({ consumer }) => consumer === 'group')!
  expect(group).toMatchObject({ name: 'g' })
  const { arrivalRate, backlog, waitSeconds, serviceRate, load, servedRate } = group as Record<
    string,
    number
  >
  expect(backlog).toBeGreaterThan(0)
  expect(backlog).toBeLessThanOrEqual(200)
  expect(arrivalRate * waitSeconds).toBeCloseTo(backlog, 6)
  expect(load).toBeCloseTo(arrivalRate / serviceRate, 6)
  expect(servedRate).toBeCloseTo(arrivalRate / 2, 6)
  const metrics = await server.get('/metrics')
  expect(metrics.text).toContain(
    `millrace_queue_backlog{name="${name}",consumer="group",group="g"}`,
  )
})

test('compressed streams are smaller and read the same', async () => {
  const columns = 'n INT, city STRING'
  const [small, large] = [
    await stream(`'compression' = 'zstd', 'splits' = '2'`, columns),
    await stream(`'splits' = '2'`, columns),
  ]
  const rows = numbers(0, 3000).map(({ n }) => ({ n, city: `city number ${n % 500}` }))
  for (const name of [small, large]) {
    await produce(name, rows, '?split=0', { 'idempotency-key': 'once' })
    await produce(name, rows, '?split=0', { 'idempotency-key': 'once' })
    await produce(name, { n: 3000, city: 'last' }, '?split=1')
  }
  await server.restart()
  for (const name of [small, large]) {
    await produce(name, rows, '?split=0', { 'idempotency-key': 'once' })
    expect(await server.rows(`SELECT COUNT(*), SUM(n), MAX(city) FROM ${name}`)).toEqual([
      [3001, (3000 * 3001) / 2, 'last'],
    ])
    expect(await consume(name, 'group=g&limit=5000')).toHaveLength(3001)
  }
  const bytesOf = async (name: string) => {
    const { id } = (await server.get(`/v1/streams/${name}`)).json
    const path = join(server.folder, 'data', 'streams', id, '0')
    return readdirSync(path).reduce((sum, file) => sum + statSync(join(path, file)).size, 0)
  }
  expect(await bytesOf(small)).toBeLessThan((await bytesOf(large)) / 2)
})

test('errors name what is wrong', async () => {
  const name = await stream()
  const get = (path: string) => server.get(`/v1/streams/${name}${path}`)
  expect((await get('/consume')).json.code).toBe('BAD_REQUEST')
  expect((await get('/consume?group=a%2Fb')).json.code).toBe('INVALID_ARGUMENT')
  expect((await get('/consume?group=g&wait=2h')).json.detail).toMatch(/60000 ms/)
  expect((await get('/consume?group=g&limit=0')).status).toBe(400)
  expect((await server.get('/v1/streams/nothing/consume?group=g')).status).toBe(404)
  const ack = (receipts: string[]) =>
    server.post(`/v1/streams/${name}/ack`, { group: 'g', receipts })
  expect((await ack(['0-0-1'])).json.code).toBe('NOT_FOUND')
  await consume(name, 'group=g')
  expect((await ack(['x'])).json.code).toBe('INVALID_ARGUMENT')
  expect((await ack(['5-0-1'])).json.code).toBe('INVALID_ARGUMENT')
  expect((await ack(['0-7-1'])).json).toEqual({ done: 0, stale: ['0-7-1'] })
})
