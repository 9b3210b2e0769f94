import { expect, it } from 'vitest'
import {
  Catalog,
  defineTable,
  defineView,
  describe,
  parseStatements,
  Settings,
  show,
  showSettings,
} from '../../../sql/index.ts'

function catalogOf(sql: string): Catalog {
  const catalog = new Catalog()
  for (const statement of parseStatements(sql)) {
    if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog)!)
    if (statement.kind === 'create-view') catalog.add(defineView(statement, catalog)!.entry)
  }
  return catalog
}

const catalog = catalogOf(`
  CREATE TABLE zebra (
    a INT NOT NULL COMMENT 'the first',
    ts TIMESTAMP(3),
    b AS a + 1,
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
  ) COMMENT 'with stripes';
  CREATE TABLE ant (x STRING);
  CREATE VIEW v COMMENT 'the same' AS SELECT x FROM ant;
  CREATE MATERIALIZED VIEW m AS SELECT a, b, COUNT(*) AS n FROM zebra GROUP BY b, a;`)

it('lists by name', () => {
  expect(show('tables', catalog).rows).toEqual([
    ['ant', 'log', null],
    ['zebra', 'log', 'with stripes'],
    ['zebra$late', 'log', 'Rows of zebra that came too late, and the query that left them out'],
  ])
  expect(show('views', catalog).rows).toEqual([['v', false, 'the same']])
  expect(show('materialized-views', catalog).rows).toEqual([['m', false, null]])
  expect(show('queries', catalog).rows).toEqual([])
  const functions = show('functions', catalog)
  expect(functions.rows.find((row) => row[0] === 'COUNT')?.[1]).toBe('aggregate')
  expect(functions.rows.find((row) => row[0] === 'UPPER')?.[1]).toBe('string')
})

it('describes columns: type, nullability, key, computed expression, watermark, comment', () => {
  const answer = describe(catalog.find('zebra')!)
  expect(answer.columns.map((column) => column.name)).toEqual([
    'name',
    'type',
    'null',
    'key',
    'extras',
    'watermark',
    'comment',
  ])
  expect(answer.rows).toEqual([
    ['a', 'INT', false, null, null, null, 'the first'],
    ['ts', 'TIMESTAMP(3)', true, null, null, "ts - INTERVAL '5' SECOND", null],
    ['b', 'INT', false, null, 'AS a + 1', null, null],
  ])
  expect(describe(catalog.find('m')!).rows.map((row) => [row[0], row[3]])).toEqual([
    ['a', 2],
    ['b', 1],
    ['n', null],
  ])
})

it('shows settings', () => {
  const settings = new Settings()
  settings.set('millrace.rows-max', '12')
  const row = showSettings(settings).rows.find((r) => r[0] === 'millrace.rows-max')
  expect(row?.[1]).toBe('12')
})
