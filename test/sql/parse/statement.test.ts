import { expect, test } from 'vitest'
import { typeName } from '../../../engine/batch/types.ts'
import type { Statement } from '../../../sql/ast.ts'
import { parseEach, parseStatements } from '../../../sql/parse/index.ts'
import { printExpression } from './print-tree.ts'

function one<Kind extends Statement['kind']>(
  sql: string,
  kind: Kind,
): Extract<Statement, { kind: Kind }> {
  const [statement, ...rest] = parseStatements(sql)
  expect(rest).toEqual([])
  expect(statement.kind).toBe(kind)
  return statement as Extract<Statement, { kind: Kind }>
}

test('statements end with ; and know their text and place', () => {
  const sql = ' ;SELECT 1 ;; -- x\n SHOW TABLES;\nDROP TABLE t'
  const statements = parseStatements(sql)
  expect(statements.map(({ text }) => text)).toEqual(['SELECT 1', 'SHOW TABLES', 'DROP TABLE t'])
  for (const { at, text } of statements)
    expect(sql.slice(at.offset, at.offset + at.length)).toBe(text)
  expect(parseStatements(' -- nothing\n ; ')).toEqual([])
})

test('CREATE TABLE with everything', () => {
  const table = one(
    `CREATE TABLE IF NOT EXISTS "Clicks" (
      uid BIGINT NOT NULL COMMENT 'who',
      url VARCHAR(100),
      ts TIMESTAMP(3) METADATA FROM 'timestamp',
      part INT METADATA VIRTUAL,
      day AS CAST(ts AS DATE) COMMENT 'when',
      proc AS PROCTIME(),
      PRIMARY KEY (uid, url) NOT ENFORCED,
      WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
    ) COMMENT 'all clicks' WITH ('connector' = 'kafka', 'scan.startup.mode' = 'earliest-offset')`,
    'create-table',
  )
  expect(table).toMatchObject({
    name: { text: 'Clicks', quoted: true },
    ifNotExists: true,
    comment: 'all clicks',
    primaryKey: [{ text: 'uid' }, { text: 'url' }],
    watermark: { column: { text: 'ts' } },
  })
  expect(
    table.columns.map((c) =>
      [
        c.name.text,
        c.type === undefined ? `as ${printExpression(c.computed!)}` : typeName(c.type),
        c.notNull ? 'not null' : '',
        c.metadata
          ? `metadata ${c.metadata.from ?? '-'}${c.metadata.virtual ? ' virtual' : ''}`
          : '',
        c.comment ?? '',
      ].join('|'),
    ),
  ).toEqual([
    'uid|BIGINT|not null||who',
    'url|VARCHAR(100)|||',
    'ts|TIMESTAMP(3)||metadata timestamp|',
    'part|INT||metadata - virtual|',
    'day|as (cast ts DATE)|||when',
    'proc|as (PROCTIME)|||',
  ])
  expect(printExpression(table.watermark!.value)).toBe('(- ts 5000000)')
  expect(table.options.map(({ key, value }) => `${key.text}=${value}`)).toEqual([
    'connector=kafka',
    'scan.startup.mode=earliest-offset',
  ])
})

test.each(['SOURCE', 'SINK', 'STREAM', 'TABLE'])('CREATE %s is a table', (word) => {
  const table = one(`CREATE ${word} s (id INT PRIMARY KEY NOT ENFORCED)`, 'create-table')
  expect(table).toMatchObject({ name: { text: 's' }, columns: [{ primaryKey: true }], options: [] })
})

test('CREATE TABLE … LIKE', () => {
  const table = one("CREATE TABLE a (x INT) WITH ('k' = 'v') LIKE b", 'create-table')
  expect(table.like).toMatchObject({
    table: { text: 'b' },
    rules: {
      constraints: 'including',
      generated: 'including',
      metadata: 'including',
      options: 'overwriting',
      watermarks: 'including',
    },
  })
  const like = (options: string) => one(`CREATE TABLE a LIKE b (${options})`, 'create-table').like
  expect(like('EXCLUDING ALL INCLUDING WATERMARKS OVERWRITING OPTIONS')?.rules).toEqual({
    constraints: 'excluding',
    generated: 'excluding',
    metadata: 'excluding',
    options: 'overwriting',
    partitions: 'excluding',
    watermarks: 'including',
  })
  expect(like('EXCLUDING ALL')?.rules.options).toBe('excluding')
  expect(one('CREATE TEMPORARY TABLE a LIKE b', 'create-table')).toMatchObject({
    temporary: true,
    columns: [],
  })
})

