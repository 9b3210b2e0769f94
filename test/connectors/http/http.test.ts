/** The three ways of reading from another server, each against one of the tests' own. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { sleep } from '../../brokers/program.ts'
import { TestServer } from '../../server/test-server.ts'

let server: TestServer
let count = 0
const closing: (() => void)[] = []

beforeAll(async () => {
  server = await TestServer.start()
})
afterAll(() => server.stop())
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server on a port of its own, until the test is over. */
async function serve(answer: Answer): Promise<{ port: number; breakAll: () => void }> {
  const http = createServer(answer)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    http.closeAllConnections()
    http.close()
  })
  return {
    port: (http.address() as AddressInfo).port,
    breakAll: () => http.closeAllConnections(),
  }
}

async function table(
  port: number,
  options: Record<string, string>,
  columns = 'id BIGINT NOT NULL',
): Promise<string> {
  const name = `h${++count}`
  const scheme = options.mode === 'websocket' ? 'ws' : 'http'
  const all = { connector: 'http', url: `${scheme}://127.0.0.1:${port}/feed?x=1`, format: 'json' }
  const list = Object.entries({ ...all, ...options }).map(([key, value]) => `'${key}' = '${value}'`)
  await server.sql(`CREATE TABLE ${name} (${columns}) WITH (${list.join(', ')})`)
  return name
}

const intakeOf = async (name: string) =>
  JSON.parse((await server.get(`/v1/streams/${name}`)).text).intake

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await condition()) return
    await sleep(5)
  }
  throw new Error('it never came')
}

describe('polling', () => {
  test('asks every so often, and the same answer counts once', async () => {
    let items = [{ id: 1 }, { id: 2 }]
    let asked = 0
    const { port } = await serve((_, response) => {
      asked++
      response.end(JSON.stringify({ data: { items } }))
    })
    const name = await table(port, {
      ...{ 'poll.interval': '10 ms', body: 'array', 'body.path': '$.data.items' },
    })
    await server.eventually(`SELECT id FROM ${name}`, [[1], [2]])
    const before = asked
    await until(() => asked > before + 3)
    expect(await server.rows(`SELECT id FROM ${name}`)).toEqual([[1], [2]])
    items = [{ id: 3 }]
    await server.eventually(`SELECT id FROM ${name}`, [[1], [2], [3]])
    await server.sql(`DROP TABLE ${name}`)
    await sleep(30)
    const after = asked
    await sleep(50)
    expect(asked).toBe(after)
  })

  test('asks only for what has changed, also after a restart', async () => {
    const seen: (string | undefined)[] = []
    const { port } = await serve((request, response) => {
      const { 'if-none-match': etag, authorization } = request.headers
      seen.push(etag)
      if (authorization !== 'Bearer k') response.writeHead(401).end()
      else if (etag === '"v1"') response.writeHead(304).end()
      else response.setHeader('etag', '"v1"').end('{"id":5}')
    })
    const name = await table(port, { 'poll.interval': '15 ms', headers: 'Authorization: Bearer k' })
    await server.eventually(`SELECT id FROM ${name}`, [[5]])
    await until(() => seen.length > 3)
    await server.restart()
    const before = seen.length
    await until(() => seen.length > before + 2)
    expect(seen[0]).toBe(undefined)
    expect(new Set(seen.slice(1))).toEqual(new Set(['"v1"']))
    expect(await server.rows(`SELECT id FROM ${name}`)).toEqual([[5]])
  })

  test('follows pages by a cursor, and each record counts once', async () => {
    const all = Array.from({ length: 25 }, (_, id) => ({ id }))
    const { port } = await serve((request, response) => {
      const { searchParams } = new URL(request.url!, 'http://x')
      expect(searchParams.get('x')).toBe('1')
      const from = Number(searchParams.get('after') ?? 0)
      const page = all.slice(from, from + 10)
      response.end(JSON.stringify({ page, next: from + page.length }))
    })
    const name = await table(port, {
      ...{ 'poll.interval': '20 ms', body: 'array', 'body.path': 'page' },
      ...{ 'cursor.parameter': 'after', 'cursor.path': '$.next' },
    })
    const wanted = () => all.map(({ id }) => [id])
    await server.eventually(`SELECT id FROM ${name}`, wanted())
    await server.restart()
    all.push({ id: 25 }, { id: 26 })
    await server.eventually(`SELECT id FROM ${name}`, wanted())
  })

  test('what is known of one page is not said of the next', async () => {
    const time = 'Wed, 25 Nov 2026 00:00:00 GMT'
    let repeated = 0
    const { port } = await serve((request, response) => {
      const from = Number(new URL(request.url!, 'http://x').searchParams.get('after') ?? 0)
      if (request.headers['if-modified-since'] === time) {
        repeated++
        response.writeHead(304).end()
        return
      }
      const rows = from < 4 ? [{ id: from + 1 }, { id: from + 2 }] : []
      response.setHeader('last-modified', time).end(JSON.stringify(rows))
    })
    const name = await table(port, {
      ...{ 'poll.interval': '5 ms', body: 'array' },
      ...{ 'cursor.parameter': 'after', 'cursor.field': 'id' },
    })
    await server.eventually(`SELECT id FROM ${name}`, [[1], [2], [3], [4]])
    await until(() => repeated > 2)
  })

  test('takes the cursor from the last record, and sends it in a body', async () => {
    const { port } = await serve(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const { after } = JSON.parse(text)
      const from = after === null ? 0 : Number(after) + 1
      const rows = from > 8 ? [] : [{ id: from }, { id: from + 1 }]
      response.end(JSON.stringify(rows))
    })
    const name = await table(port, {
      ...{ 'poll.interval': '5 ms', 'poll.method': 'POST', body: 'array' },
      ...{ 'cursor.field': 'id', 'poll.request-body': '{"after":{cursor}}' },
    })
    await server.eventually(
      `SELECT id FROM ${name}`,
      Array.from({ length: 10 }, (_, id) => [id]),
    )
  })

  test('says what is wrong, and goes on when it is over', async () => {
    let status = 503
    const { port } = await serve((_, response) => {
      response.writeHead(status).end('{"id":1}')
    })
    const name = await table(port, { 'poll.interval': '10 ms' })
    await server.sql(`CREATE MATERIALIZED VIEW ${name}_rows AS SELECT id FROM ${name}`)
    const stateOf = async () => (await server.get(`/v1/queries/${name}_rows`)).json.state
    await until(async () => (await stateOf()) === 'retrying')
    await until(async () => (await intakeOf(name)).state === 'waiting')
    const { error } = await intakeOf(name)
    expect(error.code).toBe('CONNECTOR_FAILED')
    expect(error.message).toContain('answers 503')
    status = 200
    await server.eventually(`SELECT id FROM ${name}`, [[1]])
    expect((await intakeOf(name)).error).toBe(null)
    await until(async () => (await stateOf()) === 'running')
  })
})

