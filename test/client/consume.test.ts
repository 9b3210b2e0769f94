/** Consumer groups by the client, against a real server. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { MillraceClient } from '../../client/index.ts'
import { TestServer } from '../server/test-server.ts'

let server: TestServer
let client: MillraceClient

beforeAll(async () => {
  server = await TestServer.start()
  client = new MillraceClient({ url: server.url })
})

afterAll(() => server.stop())

test('records are taken, acknowledged, handed back and given up', async () => {
  await client.sql('CREATE TABLE jobs (n INT)')
  const waiting = client.consume('jobs', 'g', { waitMs: 10_000 })
  await client.produce('jobs', [{ n: 1 }, { n: 2 }, { n: 3 }])
  const records = await waiting
  expect(records.map(({ value }) => value)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  const [one, two, three] = records
  expect(one).toMatchObject({ split: 0, offset: 0, deliveries: 1, key: null, priority: 0 })
  expect(await client.ack('jobs', 'g', [one])).toEqual({ done: 1, stale: [] })
  await client.nack('jobs', 'g', [two.receipt], { delayMs: 1 })
  await client.nack('jobs', 'g', [three], { requeue: false })
  const again = await client.consume('jobs', 'g', { waitMs: 10_000, visibilityMs: 60_000 })
  expect(again).toMatchObject([{ value: { n: 2 }, deliveries: 2 }])
  expect(await client.nack('jobs', 'g', [two])).toEqual({ done: 0, stale: [two.receipt] })
  expect(await client.consume('jobs', 'g', { limit: 5 })).toEqual([])
  const late = await client.consume('jobs', 'late', { from: 'latest' })
  expect(late).toEqual([])
  await expect(client.consume('jobs', 'g', { limit: 0 })).rejects.toMatchObject({ status: 400 })
})
