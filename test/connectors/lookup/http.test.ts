/** Lookups over HTTP. */

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { httpLookup } from '../../../connectors/http/lookup.ts'
import { http } from '../../../connectors/http/spec.ts'
import { type Asker, asker } from './ask.ts'

const seen: string[] = []

const bodyOf = async (request: IncomingMessage) => {
  let text = ''
  for await (const part of request) text += part
  return text
}

const server = createServer(async (request, response) => {
  const { method, url = '', headers } = request
  seen.push(`${method} ${url} ${headers['x-token'] ?? ''} ${await bodyOf(request)}`.trim())
  const answers: Record<string, [number, string]> = {
    '/users/1': [200, '{"id":1,"name":"ann","big":9007199254740993,"more":true}'],
    '/users/2': [404, 'no such user'],
    '/users/3': [200, '[{"id":3,"name":"c","big":null},{"id":3,"name":"d"}]'],
    '/users/4': [200, 'null'],
    '/users/5': [503, ''],
    '/users/6': [403, ''],
    '/users/7': [200, '{"name":1'],
    '/users/a%2Fb%3Fc': [200, '{"name":"odd"}'],
  }
  const [status, body] = answers[url] ?? [200, JSON.stringify({ id: 9, name: url })]
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
})
let base = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

const users = (options: string, keys = ['id']): Asker =>
  asker(
    httpLookup,
    http,
    `CREATE TABLE u (id STRING, name STRING, big BIGINT) WITH ('connector' = 'http', 'format' = 'json', ${options})`,
    keys,
    ['name', 'big'],
  )

it('puts keys into the address; an object is a row, an array several, 404 none', async () => {
  const { ask } = users(`'lookup.url' = '${base}/users/{id}', 'headers' = 'X-Token: t1'`)
  expect(await ask(['1'], ['2'], ['3'], ['4'], ['a/b?c'])).toEqual([
    '0: ann, 9007199254740993',
    '2: c, NULL',
    '2: d, NULL',
    '4: odd, NULL',
  ])
  expect(seen).toContain('GET /users/1 t1')
})

it('other keys are parameters, or the body of a POST', async () => {
  const get = users(`'lookup.url' = '${base}/find?all=1'`, ['id', 'name'])
  expect(await get.ask(['5', 'x & y'])).toEqual(['0: /find?all=1&id=5&name=x+%26+y, NULL'])
  const post = users(`'lookup.url' = '${base}/find', 'lookup.method' = 'POST'`)
  expect(await post.ask(['5'])).toEqual(['0: /find, NULL'])
  expect(seen.at(-1)).toBe('POST /find  {"id":"5"}')
})

it('tells what may pass from what will not', async () => {
  const { ask } = users(`'lookup.url' = '${base}/users/{id}'`)
  await expect(ask(['5'])).rejects.toMatchObject({ code: 'CONNECTOR_FAILED', retry: 'backoff' })
  await expect(ask(['6'])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', retry: 'never' })
  await expect(ask(['7'])).rejects.toMatchObject({ code: 'BAD_RECORD', retry: 'never' })
  const away = users("'lookup.url' = 'http://127.0.0.1:1/{id}'")
  await expect(away.ask(['1'])).rejects.toThrow('fetch failed')
  expect(() => users("'lookup.url' = 'http://x/{other}'")).toThrow('needs the column other')
  expect(() => users("'lookup.url' = 'http://x/', 'headers' = 'nothing'")).toThrow('no header')
})
