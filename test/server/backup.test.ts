import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readConfig } from '../../server/config.ts'
import { startServer } from '../../server/main.ts'
import { cli } from '../cli/process.ts'
import { TestServer } from './test-server.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-backup-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const SETUP = `CREATE TABLE s (n BIGINT);
  CREATE MATERIALIZED VIEW totals AS SELECT COUNT(*) AS c, SUM(n) AS total FROM s;
  CREATE MATERIALIZED VIEW every_n AS SELECT n FROM s`

it('makes checkpoints when asked, and tells of the last one', async () => {
  const server = await TestServer.start({ checkpointIntervalMs: 3_600_000 })
  await server.sql(SETUP)
  expect((await server.get('/v1/checkpoints')).json).toMatchObject({ epoch: -1, madeAt: null })
  await server.sql('INSERT INTO s VALUES (1), (2)')
  await server.eventually('SELECT c FROM totals', [[2]])
  const made = await server.post('/v1/checkpoints', {})
  expect(made.status).toBe(200)
  expect(made.json).toMatchObject({ failures: 0, error: null, madeAt: expect.stringMatching(/Z$/) })
  expect((await server.get('/v1/checkpoints')).json).toEqual(made.json)
  const metrics = (await server.get('/metrics')).text
  expect(metrics).toMatch(/^millrace_checkpoint_age_seconds [\d.e-]+$/m)
  expect(metrics).toMatch(/^millrace_checkpoint_bytes [1-9]/m)
  await server.stop()
})

it('copies a running server consistently while records come in, and restores it', async () => {
  const server = await TestServer.start({ checkpointIntervalMs: 30 })
  await server.sql(SETUP)
  let sent = 0
  let stop = false
  const producing = (async () => {
    while (!stop) {
      const rows = Array.from({ length: 20 }, () => ({ n: sent++ }))
      const { status } = await server.post('/v1/streams/s/records', rows)
      expect(status).toBe(200)
    }
  })()
  await server.eventually('SELECT c > 200 FROM totals', [[true]])
  const before = sent
  const data = join(server.folder, 'data')
  const backup = join(folder, 'copy')
  const args = ['backup', backup, '--data', data, '--url', server.url]
  expect(await cli(['backup', backup, '--data', data, '--url', 'localhost:1'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/A server has .*, but none answers at localhost:1/),
  })
  expect(await cli(args)).toMatchObject({ code: 0 })
  expect(existsSync(join(data, 'backups')) ? readdirSync(join(data, 'backups')) : []).toEqual([])
  const after = sent
  stop = true
  await producing
  // The original goes on, checkpoints included.
  expect((await server.post('/v1/checkpoints', {})).status).toBe(200)
  await server.eventually('SELECT c FROM totals', [[sent]])
  await server.stop()

  expect(await cli(['backup', backup, '--data', data])).toMatchObject({ code: 1 })
  const restored = join(folder, 'data')
  expect(await cli(['restore', backup, '--data', restored])).toMatchObject({ code: 0 })
  expect(await cli(['restore', backup, '--data', restored])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/not empty/),
  })
  const again = await startServer(readConfig({ port: 0, dataFolder: restored, logLevel: 'silent' }))
  const count = async (sql: string) => {
    const [result] = await again.database.execute(sql)
    return result.kind === 'rows' ? Number(result.batches[0]?.columns[0].values[0]) : -1
  }
  const stored = await count('SELECT COUNT(*) FROM s')
  expect(stored).toBeGreaterThanOrEqual(before - 20)
  expect(stored).toBeLessThanOrEqual(after)
  await expect.poll(() => count('SELECT c FROM totals')).toBe(stored)
  expect(await count('SELECT COUNT(*) FROM every_n')).toBe(stored)
  expect(await count('SELECT COUNT(DISTINCT n) FROM every_n')).toBe(stored)
  await again.close()
})

it('copies the folder of a server that is down', async () => {
  const server = await TestServer.start()
  await server.sql(`${SETUP}; INSERT INTO s VALUES (7)`)
  await server.running.close()
  const copy = join(folder, 'copy')
  const args = ['backup', copy, '--data', join(server.folder, 'data')]
  expect(await cli(args)).toMatchObject({ code: 0 })
  const again = await startServer(readConfig({ port: 0, dataFolder: copy, logLevel: 'silent' }))
  await again.close()
  await server.stop()
})

it.each(['running', 'at rest'])(
  'a copy of a server %s knows what jobs have written and groups have done',
  async (how) => {
    const server = await TestServer.start()
    await server.sql(`CREATE TABLE s (n INT); CREATE TABLE odd (n INT);
    INSERT INTO odd SELECT n FROM s WHERE n % 2 = 1; INSERT INTO s VALUES (1), (2), (3), (5)`)
    await server.eventually('SELECT COUNT(*) FROM odd', [[3]])
    const taken = await server.get('/v1/streams/s/consume?group=g&limit=3')
    const { records } = taken.json as unknown as { records: { receipt: string }[] }
    const receipts = records.slice(0, 2).map(({ receipt }) => receipt)
    await server.post('/v1/streams/s/ack', { group: 'g', receipts })
    const group = { backlog: 2, held: 1 }
    expect((await server.get('/v1/streams/s/groups/g')).json).toMatchObject(group)

    const data = join(server.folder, 'data')
    const backup = join(folder, 'copy')
    if (how === 'at rest') await server.running.close()
    const url = how === 'running' ? ['--url', server.url] : []
    expect(await cli(['backup', backup, '--data', data, ...url])).toMatchObject({ code: 0 })
    const names = (of: string) => readdirSync(of).filter((name) => !/lock|backups|wal/.test(name))
    expect(names(backup)).toEqual(names(data))
    await server.stop()

    const again = await TestServer.start()
    await again.running.close()
    const restored = join(again.folder, 'data')
    rmSync(restored, { recursive: true })
    expect(await cli(['restore', backup, '--data', restored])).toMatchObject({ code: 0 })
    await again.restart()
    expect((await again.get('/v1/streams/s/groups/g')).json).toMatchObject(group)
    await again.sql('INSERT INTO s VALUES (7)')
    await again.eventually('SELECT MAX(n) FROM odd', [[7]])
    expect(await again.rows('SELECT n FROM odd ORDER BY n')).toEqual([[1], [3], [5], [7]])
    await again.stop()
  },
)

it('refuses names that lead elsewhere', async () => {
  const server = await TestServer.start()
  for (const name of ['../x', '', '.', 'a/b', 'x'.repeat(200)]) {
    expect((await server.post('/v1/backups', { name })).status, name).toBe(400)
  }
  await server.stop()
})

it.each([
  ['a newer folder', '{"format":99}', 'DATA_VERSION', /newer Millrace/],
  ['an older folder', '{"format":1}', 'DATA_VERSION', /older Millrace/],
  ['a damaged mark', 'nonsense', 'DATA_DAMAGED', /format\.json is damaged at byte 0/],
])('refuses %s and changes nothing', async (_what, mark, code, message) => {
  const server = await TestServer.start()
  await server.sql(`${SETUP}; INSERT INTO s VALUES (7)`)
  await server.running.close()
  const data = join(server.folder, 'data')
  writeFileSync(join(data, 'format.json'), mark)
  cpSync(data, join(folder, 'before'), { recursive: true })
  const config = readConfig({ port: 0, dataFolder: data, logLevel: 'silent' })
  await expect(startServer(config)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
  expect(spawnSync('diff', ['-r', join(folder, 'before'), data]).stdout.toString()).toBe('')
  expect(readFileSync(join(data, 'format.json'), 'utf8')).toBe(mark)
  rmSync(server.folder, { recursive: true })
})
