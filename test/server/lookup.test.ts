/** Lookups in a real server: the engine's thread asks outside, views keep what was answered. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { TestServer } from './test-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-lookup-'))
const file = join(folder, 'users.csv')
let server: TestServer

beforeAll(async () => {
  server = await TestServer.start()
  writeFileSync(file, 'id,name\n1,ann\n2,bob\n')
  await server.sql(`
    CREATE TABLE orders (id INT, user_id INT);
    CREATE TABLE users (id INT, name STRING) WITH ('connector' = 'duckdb', 'path' = '${file}');
    CREATE MATERIALIZED VIEW named AS SELECT o.id, u.name FROM orders AS o
      LEFT JOIN users FOR SYSTEM_TIME AS OF PROCTIME() AS u ON u.id = o.user_id`)
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const rows = async () => {
  const { json } = await server.get('/v1/views/named?order=id')
  return json.rows.map(({ id, name }) => `${id} ${name}`)
}

it('joins with the file as it is, once and for all', { timeout: 30_000 }, async () => {
  await server.sql('INSERT INTO orders VALUES (1, 1), (2, 2), (3, 3)')
  await expect.poll(rows, { timeout: 10_000 }).toEqual(['1 ann', '2 bob', '3 null'])
  writeFileSync(file, 'id,name\n1,eve\n3,cat\n')
  await server.restart()
  await server.sql('INSERT INTO orders VALUES (4, 1), (5, 3)')
  await expect
    .poll(rows, { timeout: 10_000 })
    .toEqual(['1 ann', '2 bob', '3 null', '4 eve', '5 cat'])
  const now = await server.rows(
    'SELECT o.id, u.name FROM orders AS o JOIN users FOR SYSTEM_TIME AS OF PROCTIME() AS u ON u.id = o.user_id',
  )
  expect(now).toHaveLength(4)
})

it('says what can only be looked up', async () => {
  await server.sql(`CREATE TABLE profiles (id STRING, name STRING, PRIMARY KEY (id) NOT ENFORCED)
    WITH ('connector' = 'jdbc', 'url' = 'postgresql://127.0.0.1:1/shop', 'table-name' = 'profiles')`)
  await expect(server.sql('SELECT * FROM profiles')).rejects.toThrow('can only be looked up by key')
})
