import { request } from 'node:http'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { tableFromIPC } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestServer } from './test-server.ts'

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({ limits: { bodyBytesMax: 200_000, rowBytesMax: 1000 } })
  await server.sql(`
    CREATE TABLE flights (
      at TIMESTAMP(3), origin STRING NOT NULL, delay INT, fare DECIMAL(10, 2), big BIGINT,
      WATERMARK FOR at AS at - INTERVAL '1' SECOND);
    CREATE TABLE strict (a INT) WITH ('json.unknown-fields' = 'fail');
    CREATE MATERIALIZED VIEW by_origin AS
      SELECT origin, COUNT(*) AS flights, SUM(delay) AS delay FROM flights GROUP BY origin;
    INSERT INTO flights VALUES
      (TIMESTAMP '2001-01-01 00:00:10', 'ATL', 5, 10.50, 9007199254740993),
      (TIMESTAMP '2001-01-01 00:01:00', 'ORD', NULL, NULL, -1)`)
})

afterAll(() => server.stop())

/** What no bad request may change. */
const state = async () => [
  await server.rows('SELECT * FROM flights'),
  await server.rows('SELECT * FROM strict'),
  await server.rows('SHOW TABLES'),
  (await server.get('/v1/streams')).json.streams.map(({ rows }) => rows),
]

describe('a good request', () => {
  it('gets rows as JSON: exact integers as strings, times as ISO-8601', async () => {
    const { json, headers } = await server.post('/v1/sql', { sql: 'SELECT * FROM flights' })
    expect(headers.get('content-type')).toBe('application/json')
    expect(json).toEqual({
      results: [
        {
          kind: 'rows',
          columns: [
            { name: 'at', type: 'TIMESTAMP(3)' },
            { name: 'origin', type: 'STRING' },
            { name: 'delay', type: 'INT' },
            { name: 'fare', type: 'DECIMAL(10, 2)' },
            { name: 'big', type: 'BIGINT' },
          ],
          rows: [
            {
              at: '2001-01-01T00:00:10.000',
              origin: 'ATL',
              delay: 5,
              fare: '10.50',
              big: '9007199254740993',
            },
            { at: '2001-01-01T00:01:00.000', origin: 'ORD', delay: null, fare: null, big: -1 },
          ],
        },
      ],
    })
  })

  it('gets CSV, NDJSON or Arrow if it asks', async () => {
    const body = { sql: 'SELECT origin, delay FROM flights' }
    const csv = await server.post('/v1/sql', body, { accept: 'text/csv' })
    expect(csv.text).toBe('origin,delay\r\nATL,5\r\nORD,\r\n')
    const lines = await server.post('/v1/sql', body, { accept: 'application/x-ndjson' })
    expect(lines.text).toBe('{"origin":"ATL","delay":5}\n{"origin":"ORD","delay":null}\n')
    const response = await fetch(`${server.url}/v1/sql`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        accept: 'application/vnd.apache.arrow.stream',
      },
    })
    const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()))
    expect(table.toArray().map((row) => row.toJSON())).toEqual([
      { origin: 'ATL', delay: 5 },
      { origin: 'ORD', delay: null },
    ])
  })

  it('reads a materialized view with filter, order and limit', async () => {
    await server.eventually('SELECT origin FROM by_origin ORDER BY origin', [['ATL'], ['ORD']])
    const path = '/v1/views/by_origin?order=origin+DESC&limit=1'
    const { json } = await server.get(path)
    expect(json.rows).toEqual([{ origin: 'ORD', flights: 1, delay: null }])
    const filtered = await server.get(
      `/v1/views/by_origin?filter=${encodeURIComponent("origin = 'ATL' -- only")}`,
      { accept: 'text/csv' },
    )
    expect(filtered.text).toBe('origin,flights,delay\r\nATL,1,5\r\n')
  })

  it('validates without running', async () => {
    const before = await state()
    const sql = `CREATE TABLE later (a INT); SELECT a + 1 AS b FROM later`
    const { json } = await server.post('/v1/validate', { sql })
    expect(json).toMatchObject({ valid: true, diagnostics: [] })
    expect(json.statements.map(({ kind }) => kind)).toEqual(['create-table', 'select'])
    expect(json.statements[1].columns).toEqual([{ name: 'b', type: 'INT' }])
    const wrong = await server.post('/v1/validate', { sql: 'SELECT 1;\nSELECT nope FROM flights' })
    expect(wrong.json.valid).toBe(false)
    expect(wrong.json.diagnostics[0]).toMatchObject({
      code: 'UNKNOWN_COLUMN',
      line: 2,
      column: 8,
      length: 4,
    })
    expect(await state()).toEqual(before)
  })

  it('finds probes, metrics, the page and the OpenAPI document', async () => {
    expect((await server.get('/healthz')).status).toBe(200)
    expect((await server.get('/readyz')).json).toEqual({ status: 'ready' })
    const metrics = await server.get('/metrics')
    expect(metrics.text).toMatch(/millrace_query_rows_in\{name="by_origin"\} \d/)
    expect((await server.get('/')).text).toMatch(/Millrace/)
    const { json } = await server.get('/openapi.json')
    expect(json.openapi).toBe('3.1.0')
    expect(Object.keys(json.paths)).toContain('/v1/streams/{name}/records')
  })
})

