/** Lookups in files that DuckDB reads. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { duckdbLookup } from '../../../connectors/duckdb/lookup.ts'
import { duckdb } from '../../../connectors/duckdb/spec.ts'
import { asker } from './ask.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-lookup-'))

async function run(path: string, ...statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  for (const statement of statements) await connection.run(statement)
  connection.closeSync()
  instance.closeSync()
}

beforeAll(async () => {
  await run(
    join(folder, 'dims.duckdb'),
    'CREATE SCHEMA more',
    `CREATE TABLE users (id BIGINT, "full ""name""" VARCHAR, score DECIMAL(20, 3), born DATE, seen TIMESTAMP, raw BLOB, ok BOOLEAN)`,
    `INSERT INTO users VALUES (1, 'ann', 12345678901234567.125, DATE '2000-02-29', TIMESTAMP '2024-01-01 00:00:00.123456', 'xyz'::BLOB, true),
       (9007199254740993, 'eve', NULL, NULL, NULL, NULL, NULL), (2, 'bob', 1, NULL, NULL, NULL, false)`,
    'CREATE TABLE more.pairs (a INT, b VARCHAR, n INT)',
    `INSERT INTO more.pairs VALUES (1, 'x', 10), (1, 'x', 11), (1, 'y', 12), (NULL, 'x', 13)`,
    `COPY (SELECT range AS id, 'name ' || range AS name FROM range(1000)) TO '${join(folder, 'names.parquet')}'`,
  )
  writeFileSync(join(folder, 'names.csv'), 'id,name,size\n1,"one, two",5\n2,,\n1,again,7\n')
  writeFileSync(join(folder, 'names.ndjson'), '{"id":1,"tags":["a","b"]}\n{"id":2}\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

const at = (name: string) => `'connector' = 'duckdb', 'path' = '${join(folder, name)}'`

describe('a DuckDB database', () => {
  it('gives the rows of keys, with every type exact', async () => {
    const { ask, client } = asker(
      duckdbLookup,
      duckdb,
      `CREATE TABLE u (id BIGINT, "full ""name""" STRING, score DECIMAL(20, 3), born DATE, seen TIMESTAMP(6), raw BYTES, ok BOOLEAN)
         WITH (${at('dims.duckdb')}, 'table-name' = 'users')`,
      ['id'],
      ['ok', 'id', 'full "name"', 'score', 'born', 'seen', 'raw'],
    )
    expect(await ask([1], [3], [9007199254740993n])).toEqual([
      `0: true, 1, ann, 12345678901234567125, 11016, ${Date.UTC(2024, 0, 1) * 1000 + 123456}, xyz`,
      '2: NULL, 9007199254740993, eve, NULL, NULL, NULL, NULL',
    ])
    // Others may write it between two requests.
    await run(join(folder, 'dims.duckdb'), 'UPDATE users SET ok = true WHERE id = 2')
    expect(await ask([2])).toEqual(['0: true, 2, bob, 1000, NULL, NULL, NULL'])
    await client.close()
  })

  it('several keys and rows', async () => {
    const { ask, client } = asker(
      duckdbLookup,
      duckdb,
      `CREATE TABLE p (a INT, b STRING, n INT) WITH (${at('dims.duckdb')}, 'table-name' = 'more.pairs')`,
      ['b', 'a'],
      ['n'],
    )
    expect(await ask(['x', 1], ['y', 1], ["'; DROP TABLE", 1])).toEqual(['0: 10', '0: 11', '1: 12'])
    await client.close()
  })

  it('says what is missing', async () => {
    const missing = asker(
      duckdbLookup,
      duckdb,
      `CREATE TABLE p (a INT) WITH (${at('none.duckdb')}, 'table-name' = 't')`,
      ['a'],
      ['a'],
    )
    await expect(missing.ask([1])).rejects.toMatchObject({ code: 'CONNECTOR_FAILED' })
    await missing.client.close()
    const create = (more: string) => () =>
      asker(
        duckdbLookup,
        duckdb,
        `CREATE TABLE p (a INT) WITH (${at('x.duckdb')}${more})`,
        ['a'],
        ['a'],
      )
    expect(create('')).toThrow("'table-name' goes with a DuckDB database")
    expect(create(", 'format' = 'csv', 'table-name' = 't'")).toThrow("'table-name' goes with")
    expect(create(", 'lookup.cache' = 'ALL', 'table-name' = 't'")).toThrow('lookup.cache')
  })
})

describe('files', () => {
  it('Parquet', async () => {
    const { ask, client } = asker(
      duckdbLookup,
      duckdb,
      `CREATE TABLE f (id INT, name STRING) WITH (${at('names.parquet')})`,
      ['id'],
      ['name'],
    )
    const keys = Array.from({ length: 300 }, (_, i) => [i * 4] as const)
    expect(await ask(...keys)).toHaveLength(250)
    expect(await ask([999])).toEqual(['0: name 999'])
    await client.close()
  })

  it('CSV and JSON', async () => {
    const csv = asker(
      duckdbLookup,
      duckdb,
      `CREATE TABLE f (id INT, name STRING, size INT) WITH (${at('names.csv')})`,
      ['id'],
      ['size', 'name'],
    )
    expect(await csv.ask([1], [2])).toEqual(['0: 5, one, two', '0: 7, again', '1: NULL, NULL'])
    await csv.client.close()
    const json = asker(
      duckdbLookup,
      duckdb,
      `CREATE TABLE f (id INT, tags ARRAY<STRING>) WITH (${at('names.ndjson')})`,
      ['id'],
      ['tags'],
    )
    expect(await json.ask([1], [2])).toEqual(['0: a,b', '1: NULL'])
    await json.client.close()
  })
})