test('views keep the query with its EMIT as text', () => {
  const sql = 'CREATE MATERIALIZED VIEW v (a, b) AS\n SELECT x, y FROM t EMIT CHANGES ;'
  const view = one(sql, 'create-view')
  expect(view).toMatchObject({
    materialized: true,
    temporary: false,
    orReplace: false,
    ifNotExists: false,
    columns: [{ text: 'a' }, { text: 'b' }],
    emit: { kind: 'changes' },
    queryText: 'SELECT x, y FROM t EMIT CHANGES',
    text: 'CREATE MATERIALIZED VIEW v (a, b) AS\n SELECT x, y FROM t EMIT CHANGES',
  })
  expect(
    one('CREATE OR REPLACE TEMPORARY VIEW IF NOT EXISTS v AS VALUES (1)', 'create-view'),
  ).toMatchObject({
    materialized: false,
    temporary: true,
    orReplace: true,
    ifNotExists: true,
  })
})

test.each([
  ['EMIT CHANGES', { kind: 'changes' }],
  ['EMIT FINAL', { kind: 'final' }],
  ['EMIT ON WINDOW CLOSE', { kind: 'final' }],
  ["EMIT EVERY INTERVAL '5' SECOND", { kind: 'every', intervalUs: 5_000_000 }],
])('%s', (emit, wanted) => {
  expect(one(`SELECT a FROM t ORDER BY a LIMIT 1 ${emit}`, 'select').emit).toMatchObject(wanted)
})

test('INSERT of rows and of a query', () => {
  const values = one(
    "INSERT INTO t (a, b) VALUES (1, 'x'), (-2, NULL), (1 + 1, DATE '2024-01-01')",
    'insert-values',
  )
  expect(values.columns.map((c) => c.text)).toEqual(['a', 'b'])
  expect(values.rows.map((row) => row.map(printExpression).join(' '))).toEqual([
    "1 'x'",
    '-2 null',
    '(+ 1 1) 19723',
  ])
  for (const query of [
    'SELECT a FROM s',
    '(SELECT a)',
    'WITH w AS (SELECT 1) SELECT * FROM w',
    'TABLE s',
    'VALUES (1) UNION VALUES (2)',
  ]) {
    expect(one(`INSERT INTO t ${query}`, 'insert-select')).toMatchObject({
      columns: [],
      queryText: query,
    })
  }
  expect(one('INSERT INTO t (a) SELECT 1', 'insert-select').columns).toHaveLength(1)
})

test.each([
  ['DROP TABLE t', { object: 'table', ifExists: false }],
  ['DROP STREAM IF EXISTS t', { object: 'table', ifExists: true }],
  ['DROP VIEW t', { object: 'view' }],
  ['DROP MATERIALIZED VIEW t', { object: 'materialized-view' }],
  ['DROP QUERY t', { object: 'query' }],
  ['DROP FUNCTION IF EXISTS t', { object: 'function', ifExists: true }],
])('%s', (sql, wanted) => {
  expect(one(sql, 'drop')).toMatchObject({ name: { text: 't' }, ...wanted })
})

test.each([
  ['TABLES', 'tables'],
  ['STREAMS', 'tables'],
  ['VIEWS', 'views'],
  ['MATERIALIZED VIEWS', 'materialized-views'],
  ['QUERIES', 'queries'],
  ['FUNCTIONS', 'functions'],
])('SHOW %s', (words, what) => {
  expect(one(`SHOW ${words}`, 'show').what).toBe(what)
})

test('SHOW CREATE and DESCRIBE', () => {
  expect(one('SHOW CREATE t', 'show-create')).toMatchObject({
    name: { text: 't' },
    object: undefined,
  })
  expect(one('SHOW CREATE MATERIALIZED VIEW t', 'show-create').object).toBe('materialized-view')
  expect(one('SHOW CREATE TABLE t', 'show-create').object).toBe('table')
  for (const sql of ['DESCRIBE t', 'DESC t', 'DESCRIBE TABLE t']) {
    expect(one(sql, 'describe').name.text).toBe('t')
  }
})

