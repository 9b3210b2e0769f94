import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EventReader, TestServer } from './test-server.ts'

let server: TestServer
let number = 0

beforeAll(async () => {
  server = await TestServer.start({ heartbeatMs: 60, progressMs: 20 })
})

afterAll(() => server.stop())

/** A stream of its own, with a query that passes its rows and a view that counts them. */
async function setUp(): Promise<{ stream: string; query: string; view: string }> {
  const n = ++number
  const [stream, query, view] = [`s${n}`, `passed${n}`, `counts${n}`]
  await server.sql(`
    CREATE TABLE ${stream} (at TIMESTAMP(3), k STRING, v BIGINT,
      WATERMARK FOR at AS at - INTERVAL '1' SECOND);
    CREATE MATERIALIZED VIEW ${view} AS SELECT k, COUNT(*) AS n, SUM(v) AS total
      FROM ${stream} GROUP BY k`)
  await server.post('/v1/queries', { name: query, sql: `SELECT k, v FROM ${stream} WHERE v > 0` })
  return { stream, query, view }
}

const add = (stream: string, ...rows: readonly (readonly [k: string, v: number, s?: number])[]) =>
  server.post(
    `/v1/streams/${stream}/records`,
    rows.map(([k, v, second = 0]) => ({
      at: new Date(second * 1000).toISOString().slice(0, -1),
      k,
      v,
    })),
  )

const events = (path: string, init: RequestInit = {}) =>
  EventReader.open(`${server.url}${path}`, init)

