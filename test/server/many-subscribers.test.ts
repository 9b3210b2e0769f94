/** Many subscribers of one query all see every change, once; one that never reads is cut off with
 *  the documented event and can go on from there. */

import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sleep } from '../../engine/base/clock.ts'
import { type EventJson, EventReader, TestServer } from './test-server.ts'

const SUBSCRIBERS = process.env.MILLRACE_LONG ? 2000 : 200
const RECORDS = 40

let server: TestServer

beforeEach(async () => {
  server = await TestServer.start({ heartbeatMs: 200, limits: { resultBytesMax: 256 * 1024 } })
})

afterEach(() => server.stop())

/** Follows a query with as little of its own as can be. */
class Follower {
  readonly rows = new Map<number, number>()
  readonly ids: number[] = []
  readonly response: IncomingMessage
  #text = ''

  private constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8')
    response.on('data', (text: string) => this.#take(text))
  }

  static async open(url: string): Promise<Follower> {
    const request = get(url, { agent: false })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(200)
    return new Follower(response)
  }

  #take(text: string): void {
    const blocks = (this.#text + text).split('\n\n')
    this.#text = blocks.pop()!
    for (const block of blocks) {
      const [type, id, data] = block.split('\n').map((line) => line.slice(line.indexOf(' ') + 1))
      if (type !== 'changes') continue
      this.ids.push(Number(id.split('-')[1]))
      for (const { row } of (JSON.parse(data) as EventJson).rows) {
        const n = Number(row.n)
        this.rows.set(n, (this.rows.get(n) ?? 0) + 1)
      }
    }
  }
}

const produce = (from: number, count: number) =>
  server.post(
    '/v1/streams/s/records',
    Array.from({ length: count }, (_, i) => ({ n: from + i })),
  )

test(`${SUBSCRIBERS} subscribers of one query see all changes`, async () => {
  await server.sql('CREATE TABLE s (n INT)')
  await server.post('/v1/queries', { name: 'q', sql: 'SELECT n FROM s' })
  const followers: Follower[] = []
  const before = process.memoryUsage()
  let sent = 0
  while (followers.length < SUBSCRIBERS) {
    const url = `${server.url}/v1/queries/q/events`
    followers.push(...(await Promise.all(Array.from({ length: 50 }, () => Follower.open(url)))))
    // They come while records do: each begins with the oldest result.
    await produce(sent++, 1)
  }
  while (sent < RECORDS + SUBSCRIBERS / 50) await produce(sent++, 1)
  const all = Array.from({ length: sent }, (_, n): [number, number] => [n, 1])
  for (let i = 0; i < 6000 && followers.some(({ rows }) => rows.size < sent); i++) await sleep(10)
  await sleep(50)
  for (const { rows, ids } of followers) {
    expect([...rows]).toEqual(all)
    expect(ids).toEqual(ids.map((_, i) => i))
  }
  const { heapUsed, external } = process.memoryUsage()
  const grown = heapUsed + external - before.heapUsed - before.external
  // Both ends of each connection are in this process.
  expect(grown / SUBSCRIBERS).toBeLessThan(512 * 1024)
  const metrics = await server.get('/metrics')
  expect(metrics.text).toContain(`millrace_subscriptions ${SUBSCRIBERS}`)
  for (const { response } of followers) response.destroy()
}, 300_000)

/** Sends the request and reads nothing of the answer, until told. */
async function silent(path: string): Promise<Socket> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.pause()
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`)
  return socket
}

async function untilSubscriptions(count: number): Promise<void> {
  for (;;) {
    const { text } = await server.get('/metrics')
    if (text.includes(`millrace_subscriptions ${count}\n`)) return
    await sleep(10)
  }
}

/** What the socket holds, once it is read to its end. */
async function rest(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes
  })
  socket.resume()
  await once(socket, 'close')
  return text
}

test('a subscriber that never reads is cut off, with where to resume', async () => {
  await server.sql('CREATE TABLE s (n INT)')
  const sql = "SELECT n, REPEAT('x', 20000) AS wide FROM s"
  await server.post('/v1/queries', { name: 'wide', sql })
  const socket = await silent('/v1/queries/wide/events')
  await untilSubscriptions(1)
  const before = process.memoryUsage().rss
  let sent = 0
  for (let open = true; open; ) {
    expect((await produce(sent, 20)).status).toBe(200)
    sent += 20
    open = (await server.get('/metrics')).text.includes('millrace_subscriptions 1\n')
    // Results hold 400 kB each: 256 kB of them stay in memory, the rest of it in the sockets.
    expect(sent).toBeLessThan(4000)
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024)
  const text = await rest(socket)
  const last = text.split('\n\n').findLast((block) => block.includes('event: error'))!
  expect(last).toContain('"code":"SLOW_SUBSCRIBER"')
  const { hint, details } = JSON.parse(/data: (.*)/.exec(last)![1])
  expect(hint).toBe(`Resume with Last-Event-ID: ${details.after}.`)
  const seen = [...text.matchAll(/"row":\{"n":(\d+),/g)].map(([, n]) => Number(n))
  expect(seen).toEqual(seen.map((_, n) => n))
  const headers = { 'last-event-id': details.after }
  const reader = await EventReader.open(`${server.url}/v1/queries/wide/events`, { headers })
  for (let n = seen.length; n < sent; ) {
    const { data } = await reader.until('changes')
    for (const { row } of data.rows) expect(row.n).toBe(n++)
  }
  reader.close()
}, 120_000)

test('one that never reads its snapshot is cut off too', async () => {
  await server.sql('CREATE TABLE s (n INT)')
  const wide = "SELECT n, REPEAT('x', 20000) AS wide FROM s"
  await server.sql(`CREATE MATERIALIZED VIEW v AS ${wide}`)
  for (let sent = 0; sent < 2000; sent += 500) await produce(sent, 500)
  await server.eventually('SELECT COUNT(*) FROM v', [[2000]], 20_000)
  const socket = await silent('/v1/queries/v/events')
  await untilSubscriptions(1)
  await untilSubscriptions(0)
  const text = await rest(socket)
  expect(text.slice(-2000)).toContain('"code":"SLOW_SUBSCRIBER"')
}, 60_000)
