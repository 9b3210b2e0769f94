/** Planned queries give the right rows: text in, the engine's own operators run, rows out. */

import { expect, it } from 'vitest'
import type { Batch } from '../../engine/batch/batch.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { concat } from '../../engine/batch/concat.ts'
import { consolidate } from '../../engine/batch/consolidate.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import type { Value } from '../../engine/expr/ir.ts'
import { Pipeline } from '../../engine/graph/pipeline.ts'
import { Catalog, defineTable, defineView, Planner, parseStatements } from '../../sql/index.ts'
import { RULES } from '../../sql/optimize/optimizer.ts'
import type { Rule } from '../../sql/optimize/rule.ts'

const MINUTE_US = 60_000_000
const T0 = Date.UTC(2024, 0, 1) * 1000

/** name, a, b, ts */
const ROWS: readonly (readonly Value[])[] = [
  ['x', 1, 1.5, T0],
  ['y', 2, null, T0 + 10_000_000],
  ['x', null, 2.5, T0 + 20_000_000],
  ['x', 4, 3.5, T0 + MINUTE_US],
  [null, 5, 4.5, T0 + MINUTE_US + 1],
  ['y', 2, 5.5, T0 + 3 * MINUTE_US],
]

function catalogOf(): Catalog {
  const catalog = new Catalog()
  const text = `
    CREATE TABLE t (name STRING, a INT, b DOUBLE, ts TIMESTAMP(3),
      WATERMARK FOR ts AS ts - INTERVAL '1' SECOND);
    CREATE VIEW doubled (n, twice) AS SELECT name, a * 2 FROM t;
    CREATE MATERIALIZED VIEW sums AS SELECT name, SUM(a) AS total FROM t GROUP BY name;`
  for (const statement of parseStatements(text)) {
    if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog)!)
    if (statement.kind === 'create-view') catalog.add(defineView(statement, catalog)!.entry)
  }
  return catalog
}

/** The rows of a bounded SELECT, sorted by their text unless the query sorts. */
function answer(sql: string, given = ROWS, rules: readonly Rule[] = RULES): Value[][] {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select') throw new Error('not a query')
  const planner = new Planner(catalogOf(), { rules })
  const { plan } = planner.planQuery(statement, 'bounded', { id: 'q', name: 'q' })
  const pipeline = new Pipeline(plan, {
    clock: { epoch: 1, nowUs: T0, seed: 1 },
    batchRowsMax: 1024,
  })
  const [table] = catalogOf().list('table')
  const output: Batch[] = []
  const endEpoch = () => output.push(...[pipeline.endEpoch()].filter((batch) => batch !== null))
  for (const leaf of pipeline.leaves) {
    const builder = new BatchBuilder(table.spec.schema)
    for (const row of given) builder.append(row)
    if (given.length > 0) leaf.batch(builder.finish())
  }
  endEpoch()
  for (const leaf of pipeline.leaves) leaf.watermark(Number.POSITIVE_INFINITY)
  endEpoch()
  const result = plan.appendOnly ? concat(output) : consolidate(output, plan.schema)
  const rows = result === null ? [] : rowsOf(result)
  return /order by/i.test(sql) ? rows : rows.sort((a, b) => (String(a) < String(b) ? -1 : 1))
}