describe('an event stream', () => {
  it('begins with the schema and goes on with changes', async () => {
    const { stream, query } = await setUp()
    await add(stream, ['a', 1], ['b', 0])
    const reader = await events(`/v1/queries/${query}/events`)
    const { headers } = reader.response
    expect(headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(headers.get('cache-control')).toMatch(/no-cache/)
    expect(headers.get('x-accel-buffering')).toBe('no')
    expect(await reader.next()).toEqual({
      type: 'schema',
      id: undefined,
      data: {
        query,
        columns: [
          { name: 'k', type: 'STRING', nullable: true },
          { name: 'v', type: 'BIGINT', nullable: true },
        ],
        key: null,
        appendOnly: true,
        mode: 'changelog',
      },
    })
    const first = await reader.until('changes')
    expect(first.id).toMatch(/^q\d+-0$/)
    expect(first.data).toMatchObject({ rows: [{ op: '+I', row: { k: 'a', v: 1 } }] })
    expect(first.data.epoch).toBeTypeOf('number')
    expect(first.data.watermark).toBe('1969-12-31T23:59:59.000Z')
    await add(stream, ['c', 2], ['d', 3])
    const second = await reader.until('changes')
    expect(second.data.rows.map((change) => change.row)).toEqual([
      { k: 'c', v: 2 },
      { k: 'd', v: 3 },
    ])
    reader.close()
  })

  it('pairs updates by key, and gives only the new row in upsert mode', async () => {
    const { stream, view } = await setUp()
    const changelog = await events(`/v1/queries/${view}/events?snapshot=false`)
    const upsert = await events(`/v1/queries/${view}/events?snapshot=false&mode=upsert`)
    expect((await changelog.next())?.data.key).toEqual(['k'])
    await add(stream, ['a', 1])
    expect((await changelog.until('changes')).data.rows).toEqual([
      { op: '+I', row: { k: 'a', n: 1, total: 1 } },
    ])
    expect((await upsert.until('changes')).data.rows).toEqual([
      { op: '+U', row: { k: 'a', n: 1, total: 1 } },
    ])
    await add(stream, ['a', 5], ['b', 7])
    expect((await changelog.until('changes')).data.rows).toEqual([
      { op: '-U', row: { k: 'a', n: 1, total: 1 } },
      { op: '+U', row: { k: 'a', n: 2, total: 6 } },
      { op: '+I', row: { k: 'b', n: 1, total: 7 } },
    ])
    expect((await upsert.until('changes')).data.rows).toEqual([
      { op: '+U', row: { k: 'a', n: 2, total: 6 } },
      { op: '+U', row: { k: 'b', n: 1, total: 7 } },
    ])
    changelog.close()
    upsert.close()
  })

  it('begins a view with a snapshot and goes on without gap or overlap', async () => {
    const { stream, view } = await setUp()
    const empty = await events(`/v1/queries/${view}/events`)
    expect((await empty.until('snapshot')).data).toMatchObject({ rows: [], last: true })
    await add(stream, ['a', 1], ['b', 2])
    await server.eventually(`SELECT COUNT(*) AS n FROM ${view}`, [[2]])
    const reader = await events(`/v1/queries/${view}/events`)
    await reader.next()
    const snapshot = await reader.next()
    expect(snapshot?.type).toBe('snapshot')
    expect(snapshot?.id).toMatch(/^m\d+-0$/)
    expect(snapshot?.data.rows).toHaveLength(2)
    await add(stream, ['a', 1])
    const changes = await reader.until('changes')
    expect(changes.id).toMatch(/^m\d+-1$/)
    expect(changes.data.rows).toHaveLength(2)
    empty.close()
    reader.close()
  })

  it('tells the progress of time, and that it lives', async () => {
    const { stream, query } = await setUp()
    const reader = await events(`/v1/queries/${query}/events`)
    await add(stream, ['x', 0, 100])
    const progress = await reader.until('progress')
    expect(progress.data.watermark).toBe('1970-01-01T00:01:39.000Z')
    setTimeout(() => add(stream, ['y', 1, 101]), 250)
    await reader.until('changes')
    expect(reader.comments).toBeGreaterThan(1)
    reader.close()
  })

  it('ends when the stream ends, and when the query is dropped', async () => {
    const { stream, query, view } = await setUp()
    await add(stream, ['a', 1])
    const ending = await events(`/v1/queries/${query}/events`)
    await server.post(`/v1/streams/${stream}/end`, '')
    expect((await ending.until('end')).data).toEqual({ reason: 'ended' })
    expect(await ending.next()).toBeUndefined()
    const again = await events(`/v1/queries/${query}/events`)
    expect((await again.until('changes')).data.rows).toHaveLength(1)
    expect((await again.next())?.type).toBe('end')
    const other = await setUp()
    const dropped = await events(`/v1/queries/${other.view}/events`)
    await dropped.next()
    await server.sql(`DROP MATERIALIZED VIEW ${other.view}`)
    expect((await dropped.until('end')).data).toEqual({ reason: 'dropped' })
    expect((await server.get(`/v1/queries/${view}`)).json.state).toBe('ended')
  })

  it('ends with an error when the query fails', async () => {
    await server.sql('CREATE TABLE divisors (n INT)')
    await server.post('/v1/queries', { name: 'quotients', sql: 'SELECT 10 / n AS x FROM divisors' })
    const reader = await events('/v1/queries/quotients/events')
    await server.post('/v1/streams/divisors/records', { n: 0 })
    expect((await reader.until('error')).data).toMatchObject({
      code: 'DIVISION_BY_ZERO',
      retry: 'never',
    })
    expect(await reader.next()).toBeUndefined()
    reader.close()
  })
})

describe('resuming', () => {
  it('is exact, also across a restart of the server', async () => {
    const { stream, query } = await setUp()
    for (let v = 1; v <= 5; v++) {
      await add(stream, ['a', v])
      await server.eventually(`SELECT COUNT(*) AS n FROM counts${number}`, [[1]])
    }
    const first = await events(`/v1/queries/${query}/events`)
    const seen: number[] = []
    let last = ''
    while (seen.length < 3) {
      const event = await first.until('changes')
      seen.push(...event.data.rows.map((change) => Number(change.row.v)))
      last = event.id!
    }
    first.close()
    await server.restart()
    await add(stream, ['a', 6])
    const second = await events(`/v1/queries/${query}/events`, {
      headers: { 'last-event-id': last },
    })
    while (seen.at(-1) !== 6) {
      const event = await second.until('changes')
      seen.push(...event.data.rows.map((change) => Number(change.row.v)))
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6])
    second.close()
    const third = await events(`/v1/queries/${query}/events?after=${last}`)
    expect((await third.until('changes')).data.rows.length).toBeGreaterThan(0)
    third.close()
  })

  it('with a foreign, a future or no id is refused before anything is sent', async () => {
    const { query, view } = await setUp()
    const path = `/v1/queries/${query}/events`
    expect((await server.get(path, { 'last-event-id': 'q999-1' })).json).toMatchObject({
      code: 'GONE',
      status: 410,
    })
    const { id } = (await server.get(`/v1/queries/${query}`)).json
    expect((await server.get(`${path}?after=${id}-77`)).status).toBe(410)
    expect((await server.get(`${path}?after=nonsense`)).status).toBe(400)
    expect((await server.get(`${path}?mode=upsert`)).json.hint).toMatch(/changelog/)
    expect((await server.get(`${path}?snapshot=true`)).json.code).toBe('UNSUPPORTED')
    expect((await server.get(`${path}?on_slow=cry`)).json.code).toBe('BAD_REQUEST')
    expect((await server.get(`/v1/queries/no_${view}/events`)).status).toBe(404)
  })
})