test.each([
  ['EXPLAIN SELECT 1', 'plan', 'select'],
  ['EXPLAIN PLAN FOR SELECT 1', 'plan', 'select'],
  ['EXPLAIN LOGICAL SELECT 1', 'logical', 'select'],
  ['EXPLAIN PHYSICAL INSERT INTO t SELECT 1', 'physical', 'insert-select'],
  ['EXPLAIN CODE CREATE VIEW v AS SELECT 1', 'code', 'create-view'],
  ['EXPLAIN ANALYZE SELECT 1', 'analyze', 'select'],
])('%s', (sql, mode, kind) => {
  expect(one(sql, 'explain')).toMatchObject({ mode, statement: { kind } })
})

test.each([
  ["SET 'a.b' = 'c d'", 'a.b', 'c d'],
  ['SET a.b-c = 5', 'a.b-c', '5'],
  ['SET a TO -1', 'a', '-1'],
  ['SET a = true', 'a', 'true'],
])('%s', (sql, key, value) => {
  expect(one(sql, 'set')).toMatchObject({ key: { text: key }, value: { text: value } })
})

test('SET and RESET alone are for all', () => {
  expect(one('SET', 'set').key).toBeUndefined()
  expect(one("RESET 'a.b'", 'reset').key?.text).toBe('a.b')
  expect(one('RESET', 'reset').key).toBeUndefined()
})

test('ALTER', () => {
  expect(one('ALTER QUERY q PAUSE', 'alter')).toMatchObject({
    object: 'query',
    action: { kind: 'pause' },
  })
  expect(one('ALTER MATERIALIZED VIEW v RESUME', 'alter').action).toEqual({ kind: 'resume' })
  expect(one('ALTER TABLE t RENAME TO u', 'alter').action).toMatchObject({
    kind: 'rename',
    to: { text: 'u' },
  })
  expect(one("ALTER TABLE t SET ('a' = 'b')", 'alter').action).toMatchObject({
    kind: 'set',
    options: [{ key: { text: 'a' }, value: 'b' }],
  })
})

const actionOf = (sql: string) => one(sql, 'alter').action

test('ALTER TABLE adds, changes and drops', () => {
  expect(actionOf('ALTER TABLE t ADD a INT')).toMatchObject({
    kind: 'add',
    columns: [{ name: { text: 'a' }, place: undefined }],
  })
  expect(
    actionOf(
      "ALTER TABLE t ADD (a INT NOT NULL COMMENT 'x' FIRST, b AS a + 1 AFTER a, PRIMARY KEY (a) NOT ENFORCED, WATERMARK FOR ts AS ts)",
    ),
  ).toMatchObject({
    kind: 'add',
    columns: [{ place: 'first', notNull: true }, { place: { after: { text: 'a' } } }],
    primaryKey: [{ text: 'a' }],
    watermark: { text: 'ts' },
  })
  expect(actionOf('ALTER TABLE t MODIFY COLUMN a BIGINT')).toMatchObject({ kind: 'modify' })
  expect(actionOf('ALTER TABLE t DROP (a, b)')).toMatchObject({
    kind: 'drop-columns',
    columns: [{ text: 'a' }, { text: 'b' }],
  })
  expect(actionOf('ALTER TABLE t DROP WATERMARK').kind).toBe('drop-watermark')
  expect(actionOf('ALTER TABLE t DROP PRIMARY KEY').kind).toBe('drop-key')
  expect(actionOf("ALTER TABLE t RESET ('a', 'b.c')")).toMatchObject({
    keys: [{ text: 'a' }, { text: 'b.c' }],
  })
  expect(one('ALTER TABLE IF EXISTS t RENAME a TO b', 'alter')).toMatchObject({
    ifExists: true,
    action: { kind: 'rename-column', from: { text: 'a' }, to: { text: 'b' } },
  })
})

test('a column may be called like a word of ALTER', () => {
  expect(actionOf('ALTER TABLE t RENAME TO TO x')).toMatchObject({ from: { text: 'TO' } })
  expect(actionOf('ALTER TABLE t RENAME COLUMN TO x')).toMatchObject({ from: { text: 'COLUMN' } })
  expect(actionOf('ALTER TABLE t DROP COLUMN')).toMatchObject({ columns: [{ text: 'COLUMN' }] })
})

