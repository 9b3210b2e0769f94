/** Random histories of tables in PostgreSQL while our process and theirs are killed, also in the
 *  middle of the first reading and of large transactions: what we have in the end is what they have.
 */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Random, random } from '../../../engine/base/random.ts'
import { PostgresBroker, postgresMissing } from '../../brokers/postgres.ts'
import { describeWith, sleep } from '../../brokers/program.ts'
import { createTable, isLong } from '../../contract/broker.ts'
import { ContractServer } from '../../contract/server.ts'
import { seedOf } from '../../seed.ts'

const KILLS = isLong ? 40 : 4
const FIRST_ROWS = 60_000
const LARGE_ROWS = 20_000

describeWith('postgres-cdc under kills', postgresMissing, () => {
  let broker: PostgresBroker
  const server = new ContractServer()
  beforeAll(async () => {
    broker = await PostgresBroker.start(['wal_level = logical'])
    await server.start()
  }, 60_000)
  afterAll(async () => {
    server.close()
    await broker?.close()
  })

  it('ends where PostgreSQL is', async () => {
    const seed = seedOf('postgres-cdc')
    const next = random(seed)
    await broker.run(
      'CREATE TABLE keyed (id int PRIMARY KEY, v bigint NOT NULL, pad text)',
      'CREATE TABLE plain (id int, v bigint, pad text)',
      'ALTER TABLE plain REPLICA IDENTITY FULL',
      `INSERT INTO keyed SELECT n, n * 3, 'pad ' || n FROM generate_series(1, ${FIRST_ROWS}) AS n`,
      'INSERT INTO plain SELECT id % 1000, v % 7, NULL FROM keyed',
    )
    await server.sql(
      table(
        broker,
        'keyed',
        'id INT, v BIGINT NOT NULL, pad STRING, PRIMARY KEY (id) NOT ENFORCED',
      ),
    )
    await server.sql(table(broker, 'plain', 'id INT, v BIGINT, pad STRING'))
    for (const name of ['keyed', 'plain']) {
      await server.sql(`CREATE MATERIALIZED VIEW ${name}_sums AS ${sums(name)}`)
    }
    let broken = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const until = performance.now() + next.below(600)
      while (performance.now() < until) await broker.run(transaction(next))
      await server.kill()
      await broker.run(transaction(next))
      if (kill % 3 === 2) {
        await broker.kill()
        await broker.restart()
        broken++
      }
      await server.start()
    }
    expect(broken).toBeGreaterThan(0)
    for (let n = 0; n < 20; n++) await broker.run(transaction(next))
    for (const name of ['keyed', 'plain']) {
      const [wanted] = await broker.query(`SELECT row_to_json(r)::text FROM (${sums(name)}) AS r`)
      const own = async () => {
        const [row] = await server.sql(`SELECT n, ids, vs, pads FROM ${name}_sums`)
        return JSON.stringify(row)
      }
      const found = await server
        .eventually(own, (text) => text === wanted[0])
        .catch((error) => {
          throw new Error(`seed ${seed}: ${name} is ${wanted[0]} there; ${error}`)
        })
      await sleep(200)
      expect(await own(), `seed ${seed}`).toBe(found)
    }
  }, 600_000)
})

const sums = (name: string): string =>
  `SELECT COUNT(*) AS n, SUM(id) AS ids, SUM(v) AS vs, COUNT(pad) AS pads FROM ${name}`

function table(broker: PostgresBroker, name: string, columns: string): string {
  const { hostname, port, username, pathname } = new URL(broker.url)
  return createTable(name, columns, {
    ...{ connector: 'postgres-cdc', format: undefined, hostname, port, username },
    ...{ 'database-name': pathname.slice(1), 'table-name': name, 'slot.name': name },
  })
}

function transaction(next: Random): string {
  const steps = Array.from({ length: 1 + next.below(4) }, () => step(next))
  return `BEGIN; ${steps.join('; ')}; ${next.below(8) === 0 ? 'ROLLBACK' : 'COMMIT'}`
}

function step(next: Random): string {
  const id = 1 + next.below(2000)
  switch (next.below(40)) {
    case 0:
      return `INSERT INTO keyed SELECT n, n, NULL FROM generate_series(100000, ${100_000 + LARGE_ROWS}) AS n
        ON CONFLICT (id) DO UPDATE SET v = keyed.v + 1; INSERT INTO plain SELECT 7, n, 'x' FROM generate_series(1, 9000) AS n`
    case 1:
      return `TRUNCATE ${next.below(2) === 0 ? 'keyed' : 'plain'}`
    case 2:
    case 3:
      return `UPDATE keyed SET id = id + 1000000 WHERE id = ${id} AND NOT EXISTS (SELECT 1 FROM keyed WHERE id = ${id + 1_000_000})`
  }
  const value = next.below(1_000_000)
  switch (next.below(5)) {
    case 0:
      return `INSERT INTO keyed VALUES (${id}, ${value}, 'new') ON CONFLICT (id) DO UPDATE SET v = EXCLUDED.v`
    case 1:
      return `DELETE FROM keyed WHERE id BETWEEN ${id} AND ${id + next.below(30)}`
    case 2:
      return `INSERT INTO plain VALUES (${id % 50}, ${value % 10}, ${value % 2 === 0 ? 'NULL' : `'p'`})`
    case 3:
      return `UPDATE plain SET v = v + 1 WHERE id = ${id % 50} AND v < 5`
    default:
      return `DELETE FROM plain WHERE ctid = (SELECT min(ctid) FROM plain WHERE id = ${id % 50})`
  }
}
