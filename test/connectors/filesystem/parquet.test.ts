/** Parquet files and partitioned folders as tables: what is read, and that it is exact from any
 *  place. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONNECTORS, sourceConnectors } from '../../../connectors/index.ts'
import { systemClock } from '../../../engine/base/clock.ts'
import { nodeDisk } from '../../../engine/base/disk.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { Appended } from '../../../engine/source/appended.ts'
import type { Chunk, SourceConnector, SplitReader } from '../../../engine/source/source.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { TableDecoder } from '../../../engine/source/table-decoder.ts'
import { Catalog, defineTable, EMBEDDED_CONNECTORS, parseStatements } from '../../../sql/index.ts'
import { seedOf } from '../../seed.ts'
import { TestServer } from '../../server/test-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-parquet-source-'))
const EPOCH = { epoch: 1, nowUs: 0, seed: 1 }
let run: (sql: string) => Promise<unknown>

beforeAll(async () => {
  const connection = await (await DuckDBInstance.create()).connect()
  run = (sql) => connection.run(sql)
  mkdirSync(`${folder}/numbers`)
  for (const [i, count] of [3000, 0, 9000, 1].entries()) {
    await run(`COPY (SELECT (${i} * 100000 + n)::BIGINT AS n, 'row ' || n AS name FROM range(${count}) AS r(n))
      TO '${folder}/numbers/f${i}.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)`)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function tableOf(columns: string, options: string, partitionedBy = ''): TableSpec {
  const sql = `CREATE TABLE t (${columns}) ${partitionedBy} WITH ('connector' = 'filesystem', ${options})`
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'create-table') throw new Error('no table')
  const catalog = new Map([...EMBEDDED_CONNECTORS, ...CONNECTORS])
  return defineTable(statement, new Catalog(), catalog, { id: 't1' })!.spec
}

const source = sourceConnectors({
  ...{ disk: nodeDisk, clock: systemClock, dataFolder: folder, appended: new Appended() },
}).get('filesystem') as SourceConnector

/** Waits until the reader has something. */
async function next(
  reader: SplitReader,
  limit: { rowsMax: number; until?: string | undefined },
): Promise<Chunk | null> {
  for (let tries = 0; tries < 2000; tries++) {
    const chunk = reader.poll({ bytesMax: 1 << 20, ...limit })
    if (chunk !== null) return chunk
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return null
}

async function pull(
  table: TableSpec,
  how: { rowsMax: number; from?: string; until?: string | undefined },
) {
  const reader = source.open(table, { id: '0' }, how.from ?? '')
  const decoder = new TableDecoder(table)
  const rows: unknown[][] = []
  const offsets: string[] = []
  for (let at = how.from ?? ''; at !== how.until; at = offsets.at(-1)!) {
    const chunk = await next(reader, how)
    expect(chunk?.from).toBe(at)
    expect(chunk!.rowCount).toBeLessThanOrEqual(how.rowsMax)
    rows.push(...rowsOf(decoder.decode(chunk!, EPOCH)))
    offsets.push(chunk!.to)
    if (chunk!.end) break
  }
  await reader.close()
  return { rows, offsets }
}

describe('a folder of Parquet files', () => {
  const table = () =>
    tableOf(
      `name STRING, n BIGINT, file STRING METADATA FROM 'file.name'`,
      `'path' = '${folder}/numbers', 'format' = 'parquet'`,
    )

  it('gives all rows in order, whatever the chunks, and knows its end', async () => {
    const { rows } = await pull(table(), { rowsMax: 1000 })
    expect(rows).toHaveLength(12_001)
    expect(rows.slice(2998, 3002)).toEqual([
      ['row 2998', 2998, 'f0.parquet'],
      ['row 2999', 2999, 'f0.parquet'],
      ['row 0', 200_000, 'f2.parquet'],
      ['row 1', 200_001, 'f2.parquet'],
    ])
    expect((await pull(table(), { rowsMax: 100_000 })).rows).toEqual(rows)
    const reader = source.open(table(), { id: '0' }, '')
    await expect.poll(() => reader.end()).toBe('1@f3.parquet')
    await reader.close()
    expect((await pull(table(), { rowsMax: 5000, until: '1@f3.parquet' })).rows).toEqual(rows)
  })

  it('goes on from any offset, and stops at one', async () => {
    const whole = await pull(table(), { rowsMax: 257 })
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 4000 }),
        async (a, b, rowsMax) => {
          const n = whole.offsets.length
          const [i, j] = [a % n, b % n].sort((x, y) => x - y)
          const [from, until] = [whole.offsets[i], whole.offsets[j]]
          const between = await pull(table(), { from, until, rowsMax })
          const after = await pull(table(), { from: until, rowsMax })
          const before = await pull(table(), { until: from, rowsMax })
          expect([...before.rows, ...between.rows, ...after.rows]).toEqual(whole.rows)
        },
      ),
      { numRuns: 8, seed: seedOf('parquet') },
    )
  })
})