describe('a subscription to a SELECT', () => {
  it('follows it while the client stays, and is gone with it', async () => {
    const { stream } = await setUp()
    await add(stream, ['a', 1])
    const sql = `SELECT v * 2 AS twice FROM ${stream}`
    const reader = await events(`/v1/subscribe?sql=${encodeURIComponent(sql)}`)
    expect((await reader.until('changes')).data.rows[0].row).toEqual({ twice: 2 })
    const posted = await events('/v1/subscribe', {
      method: 'POST',
      body: JSON.stringify({ sql: `${sql} EMIT CHANGES` }),
      headers: { 'content-type': 'application/json' },
    })
    await add(stream, ['a', 2])
    await posted.until('changes')
    expect((await server.get('/v1/queries')).text).not.toMatch(/subscription/)
    const drop = await server.post('/v1/sql', { sql: `DROP QUERY passed${number}` })
    expect(drop.status).toBe(200)
    await server.sql(`DROP MATERIALIZED VIEW counts${number}`)
    expect((await server.post('/v1/sql', { sql: `DROP TABLE ${stream}` })).json.code).toBe('IN_USE')
    reader.close()
    posted.close()
    await expect
      .poll(async () => (await server.post('/v1/sql', { sql: `DROP TABLE ${stream}` })).status)
      .toBe(200)
  })

  it('is refused with the place of the mistake', async () => {
    const wrong = await server.get('/v1/subscribe?sql=SELECT+nope+FROM+s1')
    expect(wrong.json).toMatchObject({ code: 'UNKNOWN_COLUMN', line: 1, column: 8 })
    expect((await server.get('/v1/subscribe')).json.detail).toMatch(/'sql'/)
    expect((await server.get('/v1/subscribe?sql=SHOW+TABLES')).json.code).toBe('BAD_REQUEST')
    const gone = await server.get('/v1/subscribe?sql=SELECT+1+AS+a', { 'last-event-id': 'q1-1' })
    expect(gone.status).toBe(410)
  })
})

it('limits the number of event streams', async () => {
  const small = await TestServer.start({ limits: { subscriptionsMax: 2 } })
  try {
    await small.sql('CREATE TABLE s (a INT)')
    await small.post('/v1/queries', { name: 'q', sql: 'SELECT a FROM s' })
    const url = `${small.url}/v1/queries/q/events`
    const readers = await Promise.all([EventReader.open(url), EventReader.open(url)])
    expect((await small.get('/v1/queries/q/events')).status).toBe(429)
    readers[0].close()
    await expect
      .poll(() =>
        EventReader.open(url).then(
          (reader) => reader.close() ?? 'open',
          () => 'refused',
        ),
      )
      .toBe('open')
    readers[1].close()
  } finally {
    await small.stop()
  }
})

it('cuts off a reader that does not read, and stays small', async () => {
  const small = await TestServer.start({ limits: { resultBytesMax: 200_000 } })
  try {
    await small.sql('CREATE TABLE s (text STRING)')
    await small.post('/v1/queries', { name: 'q', sql: 'SELECT text FROM s' })
    const { hostname, port } = new URL(small.url)
    const socket = connect(Number(port), hostname)
    socket.write('GET /v1/queries/q/events HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    socket.pause()
    const text = 'x'.repeat(500)
    const rows = `${JSON.stringify({ text })}\n`.repeat(4000)
    const before = process.memoryUsage().rss
    for (let i = 0; i < 25; i++) {
      await small.post('/v1/streams/s/records', rows, { 'content-type': 'application/x-ndjson' })
    }
    let received = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      received = received.slice(-2000) + chunk
    })
    socket.resume()
    await expect.poll(() => received, { timeout: 10_000 }).toMatch(/event: error\n.*\n\n/)
    socket.destroy()
    const error = /event: error\ndata: (.*)\n/.exec(received)![1]
    const { code, details } = JSON.parse(error)
    expect(code).toBe('SLOW_SUBSCRIBER')
    const { id } = (await small.get('/v1/queries/q')).json
    expect(details.after).toMatch(new RegExp(`^${id}-\\d+$`))
    const resumed = await EventReader.open(
      `${small.url}/v1/queries/q/events?after=${details.after}`,
    )
    const next = await resumed.until('changes')
    expect(next.id).toBe(`${id}-${Number(details.after.split('-')[1]) + 1}`)
    resumed.close()
    expect(process.memoryUsage().rss - before).toBeLessThan(300 << 20)
  } finally {
    await small.stop()
  }
})
