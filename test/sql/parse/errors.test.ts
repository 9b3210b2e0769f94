import { expect, test } from 'vitest'
import { SqlError } from '../../../engine/base/errors.ts'
import { caretText, locate, parseStatements } from '../../../sql/parse/index.ts'

function shown(sql: string): string {
  try {
    parseStatements(sql)
  } catch (error) {
    return `\n${caretText(error, sql)}\n`
  }
  return 'no error'
}

test('the line is shown with a caret and a hint', () => {
  expect(shown('SELECT origin,\n  COUNT(*)\nFRM flights')).toBe(`
error: Unexpected "FRM" (SYNTAX)
  3 | FRM flights
    | ^^^
hint: Did you mean FROM?
`)
  expect(shown("SELECT 'abc FROM t")).toBe(`
error: The string that starts here is not closed (SYNTAX)
  1 | SELECT 'abc FROM t
    |        ^
hint: Add the closing '
`)
  expect(shown('SELECT\ta\tb\tc FROM t')).toBe(`
error: Expected ";" or the end of the statement, found "c" (SYNTAX)
  1 | SELECT\ta\tb\tc FROM t
    |       \t \t \t^
hint: Maybe a comma or an operator is missing before it
`)
})

test('a long line is cut around the culprit', () => {
  expect(shown(`SELECT ${'a, '.repeat(50)}b b b, ${'c, '.repeat(50)}d`)).toBe(`
error: Expected ";" or the end of the statement, found "b" (SYNTAX)
  1 | …, a, a, a, a, a, a, a, a, b b b, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c…
    |                                ^
hint: Maybe a comma or an operator is missing before it
`)
})

/** The culprit in brackets, the message and the hint. */
function brief(sql: string): string {
  try {
    parseStatements(sql)
  } catch (error) {
    const { at, message, hint, code } = error as SqlError
    const { offset, length } = at!
    const marked = sql.slice(offset, offset + length)
    return `${code} [${marked}] ${message}${hint === undefined ? '' : ` | ${hint}`}`
  }
  return 'no error'
}

