/** The client's calls: bodies, errors with their place, safe retries. */

import { afterEach, describe, expect, test } from 'vitest'
import { MillraceClient } from '../../client/index.ts'
import { type FakeServer, fakeServer, type Handler, json } from './fake-server.ts'

let server: FakeServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function start(handler: Handler, token?: string): Promise<MillraceClient> {
  server = await fakeServer(handler)
  return new MillraceClient({ url: `${server.url}/`, token })
}

describe('sql', () => {
  test('returns the results and sends the token', async () => {
    const results = [{ kind: 'ok', message: 'done' }]
    const client = await start((_request, response) => json(response, 200, { results }), 'secret')
    expect(await client.sql('DROP TABLE t')).toEqual(results)
    expect(server!.requests[0]).toMatchObject({ method: 'POST', path: '/v1/sql' })
    expect(server!.requests[0].headers.authorization).toBe('Bearer secret')
  })

  test('an error shows its place in the text', async () => {
    const problem = {
      type: 'about:blank',
      title: 'No such column',
      status: 400,
      detail: 'No such column: dealy',
      code: 'UNKNOWN_COLUMN',
      line: 2,
      column: 8,
      length: 5,
      hint: 'Did you mean delay?',
    }
    const client = await start((_request, response) => json(response, 400, problem))
    await expect(client.sql('SELECT 1,\n       dealy FROM t')).rejects.toMatchObject({
      name: 'MillraceError',
      code: 'UNKNOWN_COLUMN',
      message: 'No such column: dealy',
      status: 400,
      line: 2,
      column: 8,
      hint: 'Did you mean delay?',
      snippet: '2 |        dealy FROM t\n           ^^^^^',
    })
  })

  test('an answer that is not ours is still an error', async () => {
    const client = await start((_request, response) => {
      response.writeHead(502, { 'content-type': 'text/html' })
      response.end('<h1>Bad gateway</h1>')
    })
    await expect(client.sql('x')).rejects.toMatchObject({ code: 'HTTP_502', fault: 'external' })
  })

  test('no server', async () => {
    const client = new MillraceClient({ url: 'http://127.0.0.1:1' })
    await expect(client.sql('x')).rejects.toMatchObject({ code: 'UNREACHABLE', status: 0 })
  })
})

describe('produce', () => {
  const stored =
    (offset = { next: 0 }): Handler =>
    ({ body }, response) => {
      const count = body.trim().split('\n').length
      const first = offset.next
      offset.next += count
      json(response, 200, { count, offsets: [{ split: 0, first, last: first + count - 1 }] })
    }

  test('an array is one request', async () => {
    const client = await start(stored())
    const rows = [{ a: 1 }, { a: 'x\ny' }]
    expect(await client.produce('s/1', rows)).toEqual({
      count: 2,
      requests: 1,
      offsets: [{ split: 0, first: 0, last: 1 }],
    })
    expect(server!.requests[0].path).toBe('/v1/streams/s%2F1/records')
    expect(server!.requests[0].headers['content-type']).toBe('application/x-ndjson')
    expect(server!.requests[0].body).toBe('{"a":1}\n{"a":"x\\ny"}\n')
  })

  test('an iterable is cut into whole lines, wherever its pieces are cut', async () => {
    const client = await start(stored())
    const text = Array.from({ length: 10 }, (_, i) => `{"n":"é${i}"}`).join('\r\n')
    const bytes = new TextEncoder().encode(text)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) =>
      bytes.subarray(i * 7, i * 7 + 7),
    )
    const acknowledged: number[] = []
    const done = await client.produce('s', pieces, {
      batchRowsMax: 4,
      idempotencyKey: 'k',
      onAcknowledged: (count) => acknowledged.push(count),
    })
    expect(done).toEqual({ count: 10, requests: 3, offsets: [{ split: 0, first: 0, last: 9 }] })
    expect(acknowledged).toEqual([4, 8, 10])
    const lines = server!.requests.flatMap((r) => r.body.trim().split('\n'))
    expect(lines.map((line) => JSON.parse(line).n)).toEqual(
      Array.from({ length: 10 }, (_, i) => `é${i}`),
    )
    expect(server!.requests.map((r) => r.headers['idempotency-key'])).toEqual(['k-0', 'k-1', 'k-2'])
  })

  test('with a key a lost answer is asked for again, with the same key', async () => {
    let calls = 0
    const client = await start((request, response) => {
      if (++calls === 1) response.destroy()
      else stored()(request, response)
    })
    expect((await client.produce('s', [{ a: 1 }], { idempotencyKey: 'k' })).count).toBe(1)
    expect(server!.requests.map((r) => r.headers['idempotency-key'])).toEqual(['k', 'k'])
  })

  test('without a key nothing is sent twice', async () => {
    const client = await start((_request, response) => response.destroy())
    await expect(client.produce('s', [{ a: 1 }])).rejects.toMatchObject({ code: 'UNREACHABLE' })
    expect(server!.requests).toHaveLength(1)
  })

  test('a failure says how many records are stored', async () => {
    let calls = 0
    const client = await start((request, response) => {
      if (++calls < 3) stored()(request, response)
      else json(response, 422, { code: 'BAD_RECORD', detail: 'bad', details: { index: 1 } })
    })
    const rows = Array.from({ length: 9 }, (_, n) => ({ n }))
    const run = client.produce('s', rows.values(), { batchRowsMax: 3 })
    await expect(run).rejects.toMatchObject({
      code: 'BAD_RECORD',
      details: { index: 1, acknowledged: 6 },
    })
  })
})
