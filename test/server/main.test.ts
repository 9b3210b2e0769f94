import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readConfig } from '../../server/config.ts'
import { startServer } from '../../server/main.ts'
import { TestServer } from './test-server.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-main-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const config = (port = 0) =>
  readConfig({ port, dataFolder: join(folder, 'data'), logLevel: 'silent' })

it('refuses a port that is in use, and lets the data folder go', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as { port: number }
  await expect(startServer(config(port))).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `Port ${port} on 127.0.0.1 is in use`,
    hint: expect.stringMatching(/--port/),
  })
  await new Promise((resolve) => other.close(resolve))
  const server = await startServer(config(port))
  expect(server.url).toBe(`http://127.0.0.1:${port}`)
  await server.close()
})

it('refuses a data folder that is in use, and takes it over from the dead', async () => {
  const server = await startServer(config())
  await expect(startServer(config())).rejects.toMatchObject({ code: 'DATA_IN_USE' })
  await server.close()
  const lock = { pid: 4_194_000, born: 'another boot/1', startedUs: 1 }
  writeFileSync(join(folder, 'data', 'lock'), JSON.stringify(lock))
  await (await startServer(config())).close()
  const reborn = { pid: process.pid, born: 'another boot/1', startedUs: 1 }
  writeFileSync(join(folder, 'data', 'lock'), JSON.stringify(reborn))
  await (await startServer(config())).close()
  writeFileSync(join(folder, 'data', 'lock'), '{"pid":')
  await (await startServer(config())).close()
})

it('refuses a damaged catalog by name, and changes nothing', async () => {
  await (await startServer(config())).close()
  const path = join(folder, 'data', 'catalog.json')
  writeFileSync(path, '{ nonsense')
  await expect(startServer(config())).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  writeFileSync(path, JSON.stringify({ version: 99, nextId: 1, entries: [] }))
  await expect(startServer(config())).rejects.toMatchObject({ code: 'DATA_VERSION' })
})

it('closes while clients are connected, and comes back as it was', async () => {
  const server = await TestServer.start()
  await server.sql(`
    CREATE TABLE s (a INT, at TIMESTAMP(3), twice AS a * 2);
    CREATE VIEW big AS SELECT a FROM s WHERE a > 1;
    CREATE MATERIALIZED VIEW m AS SELECT COUNT(*) AS n FROM big;
    INSERT INTO s (a) VALUES (1), (2), (3)`)
  await server.eventually('SELECT n FROM m', [[2]])
  const stream = await fetch(`${server.url}/v1/queries/m/events`)
  const started = performance.now()
  await server.restart()
  expect(performance.now() - started).toBeLessThan(10_000)
  await stream.text()
  expect(await server.rows('SELECT a, twice FROM s')).toEqual([
    [1, 2],
    [2, 4],
    [3, 6],
  ])
  await server.eventually('SELECT n FROM m', [[2]])
  await server.sql('INSERT INTO s (a) VALUES (4)')
  await server.eventually('SELECT n FROM m', [[3]])
  await server.sql('DROP MATERIALIZED VIEW m; DROP VIEW big; DROP TABLE s')
  await server.restart()
  expect(await server.sql('SHOW TABLES; SHOW VIEWS')).toEqual([[], []])
  await server.stop()
})

it('keeps every acknowledged record through kill -9, and counts none twice', async () => {
  const script = fileURLToPath(new URL('./serve-forever.ts', import.meta.url))
  const dataFolder = join(folder, 'data')
  let sent = 0
  let acknowledged = 0
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [script, dataFolder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = new Promise((resolve) => child.once('exit', resolve))
    const url: string = await new Promise((resolve) =>
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim())),
    )
    const call = (path: string, type: string, body: string) =>
      fetch(`${url}${path}`, { method: 'POST', body, headers: { 'content-type': type } })
    if (round === 0) {
      const sql = `CREATE TABLE s (n BIGINT);
        CREATE MATERIALIZED VIEW totals AS
          SELECT COUNT(*) AS n, MAX(n) AS most FROM s`
      const { status } = await call('/v1/sql', 'application/json', JSON.stringify({ sql }))
      expect(status).toBe(200)
    }
    const kill = setTimeout(() => child.kill('SIGKILL'), 150 + round * 70)
    try {
      for (;;) {
        const rows = Array.from({ length: 50 }, () => `{"n":${sent++}}\n`).join('')
        const { status } = await call('/v1/streams/s/records', 'application/x-ndjson', rows)
        if (status === 200) acknowledged = sent
      }
    } catch {
      // The server is gone, in the middle of a request.
    }
    clearTimeout(kill)
    await exited
  }
  const server = await startServer(readConfig({ port: 0, dataFolder, logLevel: 'silent' }))
  const [result] = await server.database.execute('SELECT n FROM s')
  const [batch] = result.kind === 'rows' ? result.batches : []
  const values = [...(batch.columns[0].values as BigInt64Array)].map(Number)
  // Whole requests, in order, each once: some requests may be missing that got no answer.
  expect(values.length % 50).toBe(0)
  expect(new Set(values).size).toBe(values.length)
  expect(values).toEqual(values.toSorted((a, b) => a - b))
  expect(values.length).toBeGreaterThanOrEqual(acknowledged - 3 * 50)
  const lastAcknowledged = values.includes(acknowledged - 1)
  expect(lastAcknowledged).toBe(true)
  await expect
    .poll(async () => {
      const [view] = await server.database.execute('SELECT n FROM totals')
      return view.kind === 'rows' ? Number(view.batches[0]?.columns[0].values[0]) : undefined
    })
    .toBe(values.length)
  await server.close()
})