test('ALTER … AS keeps the query as text', () => {
  expect(actionOf('ALTER VIEW v (a) AS SELECT 1 AS x')).toMatchObject({
    kind: 'as',
    columns: [{ text: 'a' }],
    queryText: 'SELECT 1 AS x',
  })
  expect(actionOf('ALTER QUERY q AS SELECT 1 AS x EMIT CHANGES')).toMatchObject({
    queryText: 'SELECT 1 AS x EMIT CHANGES',
    emit: { kind: 'changes' },
  })
  expect(actionOf('ALTER MATERIALIZED VIEW m RESTART').kind).toBe('restart')
})

test('CREATE QUERY, and CREATE TABLE … AS', () => {
  expect(one('CREATE OR REPLACE QUERY q AS SELECT 1', 'create-query')).toMatchObject({
    orReplace: true,
    queryText: 'SELECT 1',
  })
  const table = one(
    "CREATE OR REPLACE TABLE t (PRIMARY KEY (a) NOT ENFORCED) WITH ('x' = 'y') AS SELECT 1 AS a",
    'create-table',
  )
  expect(table).toMatchObject({ orReplace: true, as: { queryText: 'SELECT 1 AS a', order: [] } })
  expect(
    one('CREATE TABLE t (a, b) AS SELECT 1 AS b, 2 AS a', 'create-table').as?.order,
  ).toMatchObject([{ text: 'a' }, { text: 'b' }])
})

test('SHOW with a pattern', () => {
  expect(one("SHOW TABLES NOT LIKE 'a%'", 'show').filter).toEqual({
    pattern: 'a%',
    negated: true,
    ignoresCase: false,
  })
  expect(one("SHOW USER FUNCTIONS ILIKE 'a'", 'show')).toMatchObject({
    what: 'user-functions',
    filter: { ignoresCase: true },
  })
  expect(one("SHOW COLUMNS IN t LIKE 'a'", 'show-columns').name.text).toBe('t')
  expect(one('DESCRIBE FUNCTION f', 'describe-function').name.text).toBe('f')
})

test('each statement by itself, or what is wrong with it', () => {
  const [first, second, third] = parseEach('SELECT 1; SELEC 2; SELECT 3')
  expect([first, third]).toMatchObject([{ kind: 'select' }, { kind: 'select' }])
  expect(second).toMatchObject({ code: 'SYNTAX', at: { offset: 10, length: 5 } })
  expect(() => parseEach("SELECT 1; SELECT 'a")).toThrow('not closed')
})

test('UPDATE and DELETE', () => {
  const update = one('UPDATE t SET a = 1, b = a + 1 WHERE k = 2', 'update')
  expect(update.set.map(({ column, value }) => `${column.text}=${printExpression(value)}`)).toEqual(
    ['a=1', 'b=(+ a 1)'],
  )
  expect(printExpression(update.where!)).toBe('(= k 2)')
  expect(one('DELETE FROM t', 'delete').where).toBeUndefined()
  expect(printExpression(one('DELETE FROM t WHERE a', 'delete').where!)).toBe('a')
})

test('CREATE FUNCTION in JavaScript and in SQL', () => {
  const sql =
    'CREATE OR REPLACE FUNCTION f(x DOUBLE, y STRING) RETURNS DOUBLE LANGUAGE JAVASCRIPT AS $$ return x; $$'
  const made = one(sql, 'create-function')
  expect(made).toMatchObject({
    orReplace: true,
    language: 'javascript',
    body: ' return x; ',
    expression: undefined,
  })
  expect(made.parameters.map(({ name, type }) => `${name.text} ${typeName(type)}`)).toEqual([
    'x DOUBLE',
    'y STRING',
  ])
  const inSql = 'CREATE FUNCTION g(a INT) RETURNS INT AS $$ a + b $$'
  const { expression, body } = one(inSql, 'create-function')
  expect([printExpression(expression!), body]).toEqual(['(+ a b)', ' a + b '])
  expect(inSql.slice(expression!.at.offset, expression!.at.offset + expression!.at.length)).toBe(
    'a + b',
  )
  expect(one('CREATE FUNCTION h() RETURNS INT RETURN 1', 'create-function').body).toBe('1')
})

test('a statement set holds its jobs', () => {
  for (const head of ['EXECUTE STATEMENT SET BEGIN', 'BEGIN STATEMENT SET;']) {
    const set = one(`${head} INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END`, 'statement-set')
    expect(set.statements.map(({ text }) => text)).toEqual([
      'INSERT INTO a SELECT 1',
      'INSERT INTO b SELECT 2',
    ])
  }
})
