/** Short texts that mean very much: what doubles with each step is refused, or is no more work than
 *  its text (law 7). */

import { expect, test } from 'vitest'
import { asSqlError } from '../../engine/base/errors.ts'
import { Pipeline } from '../../engine/graph/pipeline.ts'
import {
  Catalog,
  defineFunction,
  defineTable,
  Planner,
  parseStatements,
  type Statement,
} from '../../sql/index.ts'

const steps = (count: number, step: (inner: string, i: number) => string, first: string): string =>
  Array.from({ length: count }).reduce<string>((inner, _, i) => step(inner, i), first)

/** c0 is the first query, c1 reads c0, and so on. */
const chain = (count: number, first: string, next: (before: string) => string): string =>
  `WITH c0 AS (${first}), ${Array.from({ length: count }, (_, i) => `c${i + 1} AS (${next(`c${i}`)})`).join(', ')}
   SELECT COUNT(*) AS n FROM c${count}`

function catalogOf(): Catalog {
  const catalog = new Catalog()
  const [table] = parseStatements(
    'CREATE TABLE t (i BIGINT, s STRING, ts TIMESTAMP(3), a INT, b INT, c INT, d INT, e INT)',
  )
  catalog.add(defineTable(table as Extract<Statement, { kind: 'create-table' }>, catalog)!)
  return catalog
}

/** What comes of planning and building it: ok, or the error's code. */
function outcomeOf(sql: string): string {
  const catalog = catalogOf()
  try {
    for (const statement of parseStatements(sql)) {
      if (statement.kind === 'create-function') {
        catalog.add(defineFunction(statement, catalog)!.entry)
        continue
      }
      if (statement.kind === 'create-table') {
        defineTable(statement, catalog)
        continue
      }
      if (statement.kind !== 'select') throw new Error(`unexpected ${statement.kind}`)
      const planner = new Planner(catalog)
      const { plan } = planner.planQuery(statement, 'continuous', { id: 'q', name: 'q' })
      new Pipeline(plan, { clock: { epoch: 1, nowUs: 0, seed: 1 }, batchRowsMax: 1024 })
    }
    return 'ok'
  } catch (error) {
    return asSqlError(error).code
  }
}

const LIMIT = 'LIMIT_EXCEEDED'

test.each([
  ['joins that double', chain(25, 'SELECT 1 AS x', (c) => `SELECT a.x FROM ${c} a, ${c} b`), LIMIT],
  [
    'unions that double',
    chain(25, 'SELECT 1 AS x', (c) => `SELECT x FROM ${c} UNION ALL SELECT x FROM ${c}`),
    LIMIT,
  ],
  [
    'subqueries that double',
    chain(25, 'SELECT 1 AS x', (c) => `SELECT x + (SELECT MAX(x) FROM ${c}) AS x FROM ${c}`),
    LIMIT,
  ],
  ['some doubling', chain(7, 'SELECT 1 AS x', (c) => `SELECT a.x FROM ${c} a, ${c} b`), 'ok'],
  [
    'stars that double',
    `SELECT * FROM ${steps(20, (q) => `(SELECT *, q.* FROM ${q} q)`, 't')} q`,
    LIMIT,
  ],
  [
    'a very wide join',
    `SELECT * FROM t t0 ${Array.from({ length: 250 }, (_, i) => `JOIN t t${i + 1} ON t${i + 1}.i = t0.i`).join(' ')}`,
    LIMIT,
  ],
  [
    'columns that double',
    `SELECT * FROM ${steps(40, (q) => `(SELECT x + x AS x FROM ${q} q)`, '(SELECT i AS x FROM t)')} q`,
    'ok',
  ],
  [
    'conditions over columns that double',
    `SELECT * FROM ${steps(40, (q, i) => `(SELECT x + x AS x FROM ${q} q WHERE x > ${i} OR x < 5)`, '(SELECT i AS x FROM t)')} q`,
    'ok',
  ],
  [
    'temporal conditions over columns that double',
    `SELECT * FROM ${steps(
      40,
      (q) =>
        `(SELECT CASE WHEN x > TIMESTAMP '2024-01-01 00:00:00' THEN x ELSE x + INTERVAL '1' DAY END AS x FROM ${q} q)`,
      '(SELECT ts AS x FROM t)',
    )} q WHERE x > CURRENT_TIMESTAMP - INTERVAL '1' HOUR`,
    'ok',
  ],
  [
    'computed columns that double',
    `CREATE TABLE u (a BIGINT, c0 AS a + a, ${Array.from({ length: 40 }, (_, i) => `c${i + 1} AS c${i} + c${i}`).join(', ')})`,
    LIMIT,
  ],
  [
    'functions that double',
    steps(
      30,
      (text, i) =>
        `${text}; CREATE FUNCTION f${i + 1}(x BIGINT) RETURNS BIGINT RETURN f${i}(x) + f${i}(x)`,
      'CREATE FUNCTION f0(x BIGINT) RETURNS BIGINT RETURN x',
    ),
    LIMIT,
  ],
  ['macros that double', `SELECT ${'NULLIF('.repeat(45)}i${', 1)'.repeat(45)} FROM t`, LIMIT],
  ['calls in calls', `SELECT ${'REPLACE('.repeat(45)}s${", 'a', 'b')".repeat(45)} FROM t`, 'ok'],
  [
    'texts that grow tenfold',
    `SELECT ${'REPLACE('.repeat(20)}'aa'${", 'a', 'aaaaaaaaaa')".repeat(20)}`,
    'ok',
  ],
])('%s', (_name, sql, outcome) => {
  expect(outcomeOf(sql)).toBe(outcome)
})
