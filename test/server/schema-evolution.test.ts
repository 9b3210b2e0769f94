/** What becomes of old records when a table's columns change (docs/formats.md): in files, in messages
 *  that are kept in the embedded log, and in the embedded log's own rows. */

import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestServer } from './test-server.ts'

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start()
})

afterAll(() => server.stop())

const OLD = { id: 1, name: 'a', n: 7 }
const letters = (table: string) =>
  server.rows(`SELECT COUNT(*) FROM "${table}$dead_letters"`).then(([[n]]) => n)

describe('a file of JSON', () => {
  const lines = (...records: object[]) => records.map((r) => `${JSON.stringify(r)}\n`).join('')

  it('is read with the columns that the table has now', async () => {
    const path = join(server.folder, 'old.json')
    writeFileSync(path, lines(OLD, { id: 2, name: 'b', n: 8 }))
    await server.sql(`CREATE TABLE f (id INT, name STRING, n INT)
      WITH ('connector' = 'filesystem', 'path' = '${path}', 'format' = 'json')`)
    const all = () => server.rows('SELECT * FROM f ORDER BY id')
    expect(await all()).toEqual([
      [1, 'a', 7],
      [2, 'b', 8],
    ])
    // Added: NULL in old records.
    await server.sql('ALTER TABLE f ADD note STRING')
    appendFileSync(path, lines({ id: 3, name: 'c', n: 9, note: 'new' }))
    expect((await all()).map((row) => row[3])).toEqual([null, null, 'new'])
    // Removed: passed over.
    await server.sql('ALTER TABLE f DROP name')
    expect((await all())[0]).toEqual([1, 7, null])
    // Widened: old values are read as the new type, and new ones may be larger.
    await server.sql('ALTER TABLE f MODIFY n BIGINT')
    appendFileSync(path, lines({ id: 4, n: 5_000_000_000 }))
    expect((await all()).map((row) => row[1])).toEqual([7, 8, 9, 5_000_000_000])
    await server.sql('ALTER TABLE f MODIFY n DECIMAL(20, 2)')
    expect((await all()).map((row) => row[1])).toEqual(['7.00', '8.00', '9.00', '5000000000.00'])
    // Renamed: the records do not know; a path says where it lies.
    await server.sql('ALTER TABLE f RENAME n TO amount')
    expect((await all()).map((row) => row[1])).toEqual([null, null, null, null])
    await server.sql(`ALTER TABLE f SET ('json.path.amount' = '$.n')`)
    expect((await all()).map((row) => row[1])).toEqual(['7.00', '8.00', '9.00', '5000000000.00'])
    // Narrowed: what does not fit is a bad record.
    await server.sql('ALTER TABLE f MODIFY amount INT')
    expect((await all()).map((row) => row[1])).toEqual([7, 8, 9])
  })

  it('with a policy for each difference', async () => {
    const path = join(server.folder, 'strict.json')
    writeFileSync(path, lines(OLD, { id: 2, n: 8 }, { id: 3, name: 'c', n: 9, more: 1 }))
    await server.sql(`CREATE TABLE strict (id INT, name STRING, n INT)
      WITH ('connector' = 'filesystem', 'path' = '${path}', 'format' = 'json',
        'json.fail-on-missing-field' = 'true', 'json.unknown-fields' = 'fail');
      CREATE MATERIALIZED VIEW strict_rows AS SELECT id FROM strict`)
    await server.eventually('SELECT id FROM strict_rows', [[1]])
    await server.eventually('SELECT COUNT(*) FROM "strict$dead_letters"', [[2]])
  })
})

it('a file of CSV is read by place: its lines have as many cells as the table has columns', async () => {
  const path = join(server.folder, 'old.csv')
  writeFileSync(path, '1,a\n2,b\n')
  await server.sql(`CREATE TABLE c (id INT, name STRING)
    WITH ('connector' = 'filesystem', 'path' = '${path}', 'format' = 'csv');
    ALTER TABLE c RENAME name TO title; ALTER TABLE c MODIFY id DOUBLE`)
  expect(await server.rows('SELECT id, title FROM c ORDER BY id')).toEqual([
    [1, 'a'],
    [2, 'b'],
  ])
  await server.sql('ALTER TABLE c ADD note STRING')
  appendFileSync(path, '3,c,new\n')
  await server.sql('CREATE MATERIALIZED VIEW c_rows AS SELECT id, note FROM c')
  await server.eventually('SELECT id, note FROM c_rows', [[3, 'new']])
  await server.eventually('SELECT COUNT(*) FROM "c$dead_letters"', [[2]])
})

it('messages of an intake are kept as they came, and decoded anew', async () => {
  await server.sql(`CREATE TABLE hooks (id INT, name STRING, n INT)
    WITH ('connector' = 'webhook', 'path' = 'old', 'format' = 'json')`)
  const send = async (record: object) =>
    expect((await server.post('/v1/webhooks/old', record)).status).toBe(200)
  await send(OLD)
  await server.sql(`ALTER TABLE hooks ADD note STRING; ALTER TABLE hooks DROP name;
    ALTER TABLE hooks MODIFY n BIGINT; ALTER TABLE hooks ADD title STRING;
    ALTER TABLE hooks SET ('json.path.title' = '$.name')`)
  await send({ id: 2, name: 'b', n: 5_000_000_000, note: 'new' })
  const wanted = [
    [1, 7, null, 'a'],
    [2, 5_000_000_000, 'new', 'b'],
  ]
  await server.eventually('SELECT id, n, note, title FROM hooks ORDER BY id', wanted)
  await server.restart()
  await server.eventually('SELECT id, n, note, title FROM hooks ORDER BY id', wanted)
  expect(await letters('hooks')).toBe(0)
})

it('rows of a stream keep their values: columns have numbers, whatever their names', async () => {
  await server.sql('CREATE TABLE s (id INT, name STRING, n INT)')
  const send = async (record: object) =>
    expect((await server.post('/v1/streams/s/records', record)).status).toBe(200)
  await send(OLD)
  await server.sql(`ALTER TABLE s ADD note STRING; ALTER TABLE s RENAME n TO amount;
    ALTER TABLE s DROP name`)
  await send({ id: 2, amount: 8, note: 'new' })
  const wanted = [
    [1, 7, null],
    [2, 8, 'new'],
  ]
  await server.eventually('SELECT id, amount, note FROM s ORDER BY id', wanted)
  await server.restart()
  await server.eventually('SELECT id, amount, note FROM s ORDER BY id', wanted)
  // A type cannot change below rows that are there; a new column can hold it.
  await expect(server.sql('ALTER TABLE s MODIFY amount BIGINT')).rejects.toThrow(/UNSUPPORTED/)
  await server.sql('ALTER TABLE s ADD wide AS CAST(amount AS BIGINT)')
  await server.eventually('SELECT wide FROM s ORDER BY id', [[7], [8]])
  await expect(server.sql('ALTER TABLE s ADD must INT NOT NULL')).rejects.toThrow(/NOT NULL/)
  await server.sql(`CREATE TABLE strict_s (id INT, name STRING)
    WITH ('json.fail-on-missing-field' = 'true', 'json.unknown-fields' = 'fail')`)
  for (const record of [{ id: 1 }, { id: 1, name: 'a', more: 1 }]) {
    expect((await server.post('/v1/streams/strict_s/records', record)).status).toBe(422)
  }
  expect((await server.post('/v1/streams/strict_s/records', { id: 1, name: null })).status).toBe(
    200,
  )
})