describe('bad SQL', () => {
  const cases: readonly [string, string, object][] = [
    ['unknown table', 'SELECT 1 FROM nowhere', { code: 'UNKNOWN_TABLE', status: 404, column: 15 }],
    [
      'unknown column',
      'SELECT orgin FROM flights',
      { code: 'UNKNOWN_COLUMN', column: 8, length: 5 },
    ],
    ['unknown function', 'SELECT foo(1)', { code: 'UNKNOWN_FUNCTION', column: 8 }],
    ['type mismatch', "SELECT origin + DATE '2001-01-01' FROM flights", { code: 'TYPE_MISMATCH' }],
    ['unsupported clause', 'SELECT * FROM flights MATCH_RECOGNIZE (x)', { status: 400 }],
    ['syntax error', 'SELECT\n  FROM', { code: 'SYNTAX', line: 2 }],
    ['duplicate table', 'CREATE TABLE flights (a INT)', { code: 'DUPLICATE_NAME', status: 409 }],
    ['dropping what is read', 'DROP TABLE flights', { code: 'IN_USE', status: 409 }],
    ['unknown option', "CREATE TABLE x (a INT) WITH ('nope' = '1')", { code: 'UNKNOWN_OPTION' }],
    ['wrong value', "INSERT INTO flights (origin, delay) VALUES ('A', 'x')", { line: 1 }],
    [
      'NULL in NOT NULL',
      'INSERT INTO flights (origin) VALUES (NULL)',
      { code: 'INVALID_VALUE', status: 422 },
    ],
    [
      'a changing result in a stream',
      'INSERT INTO strict SELECT CAST(COUNT(*) AS INT) FROM flights',
      { code: 'UNSUPPORTED' },
    ],
    [
      'EMIT in a bounded SELECT',
      'SELECT origin FROM flights EMIT CHANGES',
      { code: 'UNSUPPORTED' },
    ],
    ['nesting', `SELECT ${'('.repeat(5000)}1`, { code: 'LIMIT_EXCEEDED' }],
    ['ALTER of options', "ALTER TABLE flights SET ('splits' = '2')", { code: 'UNSUPPORTED' }],
    ['a pause of what does not run', 'ALTER TABLE flights PAUSE', { code: 'UNSUPPORTED' }],
  ]
  it.each(cases)('%s', async (_name, sql, want) => {
    const before = await state()
    const { status, json, headers } = await server.post('/v1/sql', { sql })
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(json).toMatchObject({ status: 400, ...want })
    expect(json.status).toBe(status)
    expect(json.title).toBeTypeOf('string')
    expect(json.detail).toBeTypeOf('string')
    if (json.line !== undefined) expect(json.snippet).toMatch(/\n.*\^/)
    expect(await state()).toEqual(before)
  })

  it('says which statement failed, and keeps what came before', async () => {
    const { json } = await server.post('/v1/sql', {
      sql: 'CREATE TABLE first_one (a INT);\nSELECT b FROM first_one',
    })
    expect(json).toMatchObject({ code: 'UNKNOWN_COLUMN', line: 2, details: { statement: 2 } })
    expect(await server.rows('SHOW TABLES')).toContainEqual(['first_one', 'log', null])
    await server.sql('DROP TABLE first_one')
  })
})

