/** What webhooks look like when they are sent, and how answers are heeded. */

import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { freePort, sleep } from '../../brokers/program.ts'
import { TestServer } from '../../server/test-server.ts'
import { Receiver } from './receiver.ts'

let server: TestServer
let receiver: Receiver
let n = 0

beforeAll(async () => {
  server = await TestServer.start()
  await server.sql('CREATE TABLE s (id BIGINT NOT NULL, name STRING)')
})
afterAll(() => server.stop())

beforeEach(async () => {
  receiver = new Receiver(await freePort())
  await receiver.open()
  n++
  return () => receiver.kill()
})

/** A job that writes the rows of `s` whose ids are from now on. */
async function job(options: Record<string, string>): Promise<string> {
  const all = { connector: 'webhook', url: `http://127.0.0.1:${receiver.port}/x`, format: 'json' }
  const list = Object.entries({ ...all, ...options }).map(([key, value]) => `'${key}' = '${value}'`)
  await server.sql(`CREATE TABLE w${n} (id BIGINT, name STRING) WITH (${list.join(', ')})`)
  await server.sql(`INSERT INTO w${n} SELECT id, name FROM s WHERE id >= ${n * 100}`)
  return `insert_into_w${n}`
}

const insert = (count: number) =>
  server.post(
    '/v1/streams/s/records',
    Array.from({ length: count }, (_, i) => ({ id: n * 100 + i, name: 'a' })),
  )

const texts = () => (receiver.bodies.get('/x') ?? []).map(({ text }) => text)

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await sleep(5)
  expect(condition()).toBe(true)
}

test('a record a request, with headers and a key of its own', async () => {
  await job({ 'sink.headers': 'Authorization: Bearer abc; X-Team: nine', 'sink.method': 'PUT' })
  await insert(3)
  await until(() => texts().length === 3)
  expect(texts()).toEqual([100, 101, 102].map((id) => `{"id":${id},"name":"a"}`))
  const [first] = receiver.headers
  expect(first).toMatchObject({
    'content-type': 'application/json',
    authorization: 'Bearer abc',
    'x-team': 'nine',
  })
  const keys = receiver.headers.map((headers) => headers['idempotency-key'])
  expect(new Set(keys).size).toBe(3)
})

test('arrays of at most so many records, signed', async () => {
  await job({ body: 'array', 'sink.batch-rows': '2', signature: 'github', 'signature.secret': 'k' })
  await insert(5)
  await until(() => texts().length === 3)
  expect(texts().map((text) => JSON.parse(text).length)).toEqual([2, 2, 1])
  for (const [i, text] of texts().entries()) {
    const signature = `sha256=${createHmac('sha256', 'k').update(text).digest('hex')}`
    expect(receiver.headers[i]['x-hub-signature-256']).toBe(signature)
  }
})

test('several requests at a time bring everything', async () => {
  await job({ 'sink.parallel-requests': '8' })
  await insert(80)
  await until(() => texts().length === 80)
})

test('an answer that it goes wrong now is tried again, and the job says so', async () => {
  const name = await job({})
  receiver.refusals.push(500, 429)
  await insert(2)
  await until(() => texts().length === 2)
  expect(receiver.requests).toBe(4)
  await until(() => receiver.refusals.length === 0)
  expect((await server.get(`/v1/queries/${name}`)).json.state).toBe('running')
})

test('a refusal holds the job up, or is passed over if the table says so', async () => {
  receiver.refusals.push(400, 404, 400)
  await job({ 'sink.skip-refused': 'true' })
  await insert(4)
  await until(() => texts().length === 1)
  expect(texts()).toEqual([`{"id":${n * 100 + 3},"name":"a"}`])
  await receiver.kill()
  receiver = new Receiver(await freePort())
  await receiver.open()
  n++
  receiver.refusals.push(400, 400)
  await job({})
  await insert(1)
  await until(() => texts().length === 1)
  expect(receiver.requests).toBe(3)
})

test('a redirection is told, not followed with an empty request', async () => {
  receiver.refusals.push(301, 302, 307)
  const name = await job({})
  await insert(1)
  const found = async () => (await server.get(`/v1/queries/${name}`)).json
  let { error } = (await found()) as unknown as { error: { hint: string } | null }
  for (let i = 0; i < 1000 && error === null; i++) {
    await sleep(2)
    error = ((await found()) as unknown as { error: { hint: string } | null }).error
  }
  expect(error?.hint).toContain('/elsewhere')
  await until(() => texts().length === 1)
  expect(receiver.bodies.has('/elsewhere')).toBe(false)
})

test('a table that is only received cannot be written', async () => {
  await server.sql(
    `CREATE TABLE r${n} (id BIGINT) WITH ('connector' = 'webhook', 'path' = 'r${n}', 'format' = 'json')`,
  )
  const { json } = await server.post('/v1/sql', { sql: `INSERT INTO r${n} SELECT id FROM s` })
  expect([json.code, json.detail]).toEqual([
    'INVALID_OPTION',
    `The table r${n} cannot be written: it names no address`,
  ])
})
