/** Debezium's events over POST: into tables with a key and into streams of changes. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestServer } from './test-server.ts'

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({ durability: 'sync' })
  await server.sql(`
    CREATE TABLE users (id BIGINT PRIMARY KEY NOT ENFORCED, name STRING NOT NULL)
      WITH ('format' = 'debezium-json', 'splits' = '3');
    CREATE TABLE wrapped (id BIGINT PRIMARY KEY NOT ENFORCED, name STRING)
      WITH ('format' = 'debezium-json', 'debezium-json.schema-include' = 'true');
    CREATE TABLE plainly_keyed (id BIGINT PRIMARY KEY NOT ENFORCED, name STRING);
    CREATE TABLE moves (who STRING NOT NULL, amount INT) WITH ('format' = 'debezium-json');
    CREATE TABLE plain (a INT);
    CREATE MATERIALIZED VIEW balances AS SELECT who, SUM(amount) AS amount FROM moves GROUP BY who`)
})

afterAll(() => server.stop())

const records = (stream: string, body: unknown, query = '', headers = {}) =>
  server.post(`/v1/streams/${stream}/records${query}`, body, headers)

/** How many rows came or went. */
const count = async (...args: Parameters<typeof records>): Promise<unknown> =>
  ((await records(...args)).json as { count?: unknown }).count

test('with a key the new row takes the place of the old one', async () => {
  const created = [1, 2, 3].map((id) => ({ op: 'c', before: null, after: { id, name: 'new' } }))
  expect(await count('users', created)).toBe(3)
  const changes = [
    { op: 'u', before: null, after: { id: 1, name: 'ann' }, source: { db: 'shop' }, ts_ms: 1 },
    { op: 'u', before: { id: 2 }, after: { id: 22, name: 'moved' } },
    { op: 'd', before: { id: 3 }, after: null },
  ]
  expect((await records('users', changes)).status).toBe(200)
  const lines = `${JSON.stringify({ op: 'r', after: { id: 4, name: 'dan' } })}\n\n`
  const ndjson = { 'content-type': 'application/x-ndjson' }
  expect(await count('users', lines, '', ndjson)).toBe(1)
  expect(await server.rows('SELECT * FROM users ORDER BY id')).toEqual([
    [1, 'ann'],
    [4, 'dan'],
    [22, 'moved'],
  ])
})

test('events may be wrapped with their schema', async () => {
  const event = { schema: { type: 'struct' }, payload: { op: 'c', after: { id: 1, name: 'a' } } }
  expect((await records('wrapped', event)).status).toBe(200)
  expect(await server.rows('SELECT * FROM wrapped')).toEqual([[1, 'a']])
})

test('?format= brings events to any table that takes changes', async () => {
  const event = { op: 'c', after: { id: 1, name: 'a' } }
  expect((await records('plainly_keyed', event, '?format=debezium-json')).status).toBe(200)
  expect(await server.rows('SELECT * FROM plainly_keyed')).toEqual([[1, 'a']])
  const reply = await records('plain', { op: 'c', after: { a: 1 } }, '?format=debezium-json')
  expect([reply.status, reply.json.code]).toEqual([400, 'UNSUPPORTED'])
})

test('without a key both halves of an update count', async () => {
  const row = (amount: number) => ({ who: 'ann', amount })
  const changes = [
    { op: 'c', after: row(5) },
    { op: 'c', after: row(7) },
    { op: 'u', before: row(5), after: row(6) },
    { op: 'd', before: row(7) },
  ]
  expect(await count('moves', changes)).toBe(5)
  await server.eventually('SELECT * FROM balances', [['ann', 6]])
})

test('a request is whole or refused, with the event that does not fit', async () => {
  const good = { op: 'c', after: { who: 'bob', amount: 1 } }
  const refused: [string, unknown, RegExp][] = [
    ['moves', [good, { op: 'u', after: { who: 'bob', amount: 2 } }], /Record 1.*"before" is null/],
    ['moves', [good, { op: 'c', after: { who: 'bob', amount: 'x' } }], /Record 1, column amount/],
    ['moves', [good, { op: 't' }], /Record 1.*"t"/],
    ['users', [good, { op: 't' }], /Record 0/],
    ['users', [{ op: 't' }], /Record 0: "op" is "t"/],
    ['users', [1], /Record 0/],
    ['users', '[{', /Record 0.*not JSON/],
    ['users', '[[', /Record 0.*not JSON/],
  ]
  for (const [stream, body, reason] of refused) {
    const reply = await records(stream, body)
    expect([reply.status, reply.json.code]).toEqual([422, 'BAD_RECORD'])
    expect(reply.json.detail).toMatch(reason)
  }
  expect(await server.rows(`SELECT * FROM moves WHERE who = 'bob'`)).toEqual([])
})

test('what an event says beside its rows is not kept, and cannot be asked for', async () => {
  await expect(
    server.sql(`CREATE TABLE wrong (a INT, t STRING METADATA FROM 'value.source.table')
      WITH ('format' = 'debezium-json')`),
  ).rejects.toThrow(/no metadata/)
})