describe('bad records', () => {
  const ndjson = { 'content-type': 'application/x-ndjson' }
  const csv = { 'content-type': 'text/csv' }
  const good = '{"origin":"JFK","delay":1}'
  const cases: readonly [string, string, unknown, Record<string, string>, object][] = [
    ['malformed JSON', 'flights', `[${good}, {"origin": }]`, {}, { code: 'BAD_RECORD' }],
    ['malformed line', 'flights', `${good}\n{"origin":`, ndjson, { details: { index: 1 } }],
    [
      'wrong type',
      'flights',
      `${good}\n{"origin":"A","delay":"late"}`,
      ndjson,
      {
        code: 'BAD_RECORD',
        details: { index: 1, column: 'delay' },
      },
    ],
    [
      'missing NOT NULL',
      'flights',
      [{ delay: 1 }],
      {},
      { details: { index: 0, column: 'origin' } },
    ],
    [
      'out of range',
      'flights',
      [{ origin: 'A', delay: 3e9 }],
      {},
      { details: { column: 'delay' } },
    ],
    ['no object', 'flights', '[1]', {}, { details: { index: 0 } }],
    ['unknown field by policy', 'strict', [{ a: 1, b: 2 }], {}, { details: { column: 'b' } }],
    ['CSV cell', 'flights', 'origin,delay\r\nA,1\r\nB,x\r\n', csv, { details: { index: 1 } }],
    ['too large a row', 'flights', [{ origin: 'x'.repeat(2000) }], {}, { details: { index: 0 } }],
    ['bad UTF-8', 'flights', new Uint8Array([123, 34, 255, 34, 125]), {}, {}],
    [
      'not Arrow',
      'flights',
      'nonsense',
      {
        'content-type': 'application/vnd.apache.arrow.stream',
      },
      {},
    ],
  ]
  it.each(cases)('%s', async (_name, stream, body, headers, want) => {
    const before = await state()
    const reply = await server.post(`/v1/streams/${stream}/records`, body, headers)
    expect(reply.json).toMatchObject({ status: 422, code: 'BAD_RECORD', ...want })
    expect(await state()).toEqual(before)
  })

  it('go nowhere', async () => {
    const path = '/v1/streams/flights/records'
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await server.post(path, good, form)).json.code).toBe('UNSUPPORTED_MEDIA_TYPE')
    expect((await server.post('/v1/streams/nope/records', good)).status).toBe(404)
    expect((await server.post(`${path}?split=7`, good)).json.code).toBe('INVALID_ARGUMENT')
    expect((await server.post(`${path}?splt=7`, good)).json.code).toBe('BAD_REQUEST')
    expect((await server.post('/v1/streams/by_origin/records', good)).status).toBe(404)
  })
})