test.each([
  // Misspelt keywords.
  ['SELCT a FROM t', 'SYNTAX [SELCT] Expected a statement, found "SELCT" | Did you mean SELECT?'],
  ['SELECT a FRM t', 'SYNTAX [FRM] Unexpected "FRM" | Did you mean FROM?'],
  ['SELECT a FROM t WEHRE a = 1', 'SYNTAX [WEHRE] Unexpected "WEHRE" | Did you mean WHERE?'],
  ['SELECT a FROM t GRUOP BY a', 'SYNTAX [GRUOP] Unexpected "GRUOP" | Did you mean GROUP?'],
  [
    'SELECT a FROM t WHERE a = 1 ADN b',
    'SYNTAX [ADN] Expected ";" or the end of the statement, found "ADN" | Did you mean AND?',
  ],
  [
    'SELECT a FROM t WHERE a BETWEEN 1 AN 2',
    'SYNTAX [AN] Expected AND and the upper bound of BETWEEN, found "AN" | Write x BETWEEN low AND high',
  ],
  [
    'CREATE MATERIALISED VIEW v AS SELECT 1',
    'SYNTAX [MATERIALISED] Expected TABLE, VIEW, MATERIALIZED VIEW, QUERY or FUNCTION after CREATE, found "MATERIALISED" | Did you mean MATERIALIZED?',
  ],
  // Missing and superfluous parts.
  [
    'SELECT a, FROM t',
    'SYNTAX [FROM] Expected an expression, found "FROM" | Remove the comma before it',
  ],
  [
    'SELECT f(a, ) FROM t',
    'SYNTAX [)] Expected an expression, found ")" | Remove the comma before it',
  ],
  ['SELECT f(a b) FROM t', 'SYNTAX [b] Expected "," or ")", found "b"'],
  ['SELECT a FROM t WHERE', 'SYNTAX [] Expected an expression, found the end of the text'],
  ['SELECT a FROM', 'SYNTAX [] Expected a table name, found the end of the text'],
  ['SELECT FROM t', 'SYNTAX [FROM] Expected an item after SELECT, found "FROM" | SELECT * FROM …'],
  ['SELECT a FROM t GROUP a', 'SYNTAX [a] Expected "BY", found "a"'],
  [
    'SELECT a + * b',
    'SYNTAX [*] Expected an expression, found "*" | A * stands alone: SELECT *, or COUNT(*)',
  ],
  ['SELECT (a, b', 'SYNTAX [(] The "(" is never closed | Add the missing ")"'],
  [
    'SELECT CASE WHEN a THEN b',
    'SYNTAX [] Expected WHEN, ELSE or END, found the end of the text | A CASE ends with END',
  ],
  [
    'SELECT a FROM t JOIN u',
    'SYNTAX [JOIN] The join has no condition | Add ON a.x = b.x or USING (x), or write CROSS JOIN',
  ],
  [
    'SELECT a FROM t WHERE b HAVING c GROUP BY d',
    'SYNTAX [GROUP BY] The query goes wrong here | The order is SELECT, FROM, WHERE, GROUP BY, HAVING, QUALIFY, ORDER BY, LIMIT',
  ],
  [
    'SELECT a WHERE b FROM t',
    'SYNTAX [FROM] The query goes wrong here | The order is SELECT, FROM, WHERE, GROUP BY, HAVING, QUALIFY, ORDER BY, LIMIT',
  ],
  // Habits from elsewhere.
  [
    'SELECT a == 1',
    'SYNTAX [==] Expected ";" or the end of the statement, found "==" | Equality is written =',
  ],
  ['SELECT a && b', 'SYNTAX [&&] Expected ";" or the end of the statement, found "&&" | Write AND'],
  [
    'SELECT a ^ 2',
    'SYNTAX [^] Expected ";" or the end of the statement, found "^" | Powers are written POWER(a, b)',
  ],
  [
    'SELECT a < b < c',
    'SYNTAX [<] Comparisons cannot be chained | Put brackets around the first one, or write a < b AND b < c',
  ],
  [
    'SELECT a IS 5',
    'SYNTAX [5] Expected NULL, TRUE, FALSE, UNKNOWN, JSON or DISTINCT FROM after IS, found "5" | To compare with a value, write = or <>',
  ],
  [
    "SELECT a AS 'x'",
    `SYNTAX ['x'] Expected a name after AS, found 'x' | Names have double quotes: "x"`,
  ],
  [
    'SELECT a AS order',
    'SYNTAX [order] Expected a name after AS, found "order" | ORDER is a keyword; as a name it needs quotes: "order"',
  ],
  [
    'SELECT order FROM t',
    'SYNTAX [order] Expected an expression, found "order" | ORDER is a keyword; as a name it needs quotes: "order"',
  ],
  [
    'SELECT DATE "2024-01-01"',
    `SYNTAX ["2024-01-01"] Expected a text in single quotes, found "2024-01-01" | Strings have single quotes: '2024-01-01'`,
  ],
  [
    "SELECT ts - INTERVAL '5 minutes'",
    "SYNTAX [] Expected a unit such as SECOND or DAY after the interval, found the end of the text | Write INTERVAL '5' MINUTE",
  ],
  [
    'SELECT INTERVAL "5" MINUTE',
    `SYNTAX ["5"] Expected a number in quotes, found "5" | Strings have single quotes: '5'`,
  ],
  [
    'SELECT a FROM t LIMIT 5, 10',
    'SYNTAX [,] Expected the end of LIMIT, found "," | Write LIMIT count OFFSET start',
  ],
  [
    'SELECT f(SELECT 1)',
    'SYNTAX [SELECT] Expected an expression, found "SELECT" | Put the query in brackets: (SELECT …)',
  ],
  [
    'SELECT a FROM t EMIT CHANGES LIMIT 5',
    'SYNTAX [LIMIT] Expected the end of the query, found "LIMIT" | LIMIT stands before EMIT',
  ],
  [
    'SELECT RANK() OVER x FROM t WINDOW w AS (ORDER BY a)',
    'SYNTAX [x] There is no window x | Did you mean W?',
  ],
  // Statements.
  [
    'CREATE TABLE t (a INT b INT)',
    'SYNTAX [b] Expected "," or ")" after the column, found "b" | The only constraints are NOT NULL and PRIMARY KEY (…) NOT ENFORCED',
  ],
  ['CREATE TABLE t (a FOO)', 'SYNTAX [FOO] There is no type "FOO"'],
  ['CREATE TABLE t (a BIGNT)', 'SYNTAX [BIGNT] There is no type "BIGNT" | Did you mean BIGINT?'],
  [
    'CREATE TABLE t',
    'SYNTAX [] Expected columns in brackets, found the end of the text | CREATE TABLE t (id BIGINT, name STRING)',
  ],
  [
    `CREATE TABLE t (a INT) WITH ("k" = 'v')`,
    `SYNTAX ["k"] Expected an option name in single quotes, found "k" | Strings have single quotes: 'k'`,
  ],
  [
    `CREATE TABLE t (a INT) WITH ('k' = "v")`,
    `SYNTAX ["v"] Expected a value in single quotes, found "v" | Strings have single quotes: 'v'`,
  ],
  [
    `CREATE TABLE t (a INT) WITH ('k' = 'v', 'k' = 'w')`,
    `SYNTAX ['k'] The option 'k' is given twice`,
  ],
  [
    'CREATE TABLE t (a INT, WATERMARK FOR a AS a, WATERMARK FOR a AS a)',
    'SYNTAX [WATERMARK FOR a AS a] A table has only one WATERMARK',
  ],
  [
    'INSERT INTO t VALUES (1, 2), (3)',
    'SYNTAX [(3)] This row has 1 value, the first one 2 | All rows of VALUES have the same columns',
  ],
  [
    'INSERT INTO t VALUE (1)',
    'SYNTAX [VALUE] Expected VALUES or a query, found "VALUE" | Did you mean VALUES?',
  ],
  [
    'SHOW TABELS',
    'SYNTAX [TABELS] Expected TABLES, VIEWS, MATERIALIZED VIEWS, QUERIES, FUNCTIONS, COLUMNS or CREATE after SHOW, found "TABELS" | Did you mean TABLES?',
  ],
  [
    'SELECT * FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts)))',
    "SYNTAX [TUMBLE(TABLE s, DESCRIPTOR(ts))] TUMBLE needs the argument SIZE | For example TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' MINUTE)",
  ],
  [
    'SELECT * FROM TUMBLE(s, ts, SIZ => 1)',
    'SYNTAX [SIZ] There is no argument SIZ | Did you mean SIZE?',
  ],
])('%s', (sql, wanted) => {
  expect(brief(sql)).toBe(wanted)
})

