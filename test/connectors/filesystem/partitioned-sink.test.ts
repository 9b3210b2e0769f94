/** Results as Parquet files in folders named by values: whole files only, each row once, whatever is
 *  killed at whatever step. DuckDB reads them as anybody would. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FILE_STEPS } from '../../../engine/base/crash-point.ts'
import { random } from '../../../engine/base/random.ts'
import { sleep } from '../../brokers/program.ts'
import { isLong } from '../../contract/broker.ts'
import { ContractServer } from '../../contract/server.ts'
import { seedOf } from '../../seed.ts'

const KILLS = isLong ? 60 : 3
const folder = mkdtempSync(join(tmpdir(), 'millrace-partitions-'))
const server = new ContractServer()
let duckdb: DuckDBConnection

beforeAll(async () => {
  duckdb = await (await DuckDBInstance.create()).connect()
  await server.start()
  await server.sql('CREATE TABLE events (id BIGINT NOT NULL, kind STRING)')
}, 60_000)
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

let produced = 0

async function produce(count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) => {
    const id = produced + i
    return JSON.stringify({ id, kind: id % 3 === 0 ? null : ['a/b=c', 'ü'][id % 2] })
  })
  const { status, text } = await server.post('/v1/streams/events/records', lines.join('\n'))
  if (status !== 200) throw new Error(text)
  produced += count
}

const define = (name: string, more: string) =>
  server.sql(`CREATE TABLE ${name} (id BIGINT NOT NULL, kind STRING, third BIGINT) PARTITIONED BY (kind, third)
    WITH ('connector' = 'filesystem', 'path' = '${folder}/${name}', 'format' = 'parquet', ${more});
    INSERT INTO ${name} SELECT id, kind, id % 3 FROM events`)

/** All rows that readers find now. */
async function found(name: string): Promise<string[]> {
  const files = `${folder}/${name}/*/*/[!.]*.parquet`
  const isThere = await duckdb.runAndReadAll(`SELECT count(*)::INT FROM glob('${files}')`)
  if (isThere.getRows()[0][0] === 0) return []
  const read = `read_parquet('${files}', hive_partitioning = true, hive_types = {'kind': VARCHAR, 'third': BIGINT})`
  const rows = await duckdb.runAndReadAll(`SELECT id, kind, third FROM ${read} ORDER BY id`)
  return rows.getRows().map((row) => row.join())
}

const wanted = (from = 0) =>
  Array.from({ length: produced - from }, (_, i) => {
    const id = from + i
    return [id, id % 3 === 0 ? '' : ['a/b=c', 'ü'][id % 2], id % 3].join()
  })

it(`has every row once, over ${KILLS} kills at every step`, async () => {
  const seed = seedOf('partitions')
  const next = random(seed)
  await define('out', `'sink.rolling-policy.rollover-interval' = '10 ms'`)
  for (let kill = 0; kill < KILLS; kill++) {
    const step = [...FILE_STEPS, 'replace.before-rename'][kill % 3]
    await server.kill()
    await server.start({
      MILLRACE_CRASH_AT: `${step}:${step === 'replace.before-rename' ? 40 : 1 + next.below(4)}`,
    })
    try {
      for (let n = 0; n < 12; n++) {
        await produce(1 + next.below(40))
        const rows = await found('out')
        expect(new Set(rows).size, `seed ${seed}`).toBe(rows.length)
        await sleep(next.below(15))
      }
    } catch (error) {
      // It died while it was asked; what it has taken is known from the stream.
      if (!/fetch failed|other side/.test(String(error))) throw error
    }
    await server.kill()
    await server.start()
    const [{ n }] = await server.sql('SELECT COUNT(*) AS n FROM events')
    produced = Number(n)
  }
  await produce(3)
  await server.eventually(
    async () => (await found('out')).length,
    (count) => count >= produced,
  )
  expect(await found('out'), `seed ${seed}`).toEqual(wanted())
  const names = readdirSync(`${folder}/out`)
  expect(names.sort()).toEqual([
    expect.stringMatching(/^_millrace-/),
    'kind=%C3%BC',
    'kind=__HIVE_DEFAULT_PARTITION__',
    'kind=a%2Fb%3Dc',
  ])
  // And back again, by the same table.
  expect(
    await server.sql('SELECT COUNT(*) AS n, COUNT(kind) AS k, SUM(third) AS t FROM out'),
  ).toEqual([
    {
      n: produced,
      k: produced - Math.ceil(produced / 3),
      t: wanted().reduce((sum, row) => sum + Number(row.split(',')[2]), 0),
    },
  ])
}, 300_000)

it('begins files by size or time; what was held back when it dies comes again', async () => {
  await produce(600)
  await define(
    'large',
    `'sink.rolling-policy.rollover-interval' = '1 h', 'sink.rolling-policy.file-size' = '2 kb'`,
  )
  const files = () =>
    readdirSync(`${folder}/large`, { recursive: true }).filter((name) =>
      String(name).endsWith('.parquet'),
    )
  await server.eventually(
    async () => (await found('large')).length,
    (count) => count > 0,
  )
  // What was there before the job is done when nothing comes any more.
  let before = -1
  while (before !== (await found('large')).length) {
    before = (await found('large')).length
    await sleep(400)
  }
  await produce(5)
  await sleep(300)
  expect((await found('large')).length).toBe(before)
  await server.kill()
  await server.start()
  for (let n = 0; n < 10; n++) {
    await produce(100)
    await sleep(20)
  }
  await server.eventually(
    async () => (await found('large')).length,
    (count) => count > before,
  )
  const count = files().length
  // An orderly end writes what is held, of what has come to the sink by then.
  for (let n = 0; n < 5 && (await found('large')).length < produced; n++) {
    await server.stop()
    await server.start()
    await sleep(300)
  }
  expect(await found('large')).toEqual(wanted())
  expect(files().length).toBeGreaterThan(count)
}, 60_000)
