import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Batch } from '../../../engine/batch/batch.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { typeName } from '../../../engine/batch/types.ts'
import { ParquetFile, readParquet } from '../../../engine/view/parquet.ts'

let folder: string
let path: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-parquet-'))
  path = join(folder, "it's.parquet")
  const connection = await (await DuckDBInstance.create()).connect()
  await connection.run(`COPY (
    SELECT i::BIGINT AS n, (i % 200)::UTINYINT AS small, 'name' || i AS "a ""b""",
      CASE WHEN i % 3 = 0 THEN NULL ELSE i / 4 END AS half, DATE '2001-01-01' + i::INT AS day,
      TIMESTAMP_MS '2001-01-01 00:00:00' + INTERVAL (i) MINUTE AS at, i % 2 = 0 AS even,
      (i * 1.25)::DECIMAL(10, 2) AS money, [i, NULL] AS list
    FROM range(5000) t(i)) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`)
  connection.closeSync()
})

afterAll(() => rmSync(folder, { recursive: true }))

it('reads all columns with their types, in batches', async () => {
  const file = await ParquetFile.open(path)
  expect(file.rowCount).toBe(5000)
  expect(file.schema.fields.map(({ name, type }) => `${name} ${typeName(type)}`)).toEqual([
    'n BIGINT',
    'small SMALLINT',
    'a "b" STRING',
    'half DOUBLE',
    'day DATE',
    'at TIMESTAMP(6)',
    'even BOOLEAN',
    'money DECIMAL(10, 2)',
    'list ARRAY<BIGINT>',
  ])
  const batches: Batch[] = []
  for await (const batch of file.batches(3000)) batches.push(batch)
  await file.close()
  expect(batches.every(({ rowCount }) => rowCount <= 3000)).toBe(true)
  const rows = batches.flatMap((batch) => rowsOf(batch))
  const start = Date.UTC(2001, 0, 1)
  const want = Array.from({ length: 5000 }, (_, i) => [
    i,
    i % 200,
    `name${i}`,
    i % 3 === 0 ? null : i / 4,
    start / 86400000 + i,
    (start + i * 60000) * 1000,
    i % 2 === 0,
    i * 125,
    [i, null],
  ])
  expect(rows).toEqual(want)
})

it('reads chosen columns in an order', async () => {
  const rows = []
  const options = { batchRows: 10, columns: ['at', 'n'], orderBy: ['n'], rowsMax: 25 }
  for await (const batch of readParquet(path, options)) rows.push(...rowsOf(batch))
  expect(rows.map(([, n]) => n)).toEqual(Array.from({ length: 25 }, (_, i) => i))
})

it('says what is wrong with a file', async () => {
  await expect(ParquetFile.open(join(folder, 'none.parquet'))).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  const broken = join(folder, 'broken.parquet')
  writeFileSync(broken, 'this is not Parquet at all')
  await expect(ParquetFile.open(broken)).rejects.toMatchObject({ code: 'INVALID_VALUE' })
  await expect(ParquetFile.open(path, { columns: ['nope'] })).rejects.toMatchObject({
    code: 'UNKNOWN_COLUMN',
  })
})

it('reads the flights of the demo', async () => {
  const data = '../../../node_modules/vega-datasets/data/flights-3m.parquet'
  const flights = fileURLToPath(new URL(data, import.meta.url))
  const file = await ParquetFile.open(flights, { rowsMax: 100_000 })
  let rows = 0
  for await (const batch of file.batches(20_000)) rows += batch.rowCount
  await file.close()
  expect(rows).toBe(100_000)
  expect(file.schema.fields.map((field) => field.name)).toEqual([
    'date',
    'delay',
    'distance',
    'origin',
    'destination',
  ])
})
