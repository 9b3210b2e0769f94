/** Exactly once to the subscriber: the server is killed while a client follows a view, and the
 *  client has every change once, in order, with no help from outside. */

import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Change, MillraceClient } from '../../client/index.ts'
import { freePort } from '../brokers/program.ts'
import { type CliProcess, cleanUp, serve, tempFolder } from '../cli/process.ts'

afterAll(cleanUp)

const ROUNDS = 3
const MINUTES_PER_ROUND = 40
const CITIES = ['Bern', 'Oslo', 'Rome']

const SETUP = `
CREATE TABLE clicks (ts TIMESTAMP(3), city STRING, WATERMARK FOR ts AS ts);
CREATE MATERIALIZED VIEW per_minute AS
SELECT window_start, city, COUNT(*) AS clicks
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, city;
CREATE MATERIALIZED VIEW totals AS SELECT city, COUNT(*) AS clicks FROM clicks GROUP BY city`

/** Follows a view to its end and gives every change it saw. */
async function follow(client: MillraceClient, view: string): Promise<Change[]> {
  const changes: Change[] = []
  for await (const event of client.subscribe(view, { snapshot: false })) {
    if (event.kind === 'error') throw event.error
    if (event.kind === 'changes') changes.push(...event.rows)
  }
  return changes
}

test('kill -9 under a subscriber, again and again: every change comes once', async () => {
  const data = join(tempFolder(), 'data')
  const args = ['--port', String(await freePort()), '--checkpoint-interval', '150']
  let server: CliProcess
  const start = async () => {
    const started = await serve(data, args)
    server = started.process
    return started.url
  }
  const client = new MillraceClient({ url: await start() })
  await client.sql(SETUP)
  const following = [follow(client, 'per_minute'), follow(client, 'totals')]
  let minute = 0
  for (let round = 0; round < ROUNDS; round++) {
    for (const end = minute + MINUTES_PER_ROUND; minute < end; minute++) {
      const ts = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()
      const rows = CITIES.flatMap((city, i) => Array(i + 1).fill({ ts, city }))
      await client.produce('clicks', rows)
      if (minute % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 40))
    }
    await server!.kill('SIGKILL')
    await start()
  }
  await client.endStream('clicks')
  const [windows, totals] = await Promise.all(following)

  const expected = Array.from({ length: minute }, (_, m) =>
    CITIES.map(
      (city, i) =>
        `+I ${new Date(Date.UTC(2026, 0, 1, 0, m)).toISOString().slice(0, 16)} ${city} ${i + 1}`,
    ),
  ).flat()
  const seen = windows.map(
    ({ op, row }) => `${op} ${String(row.window_start).slice(0, 16)} ${row.city} ${row.clicks}`,
  )
  expect(seen.sort()).toEqual(expected.sort())

  // A changelog: what -U takes back is what was there, and what is left is the answer.
  const now = new Map<unknown, unknown>()
  for (const { op, row } of totals) {
    if (op === '-U' || op === '-D') expect(now.get(row.city)).toBe(row.clicks)
    else now.set(row.city, row.clicks)
  }
  expect(Object.fromEntries(now)).toEqual({ Bern: minute, Oslo: 2 * minute, Rome: 3 * minute })
}, 60_000)
