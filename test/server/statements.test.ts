/** EXPLAIN CODE and ANALYZE, ALTER, and settings that are kept with what they made. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rowsOf } from '../../engine/batch/rows.ts'
import type { RowsResult } from '../../server/statement-result.ts'
import { Life } from '../slt/runner/life.ts'
import { settle } from '../slt/runner/settle.ts'

let life: Life

beforeEach(async () => {
  life = await Life.begin({ seed: 1, checkpointIntervalMs: Infinity })
})
afterEach(() => life.end())

async function run(sql: string): Promise<string> {
  const results = await life.db.execute(sql)
  await settle(life.db)
  return results
    .map((result) => (result.kind === 'ok' ? result.message : linesOf(result).join('\n')))
    .join('\n')
}

const linesOf = ({ batches }: RowsResult): string[] =>
  batches.flatMap((batch) => [...rowsOf(batch)].map((row) => Object.values(row).join('|')))

const FLIGHTS = `CREATE TABLE flights (origin STRING, delay INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts)`
const ROWS = `INSERT INTO flights VALUES ('ZRH', 5, TIMESTAMP '2024-01-01 00:00:01'),
  ('BSL', 7, TIMESTAMP '2024-01-01 00:00:02'), ('ZRH', 9, TIMESTAMP '2024-01-01 00:00:03')`

describe('EXPLAIN CODE', () => {
  it('shows the functions of every operator below its line', async () => {
    await run(FLIGHTS)
    const text = await run(`EXPLAIN CODE SELECT UPPER(origin) AS o, SUM(delay) AS total
      FROM flights WHERE delay > 6543 GROUP BY origin`)
    const names = [...text.matchAll(/^ *(function \w+|\w+:)/gm)].map(([, name]) => name)
    expect(names).toEqual([
      'Project:',
      'function project',
      'Aggregate:',
      'function findGroups',
      'function readGroups',
      'function addRows',
      'Filter:',
      'function filter',
      'Source:',
      'Warning:',
    ])
  })

  it('binds texts to names', async () => {
    await run(FLIGHTS)
    const text = await run("EXPLAIN CODE SELECT 1 AS one FROM flights WHERE origin = 'x`);evil('")
    expect(text.match(/evil/g)).toHaveLength(1)
  })

  it.each([
    'SELECT a.origin FROM flights AS a JOIN flights AS b ON a.origin = b.origin AND a.delay < b.delay',
    'SELECT a.origin FROM flights AS a FULL JOIN flights AS b ON a.origin = b.origin',
    'SELECT origin, ROW_NUMBER() OVER (PARTITION BY origin ORDER BY delay) AS n FROM flights',
    'SELECT origin, SUM(delay) OVER (PARTITION BY origin ORDER BY ts) AS n FROM flights',
    'SELECT DISTINCT origin FROM flights UNION SELECT origin FROM flights WHERE delay > 1',
    'SELECT origin FROM flights EXCEPT SELECT origin FROM flights WHERE delay > 1',
    "SELECT window_end, COUNT(*) AS n FROM TABLE(HOP(TABLE flights, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)) GROUP BY window_start, window_end",
    "SELECT origin, COUNT(*) AS n FROM flights GROUP BY origin, SESSION(ts, INTERVAL '1' MINUTE)",
    'SELECT origin, delay, SUM(delay) AS n FROM flights GROUP BY ROLLUP (origin, delay)',
    'SELECT origin, delay FROM flights ORDER BY delay LIMIT 3',
  ])('of %s', async (sql) => {
    await run(FLIGHTS)
    expect(await run(`EXPLAIN CODE ${sql}`)).toContain('function ')
  })
})

describe('EXPLAIN ANALYZE', () => {
  it('counts rows of a query that runs, by name', async () => {
    await run(`${FLIGHTS}; CREATE MATERIALIZED VIEW totals AS
      SELECT origin, SUM(delay) AS total FROM flights WHERE delay > 5 GROUP BY origin; ${ROWS}`)
    for (const name of ['totals', 'MATERIALIZED VIEW totals']) {
      const [, aggregate, filter, source] = (await run(`EXPLAIN ANALYZE ${name}`)).split('\n')
      expect(aggregate).toMatch(/2 rows in, 2 rows out, [\d.]+ ms \(\d+ %\), state 2 rows, /)
      expect(filter).toContain('3 rows in, 2 rows out')
      expect(source).toContain('[3 rows out, watermark 2024-01-01T00:00:03')
    }
    await life.db.createQuery('SELECT origin FROM flights', 'all_of_them')
    expect(await run('EXPLAIN ANALYZE QUERY all_of_them')).toContain('3 rows out')
    await expect(run('EXPLAIN ANALYZE nothing')).rejects.toThrow('There is no query nothing')
  })

  it('runs a SELECT for it', async () => {
    await run(`${FLIGHTS}; ${ROWS}`)
    const text = await run(
      'EXPLAIN ANALYZE SELECT origin, COUNT(*) AS n FROM flights GROUP BY origin',
    )
    expect(text).toContain('3 rows in, ')
    expect(text).toContain('watermark at the end')
    await expect(run('EXPLAIN ANALYZE CREATE VIEW v AS SELECT 1 AS a')).rejects.toThrow(
      'EXPLAIN ANALYZE is for a SELECT or the name of a query',
    )
  })
})

describe('shared parts of a plan', () => {
  const SQL = `SELECT a.origin, a.n FROM counts AS a JOIN
    (SELECT MAX(n) AS most FROM counts) AS m ON a.n = m.most`

  it('run once, and a restart between any two steps changes nothing', async () => {
    await run(`${FLIGHTS}; CREATE VIEW counts AS
      SELECT origin, COUNT(*) AS n FROM flights GROUP BY origin;
      CREATE MATERIALIZED VIEW busiest AS ${SQL}`)
    const plan = await run('EXPLAIN ANALYZE busiest')
    expect(plan).toContain('(1) ')
    expect(plan).toContain('Same as (1): ')
    expect(plan.match(/Source: /g)).toHaveLength(1)
    await life.restart()
    await run(ROWS)
    expect(await run('SELECT * FROM busiest')).toBe('ZRH|2')
    await life.kill()
    await run(ROWS.replaceAll('ZRH', 'GVA'))
    await life.restart()
    for (const sql of ['SELECT * FROM busiest', SQL]) {
      expect((await run(sql)).split('\n').sort()).toEqual(['BSL|2', 'GVA|2', 'ZRH|2'])
    }
  })
})

describe('ALTER', () => {
  it('renames, and the new name survives a restart', async () => {
    await run(`${FLIGHTS}; ${ROWS}; ALTER TABLE flights RENAME TO "the flights"`)
    expect(await run('SELECT COUNT(*) AS n FROM `the flights`')).toBe('3')
    await expect(run('SELECT * FROM flights')).rejects.toThrow('There is no table or view flights')
    await run('ALTER TABLE `the flights` RENAME TO f; CREATE VIEW v AS SELECT origin FROM f')
    await expect(run('ALTER TABLE f RENAME TO g')).rejects.toThrow('The table f is read by view v')
    await expect(run('ALTER VIEW v RENAME TO f')).rejects.toThrow('There is already a table f')
    await run('ALTER VIEW v RENAME TO V; CREATE MATERIALIZED VIEW m AS SELECT origin FROM V')
    expect(await run('ALTER MATERIALIZED VIEW m RENAME TO origins')).toBe(
      'Materialized view m is now origins',
    )
    await life.db.createQuery('SELECT delay FROM f', 'q')
    await run('ALTER QUERY q RENAME TO delays')
    await life.restart()
    expect((await life.db.queries()).map(({ name }) => name)).toEqual(['origins', 'delays'])
    expect((await run('SELECT * FROM origins')).split('\n')).toHaveLength(3)
    await run('DROP MATERIALIZED VIEW origins; DROP VIEW V; DROP QUERY delays; DROP TABLE f')
  })

  it('pauses and resumes what runs', async () => {
    await run(`${FLIGHTS}; CREATE MATERIALIZED VIEW m AS SELECT COUNT(*) AS n FROM flights`)
    expect(await run('ALTER MATERIALIZED VIEW m PAUSE')).toBe('Materialized view m paused')
    await run(ROWS)
    expect(await run('SELECT * FROM m')).toBe('0')
    await life.restart()
    expect((await life.db.query('m')).state).toBe('paused')
    expect(await run('ALTER MATERIALIZED VIEW m RESUME')).toBe('Materialized view m resumed')
    expect(await run('SELECT * FROM m')).toBe('3')
    await expect(run('ALTER TABLE flights PAUSE')).rejects.toThrow('A table does not run')
  })
})

describe('settings are kept with what they made', () => {
  it('the time zone', async () => {
    await run(`CREATE TABLE t (ts TIMESTAMP_LTZ(0), wall TIMESTAMP(0));
      INSERT INTO t VALUES (TO_TIMESTAMP_LTZ(0, 3), TIMESTAMP '1970-01-01 00:00:00');
      CREATE VIEW utc AS SELECT CAST(ts AS STRING) AS s FROM t;
      SET 'table.local-time-zone' = 'Asia/Tokyo';
      CREATE VIEW tokyo AS SELECT CAST(ts AS STRING) AS s FROM t;
      CREATE MATERIALIZED VIEW kept AS SELECT CAST(wall AS TIMESTAMP_LTZ(0)) AS at FROM t`)
    const all = `SELECT a.s, b.s, CAST(t.ts AS STRING), HOUR(t.ts) FROM utc AS a, tokyo AS b, t`
    expect(await run(all)).toBe('1970-01-01 00:00:00|1970-01-01 09:00:00|1970-01-01 09:00:00|9')
    await run("SET 'table.local-time-zone' = '-01:30'")
    expect(await run(all)).toContain('00:00:00|1970-01-01 09:00:00|1969-12-31 22:30:00|22')
    await life.restart()
    expect(await run(all)).toContain('00:00:00|1970-01-01 09:00:00|1970-01-01 00:00:00|0')
    expect(await run('SELECT UNIX_TIMESTAMP(CAST(at AS STRING)) FROM kept')).toBe('-32400')
    await run(`SET 'table.local-time-zone' = 'Asia/Tokyo'`)
    await run("INSERT INTO t (ts) VALUES (CAST('1970-01-01 10:00:00' AS TIMESTAMP_LTZ(0)))")
    await run("RESET 'table.local-time-zone'")
    expect(await run('SELECT MAX(HOUR(ts)) FROM t')).toBe('1')
  })

  it('the time that state is kept', async () => {
    await run(FLIGHTS)
    const [{ warnings }] = (await life.db.execute(`CREATE MATERIALIZED VIEW m
      WITH ('table.exec.state.ttl' = '1 min')
      AS SELECT origin, COUNT(*) AS n FROM flights GROUP BY origin`)) as { warnings?: string[] }[]
    expect(warnings).toBeUndefined()
    await run(ROWS)
    life.clock.forward(59_000_000)
    await run("INSERT INTO flights (origin) VALUES ('ZRH')")
    await life.kill()
    life.clock.forward(59_000_000)
    await run("INSERT INTO flights (origin) VALUES ('ZRH'), ('BSL')")
    // ZRH was never silent for a minute; BSL was, and begins anew.
    expect((await run('SELECT * FROM m')).split('\n').sort()).toEqual(['BSL|1', 'ZRH|4'])
    life.clock.forward(3_600_000_000)
    await settle(life.db)
    expect((await life.db.query('m')).stateRows).toBe(0)
    expect((await run('SELECT * FROM m')).split('\n')).toHaveLength(2)
  })

  it('options of a view that are none', async () => {
    await run(FLIGHTS)
    const make = (options: string) => run(`CREATE MATERIALIZED VIEW m ${options} AS SELECT 1 AS a`)
    await expect(make("WITH ('table.exec.state.tl' = '1 min')")).rejects.toThrow(
      "A view has no option 'table.exec.state.tl'",
    )
    await expect(make("WITH ('table.local-time-zone' = 'Mars')")).rejects.toThrow('No time zone')
    await expect(make("WITH ('table.exec.state.ttl' = 'soon')")).rejects.toThrow('is no value')
  })
})
