/** SIGTERM under load: the process drains to the last file, checkpoints and exits; and a data folder belongs to one
 *  server. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readConfig } from '../../server/config.ts'
import { startServer } from '../../server/main.ts'
import { EventReader } from '../server/test-server.ts'

const MAIN = fileURLToPath(new URL('../../server/cli/main.ts', import.meta.url))

let folder: string
const running: ReturnType<typeof spawn>[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-sigterm-'))
})

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Without checkpoints but the last one. */
function serve() {
  const args = ['serve', '--port', '0', '--data', join(folder, 'data'), '--checkpoint-interval']
  const child = spawn(process.execPath, [MAIN, ...args, '3600000'], { stdio: 'pipe' })
  running.push(child)
  let errors = ''
  child.stderr.on('data', (text) => {
    errors += text
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const url = async () => {
    const [line] = await once(child.stdout, 'data')
    return /http:\S+/.exec(String(line))![0]
  }
  return { child, exited, url, errors: () => errors }
}

async function post(url: string, path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), headers })
}

/** A view, and files behind a second stream. */
const setup = () => `CREATE TABLE s (n INT) WITH ('splits' = '2');
  CREATE TABLE odd (n INT);
  CREATE TABLE files (n INT)
    WITH ('connector' = 'filesystem', 'path' = '${folder}/files', 'format' = 'json',
      'sink.rolling-policy.rollover-interval' = '10 min');
  CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n, SUM(n) AS total FROM s;
  INSERT INTO odd SELECT n FROM s WHERE n % 2 = 1;
  INSERT INTO files SELECT n FROM odd`

/** The numbers in the files that the server wrote. */
const written = (): number[] =>
  readdirSync(join(folder, 'files'))
    .filter((name) => name.startsWith('part-'))
    .flatMap((name) =>
      readFileSync(join(folder, 'files', name), 'utf8')
        .trim()
        .split('\n'),
    )
    .map((line) => JSON.parse(line).n as number)

test('SIGTERM: what was acknowledged is processed and written, then comes a checkpoint', async () => {
  const server = serve()
  const url = await server.url()
  expect((await post(url, '/v1/sql', { sql: setup() })).status).toBe(200)
  const events = await EventReader.open(`${url}/v1/queries/v/events`)
  const poll = fetch(`${url}/v1/streams/s/consume?group=g&from=latest&limit=1&wait=60s`)
  let next = 0
  const acknowledged: number[] = []
  const produce = async () => {
    for (;;) {
      const n = next++
      const answer = await post(url, '/v1/streams/s/records', { n }).catch(() => undefined)
      if (answer?.status !== 200) return
      acknowledged.push(n)
    }
  }
  const producers = Array.from({ length: 8 }, produce)
  while (acknowledged.length < 300) await new Promise((resolve) => setTimeout(resolve, 5))
  const startMs = performance.now()
  server.child.kill('SIGTERM')
  expect(await server.exited, server.errors()).toBe(0)
  expect(performance.now() - startMs).toBeLessThan(10_000)
  expect(server.errors()).toBe('')
  await Promise.all(producers)
  const answer = await poll.catch(() => undefined)
  if (answer !== undefined) expect([200, 503]).toContain(answer.status)
  while ((await events.next().catch(() => undefined)) !== undefined);
  const inFiles = written()
  expect(new Set(inFiles).size).toBe(inFiles.length)
  expect(inFiles).toEqual(expect.arrayContaining(acknowledged.filter((n) => n % 2 === 1)))
  const dataFolder = join(folder, 'data')
  const again = await startServer(readConfig({ port: 0, dataFolder, logLevel: 'silent' }))
  try {
    const { epoch, checkpoint } = await again.database.engineStatus()
    expect(checkpoint.epoch).toBeGreaterThan(0)
    // All that was acknowledged was processed: nothing is read again, and nothing is new.
    expect(epoch).toBe(checkpoint.epoch)
    const view = async () => {
      const [result] = await again.database.execute('SELECT n, total FROM v')
      const { batches } = result as unknown as {
        batches: { columns: { values: BigInt64Array }[] }[]
      }
      return batches[0].columns.map(({ values }) => Number(values[0]))
    }
    const [n, total] = await view()
    expect(n).toBeGreaterThanOrEqual(acknowledged.length)
    // One that was stored need not have got its answer.
    expect(n).toBeLessThanOrEqual(next)
    const least = acknowledged.reduce((sum, value) => sum + value, 0)
    expect(total).toBeGreaterThanOrEqual(least)
  } finally {
    await again.close()
  }
}, 60_000)

test('a second server on the same data folder is refused, and the first goes on', async () => {
  const first = serve()
  const url = await first.url()
  const second = serve()
  expect(await second.exited).not.toBe(0)
  expect(second.errors()).toContain('DATA_IN_USE')
  expect((await post(url, '/v1/sql', { sql: 'SELECT 1 AS one' })).status).toBe(200)
  first.child.kill('SIGTERM')
  expect(await first.exited).toBe(0)
}, 60_000)