describe('an event stream', () => {
  test('is resumed after the last event, over broken connections and restarts', async () => {
    let last = 0
    const begins: (string | undefined)[] = []
    const { port, breakAll } = await serve((request, response) => {
      const from = request.headers['last-event-id'] as string | undefined
      begins.push(from)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(': hello\n\n')
      // Ten events more with every connection; then it breaks off in the middle of one.
      let id = Number(from ?? -1) + 1
      const until = id + 10
      for (; id < until; id++) response.write(`id: ${id}\ndata: {"id":${id}}\n\n`)
      response.write(`id: ${id}\ndata: {"id":`)
      last = Math.max(last, until)
      if (last < 50) setTimeout(() => response.destroy(), 5)
    })
    const name = await table(port, { mode: 'sse' })
    const wanted = (rows: number) => Array.from({ length: rows }, (_, id) => [id])
    await server.eventually(`SELECT id FROM ${name}`, wanted(50), 20_000)
    await server.restart()
    await server.eventually(`SELECT id FROM ${name}`, wanted(60), 20_000)
    expect(begins[0]).toBe(undefined)
    expect(begins.at(-1)).toBe('49')
    breakAll()
  }, 40_000)

  test('of chosen types, with what an event brings as metadata', async () => {
    const { port } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('event: add\nid: a\ndata: {"id":1}\n\nevent: tick\ndata: x\n\n')
      response.write('event: remove\ndata: {"id":2}\n\n')
    })
    const name = await table(
      port,
      { mode: 'sse', 'sse.events': 'add, remove' },
      `id BIGINT, event STRING METADATA, e STRING METADATA FROM 'event-id'`,
    )
    await server.eventually(`SELECT id, event, e FROM ${name}`, [
      [1, 'add', 'a'],
      [2, 'remove', 'a'],
    ])
  })

  test('goes on behind events that bring no records', async () => {
    let connections = 0
    const { port } = await serve((_, response) => {
      connections++
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: hello\n\ndata: {"type":"subscribed"}\n\n')
      response.write('data: {"data":{"id":1}}\n\ndata: {"data":[]}\n\n')
    })
    const name = await table(port, { mode: 'sse', 'body.path': '$.data' })
    await server.eventually(`SELECT id FROM ${name}`, [[1]])
    expect(connections).toBe(1)
    expect(await intakeOf(name)).toMatchObject({ state: 'connected', messages: 2, lost: 1 })
  })
})

