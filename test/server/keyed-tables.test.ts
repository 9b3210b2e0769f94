/** Tables with a key and streams of changes over HTTP. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestServer } from './test-server.ts'

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({ durability: 'sync' })
  await server.sql(`
    CREATE TABLE users (id BIGINT, name STRING NOT NULL, w AS CHAR_LENGTH(name),
      PRIMARY KEY (id) NOT ENFORCED) WITH ('splits' = '4');
    CREATE TABLE moves (who STRING NOT NULL, amount INT) WITH ('format' = 'changelog-json');
    CREATE TABLE plain (a INT);
    CREATE MATERIALIZED VIEW everyone AS SELECT id, name, w FROM users;
    CREATE MATERIALIZED VIEW names AS SELECT name FROM users;
    CREATE MATERIALIZED VIEW balances AS SELECT who, SUM(amount) AS amount FROM moves GROUP BY who`)
})

afterAll(() => server.stop())

const records = (stream: string, body: unknown, query = '', headers = {}) =>
  server.post(`/v1/streams/${stream}/records${query}`, body, headers)

describe('a keyed table', () => {
  test('a row replaces that of its key; a tombstone needs the key alone', async () => {
    const users = [1, 2, 3, 4, 5, 6].map((id) => ({ id, name: `user ${id}` }))
    const { json } = await records('users', users)
    const offsets = json.offsets as { first: number; last: number }[]
    expect(offsets.reduce((sum, { first, last }) => sum + last - first + 1, 0)).toBe(6)
    expect(offsets.length).toBeGreaterThan(1)
    const changes = [
      { op: '+U', row: { id: 1, name: 'ann' } },
      { op: '-U', row: { id: 2, name: 'user 2' } },
      { op: '+U', row: { id: 2, name: 'bob' } },
      { op: '-D', row: { id: 3 } },
      { op: '-D', row: { id: 77 } },
      { op: '+I', row: { id: 4, name: 'bob' } },
    ]
    expect((await records('users', changes, '?format=changelog-json')).status).toBe(200)
    const lines = '{"op":"-D","row":{"id":5}}\n\n{"op":"-D","row":{"id":6,"name":"x"}}\n'
    const ndjson = { 'content-type': 'application/x-ndjson' }
    expect((await records('users', lines, '?format=changelog-json', ndjson)).status).toBe(200)
    const want = [
      ['1', 'ann', 3],
      ['2', 'bob', 3],
      ['4', 'bob', 3],
    ].map(([id, ...rest]) => [Number(id), ...rest])
    expect(await server.rows('SELECT * FROM users ORDER BY id')).toEqual(want)
    await server.eventually('SELECT * FROM everyone ORDER BY id', want)
    await server.eventually('SELECT * FROM names ORDER BY name', [['ann'], ['bob'], ['bob']])
  })

  test('UPDATE and DELETE reach the views, and all of it lasts', async () => {
    await server.sql(
      `UPDATE users SET name = UPPER(name) WHERE id < 4; DELETE FROM users WHERE id = 4`,
    )
    const want = [
      [1, 'ANN', 3],
      [2, 'BOB', 3],
    ]
    await server.eventually('SELECT * FROM everyone ORDER BY id', want)
    await server.restart()
    await server.eventually('SELECT * FROM everyone ORDER BY id', want)
    expect(await server.rows('SELECT * FROM users ORDER BY id')).toEqual(want)
    await records('users', { id: 2, name: 'eve' })
    await server.eventually('SELECT name FROM names ORDER BY name', [['ANN'], ['eve']])
  })

  test('a retry with the same key stores nothing in any split', async () => {
    const body = [10, 11, 12, 13, 14, 15].map((id) => ({ id, name: 'x' }))
    const first = await records('users', body, '', { 'idempotency-key': 'once' })
    const second = await records('users', body, '', { 'idempotency-key': 'once' })
    expect(second.json.offsets).toEqual(first.json.offsets)
  })

  test('DESCRIBE tells the key', async () => {
    const columns = await server.rows('DESCRIBE users')
    expect(columns[0].slice(0, 4)).toEqual(['id', 'BIGINT', false, 1])
  })

  test('bad changes are refused by their index', async () => {
    const cases: [unknown, RegExp][] = [
      [
        [
          { op: '+I', row: { id: 1, name: 'a' } },
          { op: '+X', row: {} },
        ],
        /Record 1: "op" is/,
      ],
      [[{ op: '+I', row: { id: 1 } }], /Record 0, column name/],
      [[{ op: '-D', row: { name: 'a' } }], /Record 0, column id/],
      [[{ op: '-D' }], /Record 0: the change has no "row"/],
      [[{ op: '-D', row: { id: 1 }, ts: 1 }], /Record 0: a change has "op" and "row", not "ts"/],
      [[3], /Record 0: wanted a change/],
    ]
    for (const [body, reason] of cases) {
      const reply = await records('users', body, '?format=changelog-json')
      expect([reply.status, reply.json.code]).toEqual([422, 'BAD_RECORD'])
      expect(reply.json.detail).toMatch(reason)
    }
  })

  test('the split cannot be chosen, as the key decides', async () => {
    const reply = await records('users', { id: 1, name: 'a' }, '?split=0')
    expect(reply.json.code).toBe('INVALID_ARGUMENT')
  })

  test('a plain stream takes no changes', async () => {
    const reply = await records('plain', { op: '+I', row: { a: 1 } }, '?format=changelog-json')
    expect([reply.status, reply.json.code]).toEqual([400, 'UNSUPPORTED'])
  })
})

describe('a stream of changes', () => {
  test('its rows come and go', async () => {
    const changes = [
      { op: '+I', row: { who: 'ann', amount: 5 } },
      { op: '+I', row: { who: 'bob', amount: 7 } },
      { op: '+I', row: { who: 'bob', amount: 7 } },
      { op: '-D', row: { who: 'bob', amount: 7 } },
      { op: '-U', row: { who: 'ann', amount: 5 } },
      { op: '+U', row: { who: 'ann', amount: 6 } },
    ]
    expect((await records('moves', changes)).status).toBe(200)
    await server.eventually('SELECT * FROM balances ORDER BY who', [
      ['ann', 6],
      ['bob', 7],
    ])
    await server.sql(`DELETE FROM moves WHERE who = 'bob'`)
    await server.eventually('SELECT * FROM balances ORDER BY who', [['ann', 6]])
  })

  test('a row that was never there cannot be taken back: the result says which', async () => {
    await server.sql(`CREATE TABLE wrong (a INT) WITH ('format' = 'changelog-json');
      CREATE MATERIALIZED VIEW of_wrong AS SELECT a FROM wrong`)
    await records('wrong', [{ op: '-D', row: { a: 9 } }])
    const reply = await server.post('/v1/sql', { sql: 'SELECT * FROM wrong' })
    expect([reply.status, reply.json.code]).toEqual([422, 'BAD_RECORD'])
    expect(reply.json.detail).toContain('{"a":9}')
    for (;;) {
      const view = await server.get('/v1/queries/of_wrong')
      if (view.json.state === 'failed') {
        expect(view.text).toContain('BAD_RECORD')
        break
      }
    }
    await server.sql('DROP MATERIALIZED VIEW of_wrong; DROP TABLE wrong')
  })

  test('the results of a query are such a stream', async () => {
    await server.sql(`CREATE TABLE sums (who STRING NOT NULL, amount BIGINT) WITH ('format' = 'changelog-json');
      INSERT INTO sums SELECT who, SUM(amount) FROM moves GROUP BY who;
      CREATE TABLE last_sums (who STRING PRIMARY KEY NOT ENFORCED, amount BIGINT);
      INSERT INTO last_sums SELECT who, SUM(amount) FROM moves GROUP BY who`)
    await records('moves', [{ op: '+I', row: { who: 'ann', amount: 10 } }])
    await server.eventually('SELECT * FROM sums', [['ann', 16]])
    await server.eventually('SELECT * FROM last_sums', [['ann', 16]])
    await server.sql('DELETE FROM moves')
    await server.eventually('SELECT * FROM sums', [])
    await server.eventually('SELECT * FROM last_sums', [])
  })
})

describe('late rows', () => {
  test('are read as "s$late", also after a restart, and go with their table', async () => {
    await server.sql(`CREATE TABLE s (ts TIMESTAMP(3), v INT, WATERMARK FOR ts AS ts);
      CREATE MATERIALIZED VIEW per_minute AS SELECT window_end, COUNT(*) AS n
        FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
      CREATE MATERIALIZED VIEW lost AS SELECT v, query FROM "s$late"`)
    await records('s', [
      { ts: '2024-01-01T00:05:00Z', v: 1 },
      { ts: '2024-01-01T00:01:00Z', v: 2 },
    ])
    await server.eventually('SELECT v, query FROM "s$late"', [[2, 'per_minute']])
    await server.eventually('SELECT * FROM lost', [[2, 'per_minute']])
    await server.restart()
    await server.eventually('SELECT * FROM lost', [[2, 'per_minute']])
    await records('s', { ts: '2024-01-01T00:02:00Z', v: 3 })
    await server.eventually('SELECT v FROM lost ORDER BY v', [[2], [3]])
    const produce = await records('s$late', { v: 1 })
    expect([produce.status, produce.json.code]).toEqual([400, 'UNSUPPORTED'])
    expect((await server.post('/v1/sql', { sql: 'DROP TABLE s' })).json.code).toBe('IN_USE')
    await server.sql('DROP MATERIALIZED VIEW lost; DROP MATERIALIZED VIEW per_minute; DROP TABLE s')
    const gone = await server.post('/v1/sql', { sql: 'SELECT * FROM "s$late"' })
    expect(gone.json.code).toBe('UNKNOWN_TABLE')
  })
})
