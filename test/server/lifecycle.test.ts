/** Queries over their life: paused, resumed, failed and started anew, also across restarts of the
 *  server; one that fails harms no other. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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

describe('PUT /v1/queries/{name}', () => {
  const put = (name: string, body: object) =>
    server.call('PUT', `/v1/queries/${name}`, {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
  const SUMS = 'SELECT n % 2 AS odd, SUM(n) AS total FROM s GROUP BY n % 2'

  it('starts what is not there, and goes on if the query is the same', async () => {
    const made = await put('sums', { sql: SUMS })
    expect(made.status).toBe(201)
    expect(made.json).toMatchObject({ name: 'sums', kind: 'query' })
    await insert(1, 2, 3)
    const same = await put('sums', { sql: `${SUMS} -- once more` })
    expect(same.status).toBe(200)
    expect(same.json).toMatchObject({ id: made.json.id, replaced: { how: 'same' } })
  })

  it('keeps the state of equal operators, and ends the streams of the old result', async () => {
    await put('sums', { sql: SUMS })
    await insert(1, 2, 3)
    const events = await EventReader.open(`${server.url}/v1/queries/sums/events`)
    const { id } = await events.until('changes')
    const replaced = await put('sums', { sql: `${SUMS} HAVING SUM(n) > 2` })
    expect(replaced.status).toBe(200)
    expect(replaced.json).toMatchObject({
      replaced: {
        how: 'kept',
        operators: [{ operator: expect.stringContaining('Aggregate'), fate: 'kept', rows: 2 }],
      },
    })
    expect((await events.until('end')).data).toEqual({ reason: 'replaced' })
    const gone = await server.get('/v1/queries/sums/events', { 'last-event-id': id! })
    expect(gone.status).toBe(410)
    await insert(4)
    await server.restart()
    const again = await EventReader.open(`${server.url}/v1/queries/sums/events`)
    const first = await again.until('changes')
    expect(first.data.rows).toEqual([{ op: '+I', row: { odd: 1, total: 4 } }])
    const second = await again.until('changes')
    expect(second.data.rows).toEqual([{ op: '+I', row: { odd: 0, total: 6 } }])
    // It read nothing twice.
    const { rowsIn } = (await server.get('/v1/queries/sums')).json as unknown as { rowsIn: number }
    expect(rowsIn).toBe(1)
    again.close()
  })

  it('asks before state is lost: 409 with the difference and a token', async () => {
    await put('sums', { sql: SUMS })
    await insert(1, 2, 3)
    await expect
      .poll(
        async () =>
          ((await server.get('/v1/queries/sums')).json as unknown as { stateRows: number })
            .stateRows,
      )
      .toBe(2)
    const other = { sql: 'SELECT n % 2 AS odd, MAX(n) AS most FROM s GROUP BY n % 2' }
    const asked = await put('sums', other)
    expect(asked.status).toBe(409)
    expect(asked.json.code).toBe('NEEDS_CONFIRMATION')
    const { details } = asked.json as unknown as {
      details: { confirm: string; operators: { fate: string }[]; fromBeginning: string[] }
    }
    expect(details.operators.map(({ fate }) => fate)).toEqual(['dropped', 'new'])
    expect(details.fromBeginning).toEqual(['s'])
    expect((await put('sums', { ...other, confirm: 'something else' })).status).toBe(409)
    const before = (await server.get('/v1/queries/sums')).json
    expect(before).toMatchObject({ state: 'running', stateRows: 2 })
    const done = await put('sums', { ...other, confirm: details.confirm })
    expect(done.json).toMatchObject({ replaced: { how: 'anew' } })
    // Over SQL likewise.
    const sql = 'CREATE OR REPLACE QUERY sums AS SELECT COUNT(*) AS n FROM s'
    const refused = await server.post('/v1/sql', { sql })
    expect(refused.status).toBe(409)
    const { confirm } = (refused.json as unknown as { details: { confirm: string } }).details
    expect((await server.post('/v1/sql', { sql, confirm })).status).toBe(200)
  })

  it('leaves the old query as it is if the new one is wrong', async () => {
    await put('sums', { sql: SUMS })
    const wrong = await put('sums', { sql: 'SELECT nothing FROM s' })
    expect(wrong.json).toMatchObject({ code: 'UNKNOWN_COLUMN', line: 1, column: 8 })
    expect((await put('m', { sql: 'SELECT nothing FROM s' })).status).toBe(400)
    expect(await state('sums')).toBe('running')
    await server.sql('CREATE VIEW reader AS SELECT c FROM m')
    expect((await put('m', { sql: 'SELECT SUM(n) AS c FROM s' })).json.code).toBe('IN_USE')
    await server.sql('CREATE TABLE target (n BIGINT); INSERT INTO target SELECT n FROM s')
    expect((await put('insert_into_target', { sql: 'SELECT n FROM s' })).json.code).toBe(
      'UNSUPPORTED',
    )
    await insert(7)
    await server.eventually('SELECT c FROM m', [[1]])
  })

  it('takes the place of one that has failed, and of one that is paused', async () => {
    await put('inverse', { sql: 'SELECT 10 / n AS x FROM s' })
    await insert(0)
    await expect.poll(() => state('inverse')).toBe('failed')
    expect((await put('inverse', { sql: 'SELECT 10 / (n + 1) AS x FROM s' })).status).toBe(200)
    await expect.poll(() => state('inverse')).toBe('running')
    await put('sums', { sql: SUMS })
    await server.post('/v1/queries/sums/pause', {})
    await insert(5)
    const resumed = await put('sums', { sql: `SELECT total FROM (${SUMS}) AS x` })
    expect(resumed.json).toMatchObject({ replaced: { how: 'kept' } })
    const events = await EventReader.open(`${server.url}/v1/queries/sums/events`)
    const totals: unknown[] = []
    while (!totals.includes(5)) {
      totals.push(...(await events.until('changes')).data.rows.map(({ row }) => row.total))
    }
    events.close()
  })
})

it('PATCH renames, and the name lasts', async () => {
  const patch = (name: string, to: string) =>
    server.call('PATCH', `/v1/queries/${name}`, {
      body: JSON.stringify({ name: to }),
      headers: { 'content-type': 'application/json' },
    })
  const renamed = await patch('m', 'n')
  expect(renamed.status).toBe(200)
  expect(renamed.json.name).toBe('n')
  expect((await patch('m', 'x')).status).toBe(404)
  expect((await patch('n', 'other')).json.code).toBe('DUPLICATE_NAME')
  await server.restart()
  expect(await state('n')).toBe('running')
})

it('new names of columns end open streams; their ids stay good', async () => {
  await insert(1, 2)
  await server.eventually('SELECT c FROM m', [[2]])
  const events = await EventReader.open(`${server.url}/v1/queries/m/events?snapshot=false`)
  const { id } = await events.until('changes')
  await server.sql('ALTER MATERIALIZED VIEW m AS SELECT COUNT(*) AS amount FROM s')
  expect((await events.until('end')).data).toEqual({ reason: 'replaced' })
  await insert(3)
  await server.eventually('SELECT amount FROM m', [[3]])
  const resumed = await EventReader.open(`${server.url}/v1/queries/m/events`, {
    headers: { 'last-event-id': id! },
  })
  const rows = (await resumed.until('changes')).data.rows.map(({ row }) => row.amount)
  expect(rows.every((amount) => typeof amount === 'number')).toBe(true)
  resumed.close()
})

describe('a fault outside', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-outside-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('is tried again, harms no other query, and over a restart, until it is gone', async () => {
    // A file stands where the sink wants a folder.
    writeFileSync(join(folder, 'blocked'), '')
    await server.sql(`CREATE TABLE out (n BIGINT)
        WITH ('connector' = 'filesystem', 'path' = '${folder}/blocked/files', 'format' = 'json');
      INSERT INTO out SELECT n FROM s`)
    await insert(1, 2)
    await expect.poll(() => state('insert_into_out')).toBe('retrying')
    const { error } = (await server.get('/v1/queries/insert_into_out')).json as unknown as {
      error: { fault: string; retry: string }
    }
    expect(error).toMatchObject({ fault: 'external', retry: 'backoff' })
    await server.eventually('SELECT c FROM m', [[2]])
    await server.restart()
    await expect.poll(() => state('insert_into_out')).toBe('retrying')
    rmSync(join(folder, 'blocked'))
    await expect.poll(() => state('insert_into_out'), { timeout: 10_000 }).toBe('running')
    await insert(3)
    await server.eventually('SELECT c FROM m', [[3]])
    await expect
      .poll(() => readAll(join(folder, 'blocked', 'files')), { timeout: 10_000 })
      .toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
  })
})

const readAll = (path: string): string[] =>
  (existsSync(path) ? readdirSync(path) : [])
    .filter((name) => !/^[._]/.test(name))
    .flatMap((name) => readFileSync(join(path, name), 'utf8').trim().split('\n'))
    .sort()