it.each<[string, Value[][]]>([
  [
    'SELECT name, a + 1 AS c FROM t WHERE a > 2',
    [
      [null, 6],
      ['x', 5],
    ],
  ],
  ['SELECT 1 + 1 AS two, NULL AS n', [[2, null]]],
  ["SELECT CURRENT_TIMESTAMP = TIMESTAMP '2024-01-01 00:00:00' AS now", [[true]]],
  [
    "VALUES (1, 'a'), (2, NULL) ORDER BY 1 DESC",
    [
      [2, null],
      [1, 'a'],
    ],
  ],
  [
    'SELECT name, COUNT(*) AS n, SUM(a) AS s FROM t GROUP BY name',
    [
      [null, 1, 5],
      ['x', 3, 5],
      ['y', 2, 4],
    ],
  ],
  [
    'SELECT name, SUM(a) * 10 + COUNT(*) AS k FROM t GROUP BY name HAVING COUNT(*) > 1',
    [
      ['x', 53],
      ['y', 42],
    ],
  ],
  ['SELECT COUNT(*) AS n, MAX(a) AS m FROM t WHERE a > 100', [[0, null]]],
  ['SELECT DISTINCT name FROM t', [[null], ['x'], ['y']]],
  ['SELECT DISTINCT a FROM t ORDER BY a DESC LIMIT 2', [[5], [4]]],
  [
    'SELECT name FROM t WHERE a IS NOT NULL ORDER BY a DESC, name LIMIT 3 OFFSET 1',
    [['x'], ['y'], ['y']],
  ],
  ['SELECT name, COUNT(*) AS n FROM t GROUP BY name ORDER BY SUM(b), n LIMIT 1', [[null, 1]]],
  [
    "SELECT name, COUNT(*) AS n FROM t GROUP BY name, TUMBLE(ts, INTERVAL '1' MINUTE)",
    [
      [null, 1],
      ['x', 1],
      ['x', 2],
      ['y', 1],
      ['y', 1],
    ],
  ],
  [
    `SELECT TUMBLE_START(ts, INTERVAL '2' MINUTE) AS s, TUMBLE_END(ts, INTERVAL '2' MINUTE) AS e,
            MAX(b) AS m
     FROM t GROUP BY TUMBLE(ts, INTERVAL '2' MINUTE)`,
    [
      [T0, T0 + 2 * MINUTE_US, 4.5],
      [T0 + 2 * MINUTE_US, T0 + 4 * MINUTE_US, 5.5],
    ],
  ],
  [
    `SELECT COUNT(*) AS n, window_end, window_start, MIN(window_start) AS again
     FROM TUMBLE(t, ts, INTERVAL '1' MINUTE) WHERE a = 2 GROUP BY window_start, window_end`,
    [
      [1, T0 + 4 * MINUTE_US, T0 + 3 * MINUTE_US, T0 + 3 * MINUTE_US],
      [1, T0 + MINUTE_US, T0, T0],
    ],
  ],
  [
    `SELECT SUM(n) AS n, COUNT(*) AS minutes FROM (
       SELECT COUNT(*) AS n, TUMBLE_ROWTIME(ts, INTERVAL '1' MINUTE) AS rt
       FROM t GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE))
     GROUP BY TUMBLE(rt, INTERVAL '1' HOUR)`,
    [[6, 3]],
  ],
  ['SELECT n, twice FROM doubled WHERE twice > 8', [[null, 10]]],
  [
    'WITH c (k, v) AS (SELECT name, a FROM t), d AS (SELECT k FROM c WHERE v = 2) SELECT * FROM d',
    [['y'], ['y']],
  ],
  [
    "SELECT CASE name WHEN 'x' THEN 'ex' WHEN 'y' THEN 'why' END AS w FROM t WHERE a BETWEEN 1 AND 2",
    [['ex'], ['why'], ['why']],
  ],
  ['SELECT a FROM t WHERE NOT a IN (1, 2)', [[4], [5]]],
  [
    "SELECT COUNT(*) FILTER (WHERE a > 1) AS n, name = 'x' AS is_x FROM t GROUP BY name = 'x'",
    [
      [1, null],
      [1, true],
      [2, false],
    ],
  ],
])('%s', (sql, rows) => {
  const expected = /order by/i.test(sql)
    ? rows
    : rows.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))
  expect(answer(sql)).toEqual(expected)
  expect(answer(sql, ROWS, []), 'without rules').toEqual(expected)
  for (const rule of RULES) expect(answer(sql, ROWS, [rule]), rule.name).toEqual(expected)
})

it('groups over nothing', () => {
  expect(answer('SELECT COUNT(*) AS n, SUM(a) AS s FROM t', [])).toEqual([[0, null]])
  expect(answer('SELECT name, COUNT(*) AS n FROM t GROUP BY name', [])).toEqual([])
})
