/** Exactly once from the producer to the subscriber, in real processes: the server is killed at
 *  random moments and at every named step, again and again, while producers write and subscribers
 *  read. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sleep } from '../../../engine/base/clock.ts'
import { CRASH_STEPS } from '../../../engine/base/crash-point.ts'
import { random } from '../../../engine/base/random.ts'
import { seedOf } from '../../seed.ts'
import { Child } from './child.ts'
import { isConnectionError, Producer } from './producer.ts'
import { Subscriber } from './subscriber.ts'

const KILLS = process.env.MILLRACE_LONG ? 330 : 11
/** In how many lives of three a named step ends the life, if it is reached. */
const STEPPED = 2

let folder: string
let child: Child

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-crash-'))
  child = new Child(join(folder, 'data'))
})

afterEach(() => {
  child.end()
  rmSync(folder, { recursive: true, force: true })
})

const SETUP = `
  CREATE TABLE IF NOT EXISTS s (id BIGINT NOT NULL, k STRING NOT NULL) WITH (
    'splits' = '2', 'retention.bytes' = '64 kb');
  CREATE MATERIALIZED VIEW IF NOT EXISTS everything AS SELECT id, k FROM s;
  CREATE MATERIALIZED VIEW IF NOT EXISTS counts AS
    SELECT k, COUNT(*) AS n, SUM(id) AS total FROM s GROUP BY k`

async function post(path: string, body: unknown): Promise<Response> {
  const response = await fetch(`${await child.url()}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  return response
}

/** Makes the table, the views and the query, whatever is there of them. True if all are. */
async function setUp(): Promise<boolean> {
  try {
    const made = await post('/v1/sql', { sql: SETUP })
    if (made.status !== 200) return false
    const query = await post('/v1/queries', { name: 'feed', sql: 'SELECT id FROM s' })
    return query.status === 201 || query.status === 409
  } catch (error) {
    if (isConnectionError(error)) return false
    throw error
  }
}

async function rowsOf(sql: string): Promise<Record<string, unknown>[]> {
  const response = await post('/v1/sql', { sql })
  const body = (await response.json()) as { results: { rows: Record<string, unknown>[] }[] }
  if (response.status !== 200) throw new Error(`${sql}: ${JSON.stringify(body)}`)
  return body.results[0].rows
}

test(`${KILLS} kills, and every acknowledged record is counted once everywhere`, async () => {
  const seed = seedOf('crash')
  const r = random(seed)
  expect(await child.start()).toBe(true)
  expect(await setUp()).toBe(true)
  let next = 0
  const source = {
    newIds: (count: number) => Array.from({ length: count }, () => next++),
    random: () => r.unit(),
  }
  const producers = ['a', 'b', 'c'].map((name) => new Producer(child, name, source))
  const subscribers = ['feed', 'feed', 'everything', 'counts'].map((q) => new Subscriber(child, q))
  const first = r.below(CRASH_STEPS.length)
  const reached = new Map<string, number>()
  await child.kill(100 + r.below(300))
  for (let kill = 1; kill < KILLS; kill++) {
    const step = CRASH_STEPS[(first + kill) % CRASH_STEPS.length]
    const stepped = r.below(3) < STEPPED
    const at: Record<string, string> = stepped
      ? { MILLRACE_CRASH_AT: `${step}:${1 + r.below(r.below(2) === 0 ? 3 : 60)}` }
      : {}
    await child.start(at)
    const own = await child.kill(stepped ? 1500 : r.below(500))
    if (own) reached.set(step, (reached.get(step) ?? 0) + 1)
  }
  expect(await child.start(), child.errors).toBe(true)
  for (const producer of producers) producer.stop()
  await Promise.all(producers.map(({ done }) => done))
  const acknowledged = producers.flatMap((producer) => producer.acknowledged).sort((a, b) => a - b)
  expect(acknowledged.length).toBe(next)
  for (let i = 0; i < 1500; i++) {
    if (subscribers.slice(0, 3).every(({ rows }) => rows.size >= next)) break
    await sleep(10)
  }
  await sleep(200)

  const at = `seed ${seed}; reached: ${JSON.stringify([...reached])}`
  for (const { problems } of subscribers) expect(problems, at).toEqual([])
  const feed = acknowledged.map((id): [string, number] => [JSON.stringify({ id }), 1])
  const whole = acknowledged.map((id) => ({ id, k: `k${id % 11}` }))
  expect(sorted(subscribers[0].rows), at).toEqual(sorted(feed))
  expect(sorted(subscribers[1].rows), at).toEqual(sorted(feed))
  expect(sorted(subscribers[2].rows), at).toEqual(
    sorted(whole.map((row): [string, number] => [JSON.stringify(row), 1])),
  )
  const counts = countsOf(whole)
  expect(sorted(subscribers[3].rows), at).toEqual(
    sorted(counts.map((row): [string, number] => [JSON.stringify(row), 1])),
  )
  expect(await rowsOf('SELECT COUNT(*) AS n, SUM(id) AS total FROM everything')).toEqual([
    { n: next, total: (next * (next - 1)) / 2 },
  ])
  expect(byKey(await rowsOf('SELECT k, n, total FROM counts')), at).toEqual(byKey(counts))
  const { code, ms } = await child.stop()
  expect(code).toBe(0)
  expect(ms).toBeLessThan(10_000)
  for (const subscriber of subscribers) subscriber.stop()
  await Promise.all(subscribers.map(({ done }) => done))
  expect(child.errors).toBe('')
  console.log(
    `${KILLS} kills, ${reached.size} of ${CRASH_STEPS.length} steps, ${next} records; ${at}`,
  )
}, 3_600_000)

const sorted = (rows: Iterable<[string, number]>): string[] =>
  [...rows].map(([row, count]) => `${count} ${row}`).sort()

function countsOf(rows: readonly { readonly id: number; readonly k: string }[]) {
  const groups = new Map<string, { k: string; n: number; total: number }>()
  for (const { id, k } of rows) {
    const group = groups.get(k) ?? { k, n: 0, total: 0 }
    group.n++
    group.total += id
    groups.set(k, group)
  }
  return [...groups.values()]
}

const byKey = (rows: readonly Record<string, unknown>[]): string[] =>
  rows.map((row) => JSON.stringify(row)).sort()
