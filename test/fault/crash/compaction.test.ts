/** A compacted stream in a real server that is killed again and again, also in the middle of a
 *  compaction: a view over it, a consumer group and a query that begins afterwards have the last row
 *  of each key. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sleep } from '../../../engine/base/clock.ts'
import { COMPACTION_STEPS } from '../../../engine/base/crash-point.ts'
import { random } from '../../../engine/base/random.ts'
import { seedOf } from '../../seed.ts'
import { Child } from './child.ts'
import { isConnectionError } from './producer.ts'

const KILLS = process.env.MILLRACE_LONG ? 100 : 3
const KEYS = 40

let folder: string
let child: Child

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-compaction-'))
  child = new Child(join(folder, 'data'))
})

afterEach(() => {
  child.end()
  rmSync(folder, { recursive: true, force: true })
})

/** Until it is answered, over all lives of the server. */
async function call<Answer>(path: string, body: unknown, headers = {}): Promise<Answer> {
  for (;;) {
    try {
      const response = await fetch(`${await child.url()}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      })
      const text = await response.text()
      if (response.status === 200) return JSON.parse(text)
      if (response.status < 500) throw new Error(`${path}: ${text}`)
    } catch (error) {
      if (!isConnectionError(error)) throw error
    }
    await sleep(5)
  }
}

interface Row {
  readonly k: string
  readonly v: number
}

async function select(sql: string): Promise<Row[]> {
  const { results } = await call<{ results: { rows: Row[] }[] }>('/v1/sql', { sql })
  return results[0].rows
}

const sorted = (rows: Iterable<Row>): string[] => [...rows].map(({ k, v }) => `${k} ${v}`).sort()

test(`${KILLS} kills, and the last row of each key is what counts`, async () => {
  const seed = seedOf('compaction-kills')
  const r = random(seed)
  expect(await child.start()).toBe(true)
  await call('/v1/sql', {
    sql: `CREATE TABLE t (k STRING, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)
            WITH ('splits' = '2', 'cleanup.policy' = 'compact', 'delete.retention.ms' = '50 ms');
          CREATE MATERIALIZED VIEW m AS SELECT k, v FROM t`,
  })
  const rows = new Map<string, Row>()
  let producing = true
  let stored = 0
  const produce = async () => {
    for (let n = 0; producing; n++) {
      const changes = Array.from({ length: 1 + r.below(30) }, () => {
        const k = `key ${r.below(KEYS)}`
        return r.below(8) === 0 ? { op: '-D', row: { k } } : { op: '+U', row: { k, v: stored++ } }
      })
      const headers = { 'idempotency-key': `request ${n}` }
      await call('/v1/streams/t/records?format=changelog-json', changes, headers)
      for (const { op, row } of changes) {
        if (op === '-D') rows.delete(row.k)
        else rows.set(row.k, row as Row)
      }
    }
  }
  const producer = produce()
  const reached = new Set<string>()
  await child.kill(1000)
  for (let kill = 1; kill < KILLS; kill++) {
    const step = COMPACTION_STEPS[kill % COMPACTION_STEPS.length]
    const stepped = r.below(4) > 0
    await child.start(stepped ? { MILLRACE_CRASH_AT: `${step}:${1 + r.below(4)}` } : {})
    if (await child.kill(stepped ? 3000 : 300 + r.below(700))) reached.add(step)
  }
  expect(await child.start(), child.errors).toBe(true)
  await sleep(500)
  producing = false
  await producer
  const at = `seed ${seed}; reached ${[...reached]}`
  const want = sorted(rows.values())
  for (let i = 0; i < 500; i++) {
    if (String(sorted(await select('SELECT k, v FROM m'))) === String(want)) break
    await sleep(10)
  }
  expect(sorted(await select('SELECT k, v FROM m')), at).toEqual(want)
  expect(sorted(await select('SELECT k, v FROM t')), at).toEqual(want)
  const found = new Map<string, Row>()
  let taken = 0
  for (;;) {
    const path = '/v1/streams/t/consume?group=g&order=split&limit=5000'
    const got = await call<{ records: { receipt: string; op: string; value: Row }[] }>(path, {})
    if (got.records.length === 0) break
    for (const { op, value } of got.records) {
      if (op === '-D') found.delete(value.k)
      else found.set(value.k, value)
    }
    taken += got.records.length
    const receipts = got.records.map(({ receipt }) => receipt)
    await call('/v1/streams/t/ack', { group: 'g', receipts })
  }
  expect(sorted(found.values()), at).toEqual(want)
  // It did happen.
  expect(taken, at).toBeLessThan(stored)
  expect(reached.size, at).toBeGreaterThan(0)
  const { code } = await child.stop()
  expect(code).toBe(0)
  expect(child.errors).toBe('')
  const streams = join(folder, 'data', 'streams')
  const files = readdirSync(streams, { recursive: true }).map(String)
  expect(files.filter((name) => name.endsWith('.draft'))).toEqual([])
  console.log(`${KILLS} kills, ${stored} rows, ${taken} left; ${at}`)
}, 600_000)
