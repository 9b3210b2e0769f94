/** Received webhooks, over HTTP against a real server. */

import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestServer } from '../../server/test-server.ts'

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({ limits: { bodyBytesMax: 100_000 } })
})
afterAll(() => server.stop())

let count = 0

/** A table of its own at a path of its own. */
async function table(options: Record<string, string> = {}, columns = 'id BIGINT NOT NULL') {
  const n = ++count
  const all = { connector: 'webhook', path: `hooks/${n}`, format: 'json', ...options }
  const list = Object.entries(all).map(([key, value]) => `'${key}' = '${value}'`)
  await server.sql(`CREATE TABLE w${n} (${columns}) WITH (${list.join(', ')})`)
  const { path } = all
  return {
    name: `w${n}`,
    path: `/v1/webhooks/${path}`,
    send: (body: unknown, headers: Record<string, string> = {}) =>
      server.post(`/v1/webhooks/${path}`, body, headers),
    rows: (select = 'id') => server.rows(`SELECT ${select} FROM w${n}`),
  }
}

const hmac = (algorithm: string, key: string | Buffer, text: string, encoding: 'hex' | 'base64') =>
  createHmac(algorithm, key).update(text).digest(encoding)

describe('a webhook receiver', () => {
  test('stores one record, an array, or a record a line', async () => {
    const one = await table()
    expect((await one.send({ id: 1 })).json).toEqual({ count: 1 })
    const array = await table({ body: 'array' })
    expect((await array.send('[ {"id":1} ,{"id":9007199254740993}]')).json).toEqual({ count: 2 })
    expect((await array.send('[]')).json).toEqual({ count: 0 })
    const lines = await table({ body: 'lines' })
    expect((await lines.send('{"id":3}\r\n\n{"id":4}')).json).toEqual({ count: 2 })
    const nested = await table({ body: 'array', 'body.path': '$.data.items' })
    await nested.send({ data: { other: [1], items: [{ id: 5 }] } })
    expect(await one.rows()).toEqual([[1]])
    expect(await array.rows()).toEqual([[1], ['9007199254740993']])
    expect(await lines.rows()).toEqual([[3], [4]])
    expect(await nested.rows()).toEqual([[5]])
  })

  test('a body that is not of the form is refused whole', async () => {
    const { send, rows } = await table({ body: 'array', 'body.path': 'items' })
    for (const body of ['{"items":[{"id":1}', '{"items":{"id":1}}', '{"id":1}', '"x"', '']) {
      const { status, json } = await send(body)
      expect([body, status, json.code]).toEqual([body, 422, 'INVALID_VALUE'])
    }
    expect(await rows()).toEqual([])
  })

  test('records that do not fit are refused if the table wants it', async () => {
    const { send, rows } = await table({ body: 'array', 'reject-bad-records': 'true' })
    const { status, json } = await send([{ id: 1 }, { id: 'x' }])
    expect([status, json.code]).toEqual([422, 'BAD_RECORD'])
    expect(json.detail).toContain('Record 1 of the request')
    expect(await rows()).toEqual([])
    expect((await send([{ id: 2 }])).status).toBe(200)
    expect(await rows()).toEqual([[2]])
  })

  test('limits, unknown paths and other methods', async () => {
    const { send, path } = await table()
    expect((await send(`{"id":1,"pad":"${'x'.repeat(100_000)}"}`)).status).toBe(413)
    expect((await server.post('/v1/webhooks/nobody', {})).status).toBe(404)
    expect((await server.get(path)).status).toBe(405)
  })

  test('a delivery that comes again is stored once, also after a restart', async () => {
    const { send, rows } = await table({ body: 'array' })
    const again = () => send([{ id: 1 }, { id: 2 }], { 'idempotency-key': 'd-1' })
    const answers = await Promise.all([again(), again(), again()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    await server.restart()
    expect((await again()).json).toEqual({ count: 2 })
    await send([{ id: 3 }], { 'idempotency-key': 'd-2' })
    // An empty key is none.
    for (const id of [4, 5]) await send([{ id }], { 'idempotency-key': '' })
    expect(await rows()).toEqual([[1], [2], [3], [4], [5]])
  })

  test('what came with a request is metadata', async () => {
    const { rows } = await table(
      { path: 'shop/*' },
      `id BIGINT, path STRING METADATA, query MAP<STRING, STRING> METADATA,
       headers MAP<STRING, STRING> METADATA, d STRING METADATA FROM 'delivery-id',
       received TIMESTAMP_LTZ(3) METADATA`,
    )
    const sent = await server.post(
      '/v1/webhooks/shop/eu/orders?a=1&b=x%20y',
      { id: 7 },
      {
        'x-shop': 'nine',
        'idempotency-key': 'k',
        authorization: 'Bearer secret',
      },
    )
    expect(sent.status).toBe(200)
    const select = `id, path, query['a'], query['b'], headers['x-shop'], headers['authorization'], d,
      received > TIMESTAMPADD(MINUTE, -1, CURRENT_TIMESTAMP)`
    expect(await rows(select)).toEqual([[7, 'shop/eu/orders', '1', 'x y', 'nine', null, 'k', true]])
    expect((await server.post('/v1/webhooks/shop', { id: 8 })).status).toBe(200)
    expect((await server.post('/v1/webhooks/shopping', { id: 9 })).status).toBe(404)
  })

  test('two tables cannot receive at one path, and a dropped one receives no more', async () => {
    const { name, path } = await table({ path: 'taken' })
    const again = `CREATE TABLE other (id BIGINT) WITH ('connector' = 'webhook', 'path' = 'taken', 'format' = 'json')`
    expect((await server.post('/v1/sql', { sql: again })).json.code).toBe('INVALID_OPTION')
    await server.sql(`DROP TABLE ${name}`)
    expect((await server.post(path, { id: 1 })).status).toBe(404)
    await server.sql(again)
    expect((await server.post(path, { id: 1 })).status).toBe(200)
  })

  test('refuses options that make no sense', async () => {
    const code = async (options: string) => {
      const sql = `CREATE TABLE bad (id BIGINT) WITH ('connector' = 'webhook', 'format' = 'json', ${options})`
      return (await server.post('/v1/sql', { sql })).json.code
    }
    expect(await code(`'path' = '/x'`)).toBe('INVALID_OPTION')
    expect(await code(`'path' = 'x', 'signature' = 'github'`)).toBe('INVALID_OPTION')
    expect(await code(`'path' = 'x', 'signature.secret' = 's'`)).toBe('INVALID_OPTION')
    expect(await code(`'path' = 'x', 'body' = 'lines', 'body.path' = 'y'`)).toBe('INVALID_OPTION')
    expect(await code(`'url' = 'ftp://x'`)).toBe('INVALID_OPTION')
    expect(await code(`'url' = 'http://x', 'sink.headers' = 'nothing'`)).toBe('INVALID_OPTION')
    expect(await code(`'paht' = 'x'`)).toBe('UNKNOWN_OPTION')
    expect(await code(`'body' = 'array'`)).toBe('INVALID_OPTION')
  })
})

describe('webhook signatures', () => {
  const body = '{"id":1}'
  const now = () => String(Math.floor(Date.now() / 1000))
  const secret = 'top secret'

  test.each(['sha1', 'sha256', 'sha512'])('hmac with %s, in hex and base64', async (algorithm) => {
    for (const encoding of ['hex', 'base64'] as const) {
      const { send } = await table({
        ...{ signature: 'hmac', 'signature.secret': secret, 'signature.algorithm': algorithm },
        ...{ 'signature.encoding': encoding, 'signature.header': 'X-Sign' },
        'signature.prefix': `${algorithm}=`,
      })
      const right = `${algorithm}=${hmac(algorithm, secret, body, encoding)}`
      expect((await send(body, { 'x-sign': right })).status).toBe(200)
      expect((await send(body, { 'x-sign': right.slice(algorithm.length + 1) })).status).toBe(401)
      expect((await send(`${body} `, { 'x-sign': right })).status).toBe(401)
      expect((await send(body)).status).toBe(401)
    }
  })

  test('as GitHub does it, with a second secret while it is changed', async () => {
    const { send, rows } = await table({
      ...{ signature: 'github', 'signature.secret': secret, 'signature.previous-secret': 'old' },
    })
    const sign = (key: string) => ({
      'x-hub-signature-256': `sha256=${hmac('sha256', key, body, 'hex')}`,
      'x-github-delivery': key,
    })
    expect((await send(body, sign(secret))).status).toBe(200)
    expect((await send(body, sign('old'))).status).toBe(200)
    expect((await send(body, sign('older'))).status).toBe(401)
    await send(body, sign(secret))
    expect(await rows()).toEqual([[1], [1]])
  })

  test('as Stripe does it: the time counts, and one of several signatures', async () => {
    const { send } = await table({ signature: 'stripe', 'signature.secret': secret })
    const sign = (t: string) => `t=${t},v1=00,v1=${hmac('sha256', secret, `${t}.${body}`, 'hex')}`
    expect((await send(body, { 'stripe-signature': sign(now()) })).status).toBe(200)
    const old = String(Number(now()) - 301)
    expect((await send(body, { 'stripe-signature': sign(old) })).status).toBe(401)
    const early = String(Number(now()) + 320)
    expect((await send(body, { 'stripe-signature': sign(early) })).status).toBe(401)
    expect((await send(body, { 'stripe-signature': 't=x,v1=00' })).status).toBe(401)
  })

  test('as Slack does it', async () => {
    const { send } = await table({ signature: 'slack', 'signature.secret': secret })
    const t = now()
    const signature = `v0=${hmac('sha256', secret, `v0:${t}:${body}`, 'hex')}`
    const headers = { 'x-slack-request-timestamp': t, 'x-slack-signature': signature }
    expect((await send(body, headers)).status).toBe(200)
    const later = { ...headers, 'x-slack-request-timestamp': String(Number(t) + 1) }
    expect((await send(body, later)).status).toBe(401)
  })

  test('as Standard Webhooks says, known by its id', async () => {
    const key = Buffer.from('a key of some bytes')
    const { send, rows } = await table({
      ...{ signature: 'standard-webhooks', 'signature.secret': `whsec_${key.toString('base64')}` },
    })
    const t = now()
    const headers = {
      ...{ 'webhook-id': 'm1', 'webhook-timestamp': t },
      'webhook-signature': `v1,xx v1,${hmac('sha256', key, `m1.${t}.${body}`, 'base64')}`,
    }
    expect((await send(body, headers)).status).toBe(200)
    expect((await send(body, headers)).status).toBe(200)
    expect((await send(body, { ...headers, 'webhook-id': 'm2' })).status).toBe(401)
    expect(await rows()).toEqual([[1]])
  })

  test('without a signature the token of the server is asked for', async () => {
    const guarded = await TestServer.start({ token: 'abc' })
    try {
      const auth = { authorization: 'Bearer abc' }
      const create = (name: string, more: string) =>
        `CREATE TABLE ${name} (id BIGINT) WITH ('connector' = 'webhook', 'path' = '${name}', 'format' = 'json'${more});`
      const sql =
        create('open_one', '') +
        create('signed', `, 'signature' = 'github', 'signature.secret' = 's'`)
      expect((await guarded.post('/v1/sql', { sql }, auth)).status).toBe(200)
      expect((await guarded.post('/v1/webhooks/open_one', body)).status).toBe(401)
      expect((await guarded.post('/v1/webhooks/open_one', body, auth)).status).toBe(200)
      const signature = `sha256=${hmac('sha256', 's', body, 'hex')}`
      const headers = { 'x-hub-signature-256': signature }
      expect((await guarded.post('/v1/webhooks/signed', body, headers)).status).toBe(200)
      expect((await guarded.post('/v1/webhooks/signed', body, auth)).status).toBe(401)
    } finally {
      await guarded.stop()
    }
  })

  test('secrets are not shown again', async () => {
    const { name } = await table({ signature: 'github', 'signature.secret': 'hush-hush' })
    const shown = JSON.stringify(await server.rows(`SHOW CREATE TABLE ${name}`))
    expect(shown).toContain(`'signature' = 'github'`)
    expect(shown).not.toContain('hush-hush')
  })
})