describe('good records', () => {
  it('come as JSON, NDJSON, CSV and compressed, and are acknowledged with their offsets', async () => {
    await server.sql('CREATE TABLE taken (a INT, b STRING)')
    const path = '/v1/streams/taken/records'
    const one = await server.post(path, { a: 1, b: 'x' })
    expect(one.json).toEqual({ count: 1, offsets: [{ split: 0, first: 0, last: 0 }] })
    const many = await server.post(path, [{ a: 2 }, { b: 'y', extra: true }])
    expect(many.json.offsets).toEqual([{ split: 0, first: 1, last: 2 }])
    await server.post(path, '{"a":3}\n\n{"a":4}\n', { 'content-type': 'application/x-ndjson' })
    await server.post(path, 'b,a\n"q ""r""",5\n', { 'content-type': 'text/csv; header=present' })
    await server.call('POST', path, {
      body: gzipSync('[{"a":6}]'),
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    })
    expect((await server.post(path, [])).json).toEqual({ count: 0, offsets: [] })
    expect(await server.rows('SELECT a, b FROM taken')).toEqual([
      [1, 'x'],
      [2, null],
      [null, 'y'],
      [3, null],
      [4, null],
      [5, 'q "r"'],
      [6, null],
    ])
  })

  it('are stored once per idempotency key, also across a restart', async () => {
    await server.sql("CREATE TABLE once (a INT) WITH ('splits' = '3')")
    const path = '/v1/streams/once/records'
    const key = { 'idempotency-key': 'k-1' }
    const [first, twin] = await Promise.all([
      server.post(path, [{ a: 1 }, { a: 2 }], key),
      server.post(path, [{ a: 1 }, { a: 2 }], key),
    ])
    expect(twin.json).toEqual(first.json)
    await server.restart()
    expect((await server.post(path, [{ a: 1 }, { a: 2 }], key)).json).toEqual(first.json)
    await server.post(path, { a: 3 }, { 'idempotency-key': 'k-2' })
    expect((await server.rows('SELECT a FROM once')).sort()).toEqual([[1], [2], [3]])
  })

  it('are refused after the end', async () => {
    await server.sql('CREATE TABLE over (a INT)')
    await server.post('/v1/streams/over/records', { a: 1 })
    expect((await server.post('/v1/streams/over/end', '')).json).toEqual({ ended: true })
    const { json } = await server.post('/v1/streams/over/records', { a: 2 })
    expect(json).toMatchObject({ code: 'STREAM_ENDED', status: 409 })
    expect((await server.get('/v1/streams/over')).json).toMatchObject({ rows: 1, ended: true })
    await server.restart()
    expect((await server.post('/v1/streams/over/records', { a: 2 })).status).toBe(409)
  })
})

describe('bad HTTP', () => {
  it('malformed JSON is shown with its place', async () => {
    const { json } = await server.post('/v1/sql', '{\n  "sql": nope\n}')
    expect(json).toMatchObject({ code: 'BAD_REQUEST', status: 400, line: 2, column: 10 })
  })

  it('a wrong body is told apart by field', async () => {
    expect((await server.post('/v1/sql', { sql: 1 })).json.detail).toMatch(/'sql'/)
    expect((await server.post('/v1/sql', { sql: 'SELECT 1', x: 1 })).json.code).toBe('BAD_REQUEST')
    expect((await server.post('/v1/sql', '')).status).toBe(400)
    expect((await server.post('/v1/sql', {}, { 'content-type': 'text/plain' })).status).toBe(415)
  })

  it('unknown paths are 404, wrong methods 405, unknown Accept 415', async () => {
    expect((await server.get('/v2/sql')).json.code).toBe('NOT_FOUND')
    const post = await server.post('/v1/queries/x', {})
    expect(post.json.code).toBe('METHOD_NOT_ALLOWED')
    expect(post.headers.get('allow')).toBe('DELETE, GET, PATCH, PUT')
    const xml = await server.post('/v1/sql', { sql: 'SELECT 1' }, { accept: 'text/xml' })
    expect(xml.json.code).toBe('UNSUPPORTED_MEDIA_TYPE')
    const two = await server.post('/v1/sql', { sql: 'SELECT 1; SELECT 2' }, { accept: 'text/csv' })
    expect(two.json.code).toBe('BAD_REQUEST')
  })

  it('too large a body is refused, declared, chunked or compressed', async () => {
    const large = JSON.stringify({ sql: `SELECT '${'x'.repeat(300_000)}'` })
    const declared = await server.post('/v1/sql', large)
    expect(declared.json).toMatchObject({ code: 'BODY_TOO_LARGE', status: 413 })
    expect(await chunked(large)).toMatchObject({ code: 'BODY_TOO_LARGE', status: 413 })
    const bomb = await server.call('POST', '/v1/sql', {
      body: gzipSync(large),
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    })
    expect(bomb.json).toMatchObject({ code: 'BODY_TOO_LARGE', status: 413 })
    expect((await server.get('/healthz')).status).toBe(200)
  })

  it('pages of other sites are kept out', async () => {
    const origin = await server.post('/v1/sql', { sql: 'SELECT 1' }, { origin: 'http://evil.test' })
    expect(origin.json.code).toBe('FORBIDDEN')
    const rebound = await raw(
      'GET /v1/streams HTTP/1.1\r\nhost: evil.test\r\nconnection: close\r\n\r\n',
    )
    expect(rebound).toMatch(/^HTTP\/1.1 403/)
  })

  it('nonsense on the wire harms nobody', async () => {
    await raw('\x00\x01\x02 nonsense\r\n\r\n')
    await raw('POST /v1/sql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nshort', 50)
    expect(await server.rows('SELECT 1 AS one')).toEqual([[1]])
  })

  /** Sends without saying how much will come. */
  function chunked(body: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
      const call = request(
        `${server.url}/v1/sql`,
        { method: 'POST', headers },
        async (response) => {
          let text = ''
          for await (const chunk of response) text += chunk
          resolve(JSON.parse(text))
        },
      )
      call.once('error', reject)
      for (let at = 0; at < body.length; at += 10_000) call.write(body.slice(at, at + 10_000))
      call.end()
    })
  }

  function raw(text: string, closeAfterMs?: number): Promise<string> {
    const { port } = new URL(server.url)
    return new Promise((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text))
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(answer))
      if (closeAfterMs !== undefined) setTimeout(() => socket.destroy(), closeAfterMs)
    })
  }
})