describe('a WebSocket', () => {
  test('brings texts and bytes, after a greeting, and is opened again', async () => {
    const sockets: ServerSocket[] = []
    const greetings: string[] = []
    const tokens: (string | undefined)[] = []
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    closing.push(() => {
      for (const socket of wss.clients) socket.terminate()
      wss.close()
    })
    wss.on('connection', (socket, request) => {
      tokens.push(request.headers.authorization)
      socket.on('message', (data) => {
        greetings.push(String(data))
        sockets.push(socket)
      })
    })
    await new Promise((resolve) => wss.once('listening', resolve))
    const name = await table((wss.address() as AddressInfo).port, {
      ...{ mode: 'websocket', headers: 'Authorization: Bearer w', 'websocket.send': '{"sub":1}' },
    })
    await until(() => sockets.length === 1)
    sockets[0].send('{"id":1}')
    sockets[0].send(Buffer.from('{"id":2}'))
    await server.eventually(`SELECT id FROM ${name}`, [[1], [2]])
    sockets[0].terminate()
    await until(() => sockets.length === 2)
    sockets[1].send('{"id":3}')
    await server.eventually(`SELECT id FROM ${name}`, [[1], [2], [3]])
    expect(greetings).toEqual(['{"sub":1}', '{"sub":1}'])
    expect(tokens).toEqual(['Bearer w', 'Bearer w'])
    expect(await intakeOf(name)).toMatchObject({ state: 'connected', connections: 2, lost: 0 })
  })

  test('is not closed for messages that bring no records', async () => {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    closing.push(() => {
      for (const socket of wss.clients) socket.terminate()
      wss.close()
    })
    wss.on('connection', (socket) => {
      for (const text of ['welcome', '{"result":null,"id":9}', '{"data":[{"id":1}]}', '{"data":2}'])
        socket.send(text)
      socket.send('{"data":[{"id":2}]}')
    })
    await new Promise((resolve) => wss.once('listening', resolve))
    const { port } = wss.address() as AddressInfo
    const name = await table(port, { mode: 'websocket', body: 'array', 'body.path': '$.data' })
    await server.eventually(`SELECT id FROM ${name}`, [[1], [2]])
    expect(await intakeOf(name)).toMatchObject({ state: 'connected', connections: 1, lost: 2 })
  })
})

test('refuses options that make no sense', async () => {
  const code = async (options: string) => {
    const sql = `CREATE TABLE bad (id BIGINT) WITH ('connector' = 'http', 'format' = 'json', ${options})`
    return (await server.post('/v1/sql', { sql })).json.code
  }
  expect(await code(`'url' = 'ws://h/'`)).toBe('INVALID_OPTION')
  expect(await code(`'url' = 'http://u:p@h/'`)).toBe('INVALID_OPTION')
  expect(await code(`'url' = 'http://h/', 'mode' = 'websocket'`)).toBe('INVALID_OPTION')
  expect(await code(`'url' = 'http://h/', 'cursor.path' = '$.a'`)).toBe('INVALID_OPTION')
  expect(await code(`'url' = 'http://h/', 'body' = 'array', 'body.path' = '$.a[0]'`)).toBe(
    'INVALID_OPTION',
  )
  expect(await code(`'url' = 'http://h/', 'headers' = 'a b: c'`)).toBe('INVALID_OPTION')
  expect(await code(`'mode' = 'sse'`)).toBe('INVALID_OPTION')
})
