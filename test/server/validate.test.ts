/** POST /v1/validate: every kind of statement, several diagnostics, and nothing done. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Validation } from '../../server/statements/validate.ts'
import { Life } from '../slt/runner/life.ts'
import { settle } from '../slt/runner/settle.ts'

let life: Life
beforeEach(async () => {
  life = await Life.begin({ seed: 1, checkpointIntervalMs: Infinity })
  await life.db.execute(`CREATE TABLE t (k STRING, v INT);
    CREATE TABLE sink (k STRING, v INT);
    CREATE TABLE keyed (k STRING, v INT, PRIMARY KEY (k) NOT ENFORCED);
    CREATE VIEW big AS SELECT k FROM t WHERE v > 1;
    CREATE MATERIALIZED VIEW m AS SELECT k, COUNT(*) AS n FROM t GROUP BY k;
    CREATE QUERY q AS SELECT k FROM t;
    INSERT INTO t VALUES ('a', 1), ('b', 2)`)
  await settle(life.db)
})
afterEach(() => life.end())

const check = (sql: string): Promise<Validation> => life.db.validate(sql)

it.each([
  ['SELECT k, v * 2 AS w FROM t', 'k STRING, w INT', true],
  ['SELECT v FROM t ORDER BY v', 'v INT', true],
  ['CREATE TABLE x (a INT, b AS a + 1, c INT)', 'a INT, b INT, c INT', false],
  ['CREATE TABLE x AS SELECT k, v FROM t', 'k STRING, v INT', true],
  ['CREATE VIEW x AS SELECT v FROM t', 'v INT', true],
  ['CREATE OR REPLACE VIEW big AS SELECT k, v FROM t', 'k STRING, v INT', true],
  ['CREATE MATERIALIZED VIEW x AS SELECT v FROM t', 'v INT', true],
  ['CREATE QUERY x AS SELECT v FROM t', 'v INT', true],
  ['CREATE FUNCTION f(x INT) RETURNS INT RETURN x', '', false],
  ["INSERT INTO t VALUES ('a', 1)", '', false],
  ['INSERT INTO sink (v) SELECT v FROM t', 'k STRING, v INT', true],
  ['EXECUTE STATEMENT SET BEGIN INSERT INTO sink SELECT k, v FROM t; END', '', false],
  ["UPDATE keyed SET v = 1 WHERE k = 'a'", '', false],
  ['DELETE FROM keyed', '', false],
  ['ALTER TABLE t ADD more INT', 'k STRING, v INT, more INT', false],
  ['ALTER VIEW big AS SELECT k, v FROM t', 'k STRING, v INT', true],
  ['ALTER VIEW big RENAME TO bigger', '', false],
  ['ALTER QUERY q AS SELECT k, v FROM t', 'k STRING, v INT', true],
  ['ALTER QUERY q PAUSE', '', false],
  ['DROP QUERY q', '', false],
  ['DROP TABLE IF EXISTS nothing', '', false],
  ['SHOW TABLES', 'name STRING, connector STRING, comment STRING', false],
  ['SHOW CREATE TABLE t', 'statement STRING', false],
  ['EXPLAIN SELECT k FROM t', 'plan STRING', false],
  ['EXPLAIN ANALYZE q', 'plan STRING', false],
  ["SET 'table.local-time-zone' = '+02:00'", '', false],
  ['SET', 'key STRING, value STRING, doc STRING', false],
  ['RESET', '', false],
])('%s', async (sql, columns, planned) => {
  const { valid, statements, diagnostics } = await check(sql)
  expect(diagnostics).toEqual([])
  expect(valid).toBe(true)
  const [{ columns: found = [], plan }] = statements
  expect(found.map(({ name, type }) => `${name} ${type}`).join(', ')).toBe(columns)
  expect(plan !== undefined).toBe(planned)
})

it.each(['DESCRIBE t', 'SHOW COLUMNS FROM t', 'DESCRIBE FUNCTION upper', 'SHOW QUERIES'])(
  '%s has the columns of its answer',
  async (sql) => {
    const { statements } = await check(sql)
    const [result] = await life.db.execute(sql)
    if (result.kind !== 'rows') throw new Error('no rows')
    expect(statements[0].columns?.map(({ name }) => name)).toEqual(
      result.schema.fields.map(({ name }) => name),
    )
  },
)

it.each([
  ['SELECT nope FROM t', 'UNKNOWN_COLUMN', 8, 4],
  ['CREATE TABLE t (a INT)', 'DUPLICATE_NAME', 14, 1],
  ['CREATE TABLE x AS SELECT nope FROM t', 'UNKNOWN_COLUMN', 26, 4],
  ["ALTER TABLE t SET ('splits' = '9')", 'UNSUPPORTED', 20, 14],
  ['ALTER TABLE t DROP v', 'IN_USE', 20, 1],
  ['ALTER QUERY nothing PAUSE', 'UNKNOWN_QUERY', 13, 7],
  ['ALTER VIEW big AS SELECT nope FROM t', 'UNKNOWN_COLUMN', 26, 4],
  ['ALTER VIEW big RENAME TO t', 'DUPLICATE_NAME', 26, 1],
  ['DROP TABLE t', 'IN_USE', 12, 1],
  ["SET 'no.such' = '1'", 'UNKNOWN_OPTION', 5, 9],
  ["SET 'millrace.rows-max' = 'many'", 'INVALID_OPTION', 27, 6],
  ["RESET 'no.such'", 'UNKNOWN_OPTION', 7, 9],
  ['DESCRIBE nothing', 'UNKNOWN_TABLE', 10, 7],
  ['SHOW CREATE QUERY nothing', 'UNKNOWN_QUERY', 19, 7],
  ['EXPLAIN SELECT nope FROM t', 'UNKNOWN_COLUMN', 16, 4],
  ['EXPLAIN ANALYZE nothing', 'UNKNOWN_QUERY', 17, 7],
  ['UPDATE keyed SET nope = 1', 'UNKNOWN_COLUMN', 18, 4],
  ["INSERT INTO t VALUES ('a', 'b')", 'TYPE_MISMATCH', 28, 3],
  ['INSERT INTO sink SELECT k, v FROM keyed', 'UNSUPPORTED', 13, 4],
  ['CREATE TABLE x AS SELECT k, COUNT(*) AS n FROM t GROUP BY k', 'UNSUPPORTED', 14, 1],
])('%s: %s', async (sql, code, column, length) => {
  const { valid, diagnostics } = await check(sql)
  expect(valid).toBe(false)
  expect(diagnostics).toMatchObject([{ code, line: 1, column, length }])
})

it('says all that is wrong, but not what only follows from it', async () => {
  const { statements, diagnostics } = await check(`SELEC 1;
    CREATE VIEW broken AS SELECT nope FROM t;
    SELECT * FROM broken;
    CREATE TABLE fresh (a INT);
    SELECT a, b FROM fresh`)
  expect(statements.map(({ kind, statement }) => [kind, statement])).toEqual([['create-table', 4]])
  expect(
    diagnostics.map(({ code, line, column, details }) => [code, line, column, details]),
  ).toEqual([
    ['SYNTAX', 1, 1, { statement: 1 }],
    ['UNKNOWN_COLUMN', 2, 34, { statement: 2 }],
    ['UNKNOWN_COLUMN', 5, 15, { statement: 5 }],
  ])
  const [whole] = (await check("SELECT 1; SELECT 'a")).diagnostics
  expect(whole).toMatchObject({ code: 'SYNTAX', line: 1, column: 18 })
})

it('statements see what those before them would do, and settings', async () => {
  const { valid, statements } = await check(`CREATE TABLE a (x INT);
    ALTER TABLE a ADD y STRING;
    ALTER TABLE a RENAME TO b;
    CREATE MATERIALIZED VIEW c AS SELECT * FROM b;
    SET 'table.exec.state.ttl' = '1 d';
    SELECT x, COUNT(*) AS n FROM c GROUP BY x;
    DROP MATERIALIZED VIEW c; DROP TABLE b`)
  expect(valid).toBe(true)
  expect(statements[3].columns?.map(({ name }) => name)).toEqual(['x', 'y'])
  expect(statements[5].warnings).toEqual([])
  // Nothing was done.
  expect((await life.db.streams()).map(({ name }) => name)).toEqual(['t', 'sink', 'keyed'])
  const [again] = (await check('SELECT k, COUNT(*) AS n FROM t GROUP BY k')).statements
  expect(again.warnings).toHaveLength(1)
  expect((await check('SELECT x FROM a')).valid).toBe(false)
})

it('shows what would become of the state of the query that is replaced', async () => {
  const { statements } = await check(
    'CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT k, MAX(v) AS n FROM t GROUP BY k',
  )
  const [{ operators, warnings }] = statements
  expect(operators?.map(({ fate, rows }) => [fate, rows])).toEqual([
    ['dropped', 2],
    ['new', 0],
  ])
  expect(warnings?.at(-1)).toContain('2 rows of state would be lost')
  expect((await life.db.query('m')).columns.map(({ type }) => type)).toEqual(['STRING', 'BIGINT'])
})

it('a query that can only be asked once is right, and says so', async () => {
  const { valid, statements } = await check('SELECT v FROM t ORDER BY v')
  expect(valid).toBe(true)
  expect(statements[0].warnings?.at(-1)).toContain('It can only be asked once')
})
