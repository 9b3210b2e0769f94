/** Tables of DuckDB databases, and files that DuckDB reads, as tables that end. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ContractServer } from '../../contract/server.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-duckdb-'))
const server = new ContractServer()
const ROWS = 150_000

beforeAll(async () => {
  const instance = await DuckDBInstance.create(`${folder}/shop.duckdb`)
  const connection = await instance.connect()
  await connection.run(`CREATE SCHEMA s; CREATE TABLE s."big ""one""" AS
    SELECT n AS id, n % 7 AS k, {'a': n, 'b': 'x' || n} AS pair FROM range(${ROWS}) AS r(n)`)
  await connection.run('CREATE TABLE cities (city VARCHAR, country VARCHAR)')
  await connection.run(`INSERT INTO cities VALUES ('Bern', 'CH'), ('Oslo', 'NO')`)
  await connection.run('CREATE TABLE nothing (id INT)')
  connection.closeSync()
  instance.closeSync()
  writeFileSync(`${folder}/cities.csv`, 'city,country\nRome,IT\nLima,\n')
  await server.start()
}, 60_000)
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const define = (name: string, columns: string, file: string, table?: string) =>
  server.sql(`CREATE TABLE ${name} (${columns}) WITH ('connector' = 'duckdb', 'path' = '${folder}/${file}'
    ${table === undefined ? '' : `, 'table-name' = '${table}'`})`)

it('reads every row once, also over kills', async () => {
  await define(
    'big',
    'k BIGINT, id BIGINT NOT NULL, pair ROW<a BIGINT, b STRING>',
    'shop.duckdb',
    's.big "one"',
  )
  await server.sql(`CREATE MATERIALIZED VIEW sums AS
    SELECT k, COUNT(*) AS n, COUNT(DISTINCT id) AS d, SUM(pair.a) AS s FROM big GROUP BY k`)
  for (let kill = 0; kill < 3; kill++) {
    await server.kill()
    await server.start()
  }
  const all = 'SELECT SUM(n) AS n, SUM(d) AS d, SUM(s) AS s, COUNT(*) AS k FROM sums'
  const wanted = { n: ROWS, d: ROWS, s: (ROWS * (ROWS - 1)) / 2, k: 7 }
  await server.eventually(
    async () => (await server.sql(all))[0],
    (row) => row.n === ROWS,
  )
  expect(await server.sql(all)).toEqual([wanted])
  expect(await server.sql('SELECT COUNT(*) AS n, MAX(id) AS m FROM big')).toEqual([
    { n: ROWS, m: ROWS - 1 },
  ])
}, 60_000)

it('the same table is read and looked up; files likewise', async () => {
  await define('cities', 'city STRING, country STRING', 'shop.duckdb', 'cities')
  await define('others', 'city STRING, country STRING', 'cities.csv')
  await define('nothing', 'id INT', 'shop.duckdb', 'nothing')
  const union = 'SELECT * FROM cities UNION ALL SELECT * FROM others ORDER BY city'
  expect(await server.sql(union)).toEqual([
    { city: 'Bern', country: 'CH' },
    { city: 'Lima', country: null },
    { city: 'Oslo', country: 'NO' },
    { city: 'Rome', country: 'IT' },
  ])
  expect(await server.sql('SELECT COUNT(*) AS n FROM nothing')).toEqual([{ n: 0 }])
  await server.sql(`CREATE TABLE orders (city STRING, asked AS PROCTIME());
    CREATE MATERIALIZED VIEW asked AS SELECT o.city, c.country FROM orders AS o
      JOIN cities FOR SYSTEM_TIME AS OF o.asked AS c ON c.city = o.city;
    INSERT INTO orders VALUES ('Oslo'), ('Rome')`)
  await server.eventually(
    () => server.sql('SELECT * FROM asked'),
    (rows) => rows.length === 1,
  )
  expect(await server.sql('DESCRIBE cities')).toBeDefined()
})

it('says what is wrong', async () => {
  await define('gone', 'id INT', 'nowhere.duckdb', 't')
  await define('wrong', 'city INT', 'shop.duckdb', 'cities')
  await define('missing', 'town STRING', 'shop.duckdb', 'cities')
  for (const name of ['gone', 'wrong', 'missing']) {
    expect(await server.codeOf(`SELECT * FROM ${name}`), name).toBe('CONNECTOR_FAILED')
  }
})
