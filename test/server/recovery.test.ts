/** A server that starts: alive at once, ready when it has caught up, and it says how far it is; it
 *  can be closed at any moment of that. */

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenAPIHono } from '@hono/zod-openapi'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sleep, systemClock } from '../../engine/base/clock.ts'
import { nodeDisk } from '../../engine/base/disk.ts'
import type { AppBindings, AppContext } from '../../server/app-context.ts'
import { readConfig } from '../../server/config.ts'
import { Database } from '../../server/database.ts'
import { WorkerEngine } from '../../server/engine.ts'
import { startServer } from '../../server/main.ts'
import { healthRoutes } from '../../server/routes/health.ts'
import { FaultDisk } from '../engine/log/fault-disk.ts'
import { batchOf, everything, Machine, table, Witness } from '../fault/machine.ts'
import { TestServer } from './test-server.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-recovery-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const config = (dataFolder: string) => readConfig({ port: 0, dataFolder, logLevel: 'silent' })

/** A data folder as a crash leaves it: with results and epochs after the last checkpoint. */
async function crashed(): Promise<string> {
  const server = await TestServer.start({ checkpointIntervalMs: 3_600_000 })
  await server.sql(`CREATE TABLE s (n BIGINT);
    CREATE MATERIALIZED VIEW m AS SELECT COUNT(*) AS c, SUM(n) AS t FROM s`)
  for (let n = 0; n < 20; n++) await server.sql(`INSERT INTO s VALUES (${n})`)
  await server.eventually('SELECT c, t FROM m', [[20, 190]])
  const image = join(folder, 'image')
  cpSync(join(server.folder, 'data'), image, { recursive: true })
  rmSync(join(image, 'lock'))
  await server.stop()
  return image
}

it('is alive before it is ready, and ready when it has caught up', async () => {
  const image = await crashed()
  const seen: Promise<number[]>[] = []
  const status = async (url: string) => (await fetch(url)).status
  const server = await startServer(config(image), {
    onListening: (url) => {
      seen.push(Promise.all([status(`${url}/healthz`), status(`${url}/readyz`)]))
    },
  })
  const [[alive, ready]] = await Promise.all(seen)
  expect(alive).toBe(200)
  expect([200, 503]).toContain(ready)
  expect(await status(`${server.url}/readyz`)).toBe(200)
  const [result] = await server.database.execute('SELECT c FROM m')
  expect(result).toMatchObject({ kind: 'rows', batches: [{ rowCount: 1 }] })
  await server.close()
})

it('says how far the recovery is', async () => {
  const disk = new FaultDisk(1)
  const spec = table(1)
  const options = { plans: [everything('all', spec)], tables: [spec], checkpointIntervalMs: 1e6 }
  const witness = new Witness()
  const machine = await Machine.boot(disk, options, witness)
  for (let id = 0; id < 20; id++) {
    await machine.streams.append(spec.id, batchOf([id]))
    while (witness.of('all').length <= id) await sleep(1)
  }
  await machine.kill()
  const again = await Machine.boot(disk.afterKill(1), options, witness)
  const kinds = again.messages.map(({ kind }) => kind)
  const told = again.messages.flatMap((m) => (m.kind === 'recovering' ? [m.progress] : []))
  expect(told[0].epoch).toBe(-1)
  expect(told[0].lastEpoch).toBeGreaterThanOrEqual(19)
  expect(kinds.lastIndexOf('recovering')).toBeLessThan(kinds.indexOf('ready'))
  await again.stop()

  const app = new OpenAPIHono<AppBindings>()
  const context = { ready: () => false, recovery: () => told[0] as (typeof told)[0] | undefined }
  healthRoutes(app, context as AppContext)
  const answer = await app.request('/readyz')
  expect(answer.status).toBe(503)
  expect(await answer.json()).toEqual({ status: 'recovering', recovery: told[0] })
  context.recovery = () => undefined
  expect(await (await app.request('/readyz')).json()).toEqual({ status: 'recovering' })
})

it('can be closed at any moment of its start', async () => {
  const image = await crashed()
  for (const waitMs of [0, 20, 60, 150]) {
    const engine = new WorkerEngine()
    const parts = { disk: nodeDisk, clock: systemClock, engine }
    const database = new Database({ config: config(image), ...parts })
    database.ready.catch(() => {})
    await sleep(waitMs)
    await database.close()
    expect(() => database.execute('SELECT 1 AS one')).toThrow('The database is closed')
  }
  const server = await startServer(config(image))
  const [result] = await server.database.execute('SELECT c, t FROM m')
  const [batch] = result.kind === 'rows' ? result.batches : []
  expect(batch.columns.map(({ values }) => Number(values[0]))).toEqual([20, 190])
  await server.close()
})
