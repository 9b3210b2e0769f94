/** Subscriptions: every epoch once, through every kind of broken connection. */

import { afterEach, describe, expect, test } from 'vitest'
import { MillraceClient, type SubscriptionEvent } from '../../client/index.ts'
import { type FakeServer, fakeServer, type Handler, json, sse } from './fake-server.ts'

let server: FakeServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const SCHEMA = sse('schema', { columns: [{ name: 'n', type: 'BIGINT' }], appendOnly: true }, 's')
const change = (n: number) =>
  sse('changes', { epoch: n, watermark: null, rows: [{ op: '+I', row: { n } }] }, `e${n}`)

async function start(handler: Handler): Promise<MillraceClient> {
  server = await fakeServer(handler)
  return new MillraceClient({ url: server.url })
}

async function collect(events: AsyncIterable<SubscriptionEvent>): Promise<SubscriptionEvent[]> {
  const all: SubscriptionEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

const rowsOf = (events: readonly SubscriptionEvent[]) =>
  events.flatMap((e) => (e.kind === 'changes' ? e.rows.map(({ row }) => row.n) : []))

describe('subscribe', () => {
  test('resumes behind the last id when the connection breaks, at any byte', async () => {
    const epochs = [1, 2, 3, 4, 5].map(change)
    const client = await start(({ headers }, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const last = String(headers['last-event-id'] ?? '')
      const done = last.startsWith('e') ? Number(last.slice(1)) : 0
      const left = epochs.slice(done)
      // Each connection delivers one epoch and half of the next.
      const text = `retry: 5\n${SCHEMA}${left[0]}`
      if (left.length === 1) response.end(text + sse('end', {}))
      else response.write(text + left[1].slice(0, 40), () => response.destroy())
    })
    const reasons: number[] = []
    const events = await collect(
      client.subscribe('q', { onReconnect: (_reason, delayMs) => reasons.push(delayMs) }),
    )
    expect(rowsOf(events)).toEqual([1, 2, 3, 4, 5])
    expect(events.map((e) => e.kind)).toEqual(['schema', ...Array(5).fill('changes'), 'end'])
    expect(reasons).toHaveLength(4)
    expect(server!.requests.map((r) => r.headers['last-event-id'])).toEqual([
      undefined,
      'e1',
      'e2',
      'e3',
      'e4',
    ])
  })

  test('starts behind a given id', async () => {
    const client = await start((_request, response) => response.end(SCHEMA + sse('end', {})))
    await collect(client.subscribe('a b"c'.replaceAll(' ', '_'), { after: 'e7', mode: 'upsert' }))
    expect(server!.requests[0].headers['last-event-id']).toBe('e7')
    expect(server!.requests[0].path).toBe('/v1/queries/a_b%22c/events?mode=upsert')
  })

  test('a refusal on reconnection ends it with the server’s reason', async () => {
    let calls = 0
    const client = await start((_request, response) => {
      if (++calls === 1) {
        response.write(`retry: 5\n${change(1)}`, () => response.destroy())
        return
      }
      json(response, 410, { code: 'GONE', detail: 'too old', hint: 'subscribe anew', status: 410 })
    })
    const seen: SubscriptionEvent[] = []
    const run = async () => {
      for await (const event of client.subscribe('q')) seen.push(event)
    }
    await expect(run()).rejects.toMatchObject({ code: 'GONE', status: 410, hint: 'subscribe anew' })
    expect(rowsOf(seen)).toEqual([1])
  })

  test('tries again while the server is away or busy', async () => {
    let calls = 0
    const client = await start((_request, response) => {
      calls++
      if (calls === 1) response.write(`retry: 5\n${change(1)}`, () => response.destroy())
      else if (calls === 2) json(response, 503, { code: 'UNAVAILABLE', retry: 'backoff' })
      else response.end(change(2) + sse('end', {}))
    })
    expect(rowsOf(await collect(client.subscribe('q')))).toEqual([1, 2])
  })

  test('an error event that cannot be retried is the last', async () => {
    const problem = { code: 'DIVISION_BY_ZERO', message: 'Division by zero', retry: 'never' }
    const client = await start((_request, response) =>
      response.end(change(1) + sse('error', problem)),
    )
    const events = await collect(client.subscribe('q'))
    expect(events.at(-1)).toMatchObject({ kind: 'error', error: { code: 'DIVISION_BY_ZERO' } })
    expect(server!.requests).toHaveLength(1)
  })

  test('the first connection fails at once', async () => {
    const client = new MillraceClient({ url: 'http://127.0.0.1:1' })
    await expect(collect(client.subscribe('q'))).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })

  test('a silent connection is taken for dead', async () => {
    let calls = 0
    const client = await start((_request, response) => {
      if (++calls === 1) response.write(`retry: 5\n${change(1)}`)
      else response.end(change(2) + sse('end', {}))
    })
    expect(rowsOf(await collect(client.subscribe('q', { stallTimeoutMs: 100 })))).toEqual([1, 2])
  })

  test('abort ends it without an error, also while it waits', async () => {
    const client = await start((_request, response) => response.write(SCHEMA + change(1)))
    const stop = new AbortController()
    const events = client.subscribe('SELECT 1 FROM t', { signal: stop.signal })
    expect((await events.next()).value?.kind).toBe('schema')
    setTimeout(() => stop.abort(), 50)
    expect(rowsOf(await collect(events))).toEqual([1])
    expect(server!.requests[0]).toMatchObject({
      method: 'POST',
      path: '/v1/subscribe',
      body: '{"sql":"SELECT 1 FROM t"}',
    })
  })
})