it('reads every type, columns by their names, and what is not there as NULL', async () => {
  await run(`COPY (SELECT 1 AS extra, {'a': 7, 'B b': 'x'} AS pair, [{'v': 1.5::DOUBLE}, NULL] AS pairs, [1, NULL]::INT[] AS list,
      MAP {'k': 2} AS counts, '{"n": 1}' AS doc, 'xyz'::BLOB AS raw, DATE '2000-02-29' AS day, TIME '12:00:01.5' AS noon,
      TIMESTAMP '2024-01-01 00:00:00.123456' AS at, TIMESTAMPTZ '2024-01-01 00:00:00Z' AS instant, 12.125::DECIMAL(20, 3) AS money,
      'nan'::FLOAT AS ratio, 200::UTINYINT AS small, true AS ok
    UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
    TO '${folder}/types.parquet' (FORMAT parquet)`)
  const columns = `ok BOOLEAN, small INT, ratio FLOAT, money DECIMAL(20, 3), instant TIMESTAMP_LTZ(3), at TIMESTAMP(6), noon TIME(3),
    day DATE, raw BYTES, doc JSON, counts MAP<STRING, INT>, list ARRAY<INT>, pairs ARRAY<ROW<v DOUBLE>>, pair ROW<a INT, "B b" STRING>`
  const options = `'path' = '${folder}/types.parquet', 'format' = 'parquet'`
  const { rows } = await pull(tableOf(`${columns}, absent INT`, options), { rowsMax: 10 })
  const us = Date.UTC(2024, 0, 1) * 1000
  expect(rows).toEqual([
    [
      ...[true, 200, Number.NaN, 12_125, us, us + 123_456, 43_201_500_000, 11_016],
      ...[new Uint8Array([120, 121, 122]), '{"n": 1}', [['k', 2]], [1, null], [[1.5], null]],
      ...[[7, 'x'], null],
    ],
    new Array(15).fill(null),
  ])
  const failing = async (wrong: string, path = `${folder}/types.parquet`) =>
    pull(tableOf(wrong, `'path' = '${path}', 'format' = 'parquet'`), { rowsMax: 10 })
  const failed = { code: 'CONNECTOR_FAILED' }
  await expect(failing('absent INT NOT NULL')).rejects.toMatchObject(failed)
  await expect(failing('ok BOOLEAN NOT NULL')).rejects.toMatchObject(failed)
  await expect(failing('doc INT')).rejects.toMatchObject(failed)
  writeFileSync(`${folder}/broken.parquet`, 'PAR1 and so on')
  await expect(failing('a INT', `${folder}/broken.parquet`)).rejects.toMatchObject(failed)
  await expect(failing('ok INTERVAL DAY TO SECOND')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})

it('follows a folder, and answers a SELECT over what is there', async () => {
  const server = await TestServer.start()
  try {
    await server.sql(`CREATE TABLE parts (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '${folder}/parts',
      'format' = 'parquet', 'source.monitor-interval' = '20 ms');
      CREATE MATERIALIZED VIEW total AS SELECT COUNT(*) AS n, SUM(n) AS s FROM parts`)
    await server.eventually('SELECT COUNT(*) FROM parts', [[0]])
    mkdirSync(`${folder}/parts`)
    for (const [i, count] of [10, 0, 20_000].entries()) {
      const path = `${folder}/parts/p${i}.parquet`
      await run(
        `COPY (SELECT n FROM range(${count}) AS r(n)) TO '${folder}/p.tmp' (FORMAT parquet)`,
      )
      nodeDisk.rename(`${folder}/p.tmp`, path)
      const all = [10, 10, 20_010][i]
      const sum = [45, 45, 199_990_045][i]
      await server.eventually('SELECT n, s FROM total', [[all, sum]])
      await server.eventually('SELECT COUNT(*), SUM(n) FROM parts', [[all, sum]])
      if (i === 0) await server.restart()
    }
  } finally {
    await server.stop()
  }
}, 30_000)

describe('PARTITIONED BY', () => {
  it('reads the values of folders, also of other formats', async () => {
    await run(`COPY (SELECT n, n % 2 = 0 AS even, CASE WHEN n % 3 > 0 THEN 'a/b=' || n % 3 END AS kind FROM range(12) AS r(n))
      TO '${folder}/hive' (FORMAT parquet, PARTITION_BY (even, kind))`)
    const columns = 'kind STRING, n BIGINT, even BOOLEAN'
    const by = 'PARTITIONED BY (even, kind)'
    const options = `'path' = '${folder}/hive/', 'format' = 'parquet'`
    const { rows } = await pull(tableOf(columns, options, by), { rowsMax: 5 })
    const wanted = Array.from({ length: 12 }, (_, n) => [
      ...[n % 3 > 0 ? `a/b=${n % 3}` : null, n, n % 2 === 0],
    ])
    expect(rows.sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual(wanted)
    mkdirSync(`${folder}/lines/day=2024-05-06`, { recursive: true })
    writeFileSync(`${folder}/lines/day=2024-05-06/a.csv`, '1,x\n2,y\n')
    const csv = `'path' = '${folder}/lines', 'format' = 'csv'`
    const lines = tableOf('n INT, day DATE, s STRING', csv, 'PARTITIONED BY (day)')
    expect((await pull(lines, { rowsMax: 5 })).rows).toEqual([
      [1, 19_849, 'x'],
      [2, 19_849, 'y'],
    ])
    const wrong = tableOf('n INT, hour INT, s STRING', csv, 'PARTITIONED BY (hour)')
    await expect(pull(wrong, { rowsMax: 5 })).rejects.toMatchObject({ code: 'CONNECTOR_FAILED' })
  })

  it.each([
    ['PARTITIONED BY (b)', 'UNKNOWN_COLUMN'],
    ['PARTITIONED BY (a, a)', 'DUPLICATE_NAME'],
    ['PARTITIONED BY (f)', 'INVALID_ARGUMENT'],
    ['PARTITIONED BY (r)', 'TYPE_MISMATCH'],
    ['PARTITIONED BY (a, c, r2)', 'INVALID_ARGUMENT'],
    ['PARTITIONED BY ()', 'SYNTAX'],
  ])('refuses %s', (by, code) => {
    const columns =
      code === 'INVALID_ARGUMENT' && by.includes('r2')
        ? 'a INT, c INT, r2 STRING'
        : `a INT, c INT, r ROW<x INT>, f STRING METADATA FROM 'file.name'`
    const options = `'path' = 'x', 'format' = 'parquet'`
    expect(() => tableOf(columns, options, by)).toThrow(expect.objectContaining({ code }))
  })

  it('is refused where there are no folders, and for a table that is followed', async () => {
    const followed = `'path' = 'x', 'format' = 'json', 'source.monitor-interval' = '1 s'`
    expect(() => tableOf('a INT, b INT', followed, 'PARTITIONED BY (a)')).toThrow(
      'cannot be followed',
    )
    const server = await TestServer.start()
    try {
      const sql = 'CREATE TABLE s (a INT, b INT) PARTITIONED BY (a)'
      expect((await server.post('/v1/sql', { sql })).json.code).toBe('UNSUPPORTED')
      await server.sql(`CREATE TABLE p (a INT, b INT) PARTITIONED BY (a) WITH ('connector' = 'filesystem', 'path' = '${folder}/no', 'format' = 'csv');
        CREATE TABLE p2 (c INT) WITH ('path' = '${folder}/no2') LIKE p; CREATE TABLE p3 (c INT) LIKE p (EXCLUDING PARTITIONS)`)
      const extras = async (name: string) =>
        (await server.rows(`DESCRIBE ${name}`))
          .filter((row) => row.includes('PARTITIONED BY'))
          .map(([column]) => column)
      expect(await extras('p')).toEqual(['a'])
      expect(await extras('p2')).toEqual(['a'])
      expect(await extras('p3')).toEqual([])
      expect((await server.rows('SHOW CREATE TABLE p2'))[0][0]).toContain('PARTITIONED BY (a)')
    } finally {
      await server.stop()
    }
  })
})