test.each([
  ['SELECT a FROM t SEMI JOIN u ON a = b', 'SEMI JOIN'],
  ['SELECT a FROM t LEFT ANTI JOIN u ON a = b', 'ANTI JOIN'],
  ['SELECT a FROM t ASOF FULL JOIN u ON a >= b', 'ASOF FULL JOIN'],
  ['SELECT a FROM t TABLESAMPLE (5)', 'TABLESAMPLE'],
  [
    'SELECT a FROM t MATCH_RECOGNIZE (ORDER BY b PATTERN (PERMUTE(A, B)) DEFINE A AS TRUE)',
    'PERMUTE',
  ],
  ['SELECT a FROM db.t', 'A table name with a dot'],
  ['SELECT a FROM s WINDOW TUMBLING (SIZE 1 HOUR)', 'WINDOW TUMBLING'],
  ['SELECT DISTINCT ON (a) b FROM t', 'DISTINCT ON'],
  ['SELECT TOP 5 a FROM t', 'TOP'],
  ['SELECT /*+ X() */ a', 'Hints'],
  ['SELECT a FROM t /*+ OPTIONS() */', 'Hints'],
  ['SELECT ?', 'A parameter'],
  ['SELECT a[1:2]', 'A slice [from:to]'],
  ['SELECT a COLLATE "C"', 'COLLATE'],
  ['SELECT FIRST_VALUE(a) IGNORE NULLS OVER (ORDER BY b)', 'IGNORE NULLS'],
  ['SELECT SUM(a) OVER (ORDER BY b GROUPS 1 PRECEDING)', 'A GROUPS frame'],
  ["SELECT JSON_VALUE(a, '$.b' EMPTY ARRAY ON EMPTY)", 'EMPTY ARRAY ON EMPTY in JSON_VALUE'],
  ["SELECT JSON_EXISTS(a, '$.b' PASSING c AS d)", 'PASSING'],
  ["SELECT JSON_QUERY(a, '$.b' NULL ON ERROR NULL ON ERROR)", 'A second ON ERROR'],
  ['SELECT f(a => 1)', 'A named argument'],
  ['WITH RECURSIVE w AS (SELECT 1) SELECT * FROM w', 'WITH RECURSIVE'],
  ['SELECT a FETCH FIRST 3 ROWS WITH TIES', 'WITH TIES'],
  ['CREATE TABLE t LIKE u (INCLUDING DISTRIBUTION)', 'INCLUDING DISTRIBUTION'],
  ['CREATE TABLE t (a INT) DISTRIBUTED BY (a)', 'DISTRIBUTED'],
  ['CREATE TABLE t LIKE u (OVERWRITING CONSTRAINTS)', 'OVERWRITING CONSTRAINTS'],
  ['CREATE TEMPORARY QUERY q AS SELECT 1', 'A temporary query'],
  ['CREATE TABLE t (a INT DEFAULT 1)', 'DEFAULT'],
  ['CREATE TABLE t (a INT, UNIQUE (a))', 'UNIQUE'],
  ['CREATE INDEX i ON t (a)', 'CREATE INDEX'],
  ['CREATE SINK s FROM v', 'CREATE … FROM'],
  ['INSERT OVERWRITE t SELECT 1', 'INSERT OVERWRITE'],
  ['INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING', 'ON CONFLICT'],
  ['INSERT INTO t VALUES (DEFAULT)', 'DEFAULT'],
  ['DROP TABLE a, b', 'DROP of several'],
  ['DROP TABLE a CASCADE', 'CASCADE'],
  ['ALTER TABLE t ALTER COLUMN a TYPE INT', 'ALTER TABLE … ALTER'],
  ['ALTER TABLE t DROP CONSTRAINT c', 'DROP CONSTRAINT'],
  ['ALTER TABLE t ADD PARTITION (a = 1)', 'PARTITION'],
  ['ALTER VIEW v ADD a INT', 'ALTER VIEW … ADD'],
  ['ALTER FUNCTION f AS SELECT 1', 'ALTER FUNCTION … AS'],
  ['SHOW TABLES IN db', 'SHOW … IN'],
  ['EXPLAIN ESTIMATED_COST SELECT 1', 'EXPLAIN ESTIMATED_COST'],
  ['EXPLAIN DROP TABLE t', 'EXPLAIN of this statement'],
  ['TRUNCATE t', 'TRUNCATE'],
  ['TERMINATE q', 'TERMINATE'],
  ['MERGE INTO t USING s ON a', 'MERGE'],
])('refuses by name: %s', (sql, what) => {
  expect(brief(sql)).toContain(`${what} ${what === 'Hints' ? 'are' : 'is'} not supported`)
  expect(brief(sql)).toMatch(/^UNSUPPORTED \[.+\]/)
})

test('locate turns a span into line and column, once', () => {
  const error = new SqlError('UNKNOWN_COLUMN', 'No such column: b', {
    at: { offset: 9, length: 2 },
    hint: 'h',
  })
  const found = locate(error, 'SELECT\n  bb')
  expect(found.position).toEqual({ line: 2, column: 3, length: 2 })
  expect(found).toMatchObject({ code: 'UNKNOWN_COLUMN', hint: 'h' })
  expect(locate(found, 'another text')).toBe(found)
  expect(locate(new Error('oops'), 'x')).toMatchObject({ code: 'INTERNAL', position: undefined })
  expect(caretText(new Error('oops'), 'x')).toBe('error: oops (INTERNAL)')
})