describe('queries', () => {
  it('are created, shown and dropped', async () => {
    const created = await server.post('/v1/queries', {
      name: 'late',
      sql: 'SELECT origin, delay FROM flights WHERE delay > 3',
    })
    expect(created.status).toBe(201)
    expect(created.json).toMatchObject({ name: 'late', kind: 'query', appendOnly: true })
    const unnamed = await server.post('/v1/queries', { sql: 'SELECT origin FROM flights' })
    expect(unnamed.json.name).toBe('query_1')
    const { json } = await server.get('/v1/queries')
    expect(json.queries.map(({ name }) => name)).toEqual(['by_origin', 'late', 'query_1'])
    for (const [action, state] of [
      ['pause', 'paused'],
      ['resume', 'running'],
    ]) {
      expect((await server.post(`/v1/queries/late/${action}`, '')).json.name).toBe('late')
      const now = async () => (await server.get('/v1/queries/late')).json.state
      await expect.poll(now).toBe(state)
    }
    expect((await server.call('DELETE', '/v1/queries/late')).status).toBe(204)
    expect((await server.call('DELETE', '/v1/queries/query_1')).status).toBe(204)
    expect((await server.get('/v1/queries/late')).json.code).toBe('UNKNOWN_QUERY')
    const twice = await server.post('/v1/queries', { name: 'flights', sql: 'SELECT 1 AS a' })
    expect(twice.json.code).toBe('DUPLICATE_NAME')
  })

  it('that would never end fail alone', async () => {
    await server.sql('CREATE TABLE numbers (n INT)')
    await server.post('/v1/queries', { name: 'divides', sql: 'SELECT 10 / n AS x FROM numbers' })
    await server.post('/v1/streams/numbers/records', [{ n: 5 }, { n: 0 }])
    await expect
      .poll(async () => (await server.get('/v1/queries/divides')).json, { timeout: 5000 })
      .toMatchObject({ state: 'failed', error: { code: 'DIVISION_BY_ZERO' } })
    expect((await server.get('/v1/queries/by_origin')).json.state).toBe('running')
    await server.call('DELETE', '/v1/queries/divides')
  })
})

it('a token keeps others out', async () => {
  const guarded = await TestServer.start({ token: 'secret' })
  try {
    const none = await guarded.get('/v1/streams')
    expect(none.status).toBe(401)
    expect(none.headers.get('www-authenticate')).toBe('Bearer')
    const wrong = await guarded.get('/v1/streams', { authorization: 'Bearer wrong' })
    expect(wrong.json.code).toBe('UNAUTHORIZED')
    const right = await guarded.get('/v1/streams', { authorization: 'Bearer secret' })
    expect(right.status).toBe(200)
    expect((await guarded.get('/healthz')).status).toBe(200)
  } finally {
    await guarded.stop()
  }
})
