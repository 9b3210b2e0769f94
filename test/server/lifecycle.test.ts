/** Queries over their life: paused, resumed, failed and started anew, also across restarts of the
 *  server; one that fails harms no other. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { EventReader, TestServer } from './test-server.ts'

let server: TestServer
beforeEach(async () => {
  server = await TestServer.start({ checkpointIntervalMs: 50 })
  await server.sql(`CREATE TABLE s (n BIGINT);
    CREATE MATERIALIZED VIEW m AS SELECT COUNT(*) AS c FROM s;
    CREATE MATERIALIZED VIEW other AS SELECT COUNT(*) AS c FROM s`)
})
afterEach(() => server.stop())

const insert = (...values: number[]) =>
  server.sql(`INSERT INTO s VALUES ${values.map((n) => `(${n})`).join(', ')}`)

const state = async (name: string) => (await server.get(`/v1/queries/${name}`)).json.state

it('pauses and resumes, also across restarts, and harms no other query', async () => {
  await insert(1, 2)
  await server.eventually('SELECT c FROM m', [[2]])
  const paused = await server.post('/v1/queries/m/pause', {})
  expect(paused.status).toBe(200)
  expect(paused.json.state).toBe('paused')
  await insert(3, 4, 5)
  await server.eventually('SELECT c FROM other', [[5]])
  expect(await server.rows('SELECT c FROM m')).toEqual([[2]])
  await server.restart()
  expect(await state('m')).toBe('paused')
  await insert(6)
  await server.eventually('SELECT c FROM other', [[6]])
  expect(await server.rows('SELECT c FROM m')).toEqual([[2]])
  expect((await server.post('/v1/queries/m/resume', {})).status).toBe(200)
  await server.eventually('SELECT c FROM m', [[6]])
  await insert(7)
  await server.eventually('SELECT c FROM m', [[7]])
  await expect.poll(() => state('m')).toBe('running')
  expect((await server.post('/v1/queries/nothing/pause', {})).status).toBe(404)
})

it('stays failed with its reason over a restart, alone, until it is restarted', async () => {
  await server.post('/v1/queries', { name: 'inverse', sql: 'SELECT 10 / n AS x FROM s' })
  await insert(5)
  await insert(0)
  await expect.poll(() => state('inverse')).toBe('failed')
  await insert(2)
  await server.eventually('SELECT c FROM m', [[3]])
  await server.post('/v1/checkpoints', {})
  await server.restart()
  const failed = (await server.get('/v1/queries/inverse')).json
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'DIVISION_BY_ZERO' } })
  expect((await server.post('/v1/queries/inverse/pause', {})).status).toBe(400)
  await insert(4)
  await server.eventually('SELECT c FROM m', [[4]])
  const again = await server.post('/v1/queries/inverse/restart', {})
  expect(again.status).toBe(200)
  expect(again.json.id).not.toBe((failed as unknown as { id: string }).id)
  // The record that it fails on is still there.
  await expect.poll(() => state('inverse')).toBe('failed')
})

it('restarts a view from the beginning, and tells those who resume', async () => {
  await insert(1, 2)
  await server.eventually('SELECT c FROM m', [[2]])
  const events = await EventReader.open(`${server.url}/v1/queries/m/events?snapshot=false`)
  const { id } = await events.until('changes')
  expect((await server.post('/v1/queries/m/restart', {})).status).toBe(200)
  await server.eventually('SELECT c FROM m', [[2]])
  await insert(3)
  await server.eventually('SELECT c FROM m', [[3]])
  const gone = await server.get('/v1/queries/m/events', { 'last-event-id': id! })
  expect(gone.status).toBe(410)
  await server.restart()
  await server.eventually('SELECT c FROM m', [[3]])
  events.close()
})
