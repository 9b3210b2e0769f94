import { expect, test } from 'vitest'
import type { GroupItem, Query, QueryBody, Select, SelectItem, TableRef } from '../../../sql/ast.ts'
import { parseQuery } from '../../../sql/parse/index.ts'
import { printExpression, printOver } from './print-tree.ts'

const list = (parts: readonly string[]): string => parts.join(', ')

function printQuery(query: Query): string {
  const ctes = query.with.map(
    ({ name, columns, query: inner }) =>
      `${name.text}${columns.length > 0 ? `(${list(columns.map((c) => c.text))})` : ''}=${printQuery(inner)}`,
  )
  const order = query.orderBy.map(
    (o) => `${printExpression(o.value)} ${o.descending ? 'desc' : 'asc'}`,
  )
  return [
    ctes.length > 0 ? `with ${list(ctes)}` : '',
    printBody(query.body),
    order.length > 0 ? `order ${list(order)}` : '',
    query.limit === undefined ? '' : `limit ${query.limit}`,
    query.offset === undefined ? '' : `offset ${query.offset}`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function printBody(body: QueryBody): string {
  switch (body.kind) {
    case 'values':
      return `values(${body.rows.map((row) => row.map(printExpression).join(' ')).join('; ')})`
    case 'nested':
      return `{${printQuery(body.query)}}`
    case 'set':
      return `(${printBody(body.left)} ${body.operator}${body.all ? ' all' : ''} ${printBody(body.right)})`
    case 'select':
      return printSelect(body)
  }
}

function printSelect(select: Select): string {
  return [
    select.distinct ? 'distinct' : '',
    `[${list(select.items.map(printItem))}]`,
    select.from.length > 0 ? `from ${list(select.from.map(printTable))}` : '',
    select.where ? `where ${printExpression(select.where)}` : '',
    select.groupBy.length > 0 ? `group ${list(select.groupBy.map(printGroup))}` : '',
    select.having ? `having ${printExpression(select.having)}` : '',
    select.qualify ? `qualify ${printExpression(select.qualify)}` : '',
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function printItem(item: SelectItem): string {
  if (item.kind === 'value') {
    return printExpression(item.value) + (item.alias ? ` as ${item.alias.text}` : '')
  }
  const except = item.except.length > 0 ? ` except ${list(item.except.map((c) => c.text))}` : ''
  return `${item.table ? `${item.table.text}.` : ''}*${except}`
}

function printGroup(item: GroupItem): string {
  if (item.kind === 'value') return printExpression(item.value)
  return `sets(${item.sets.map((set) => set.map(printExpression).join(' ')).join('; ')})`
}

function printTable(ref: TableRef): string {
  const alias = (
    a: { name: { text: string }; columns: readonly { text: string }[] } | undefined,
  ) =>
    a === undefined
      ? ''
      : ` ${a.name.text}${a.columns.length > 0 ? `(${list(a.columns.map((c) => c.text))})` : ''}`
  switch (ref.kind) {
    case 'table':
      return `${ref.name.text}${ref.asOf ? ` as of ${printExpression(ref.asOf)}` : ''}${alias(ref.alias)}`
    case 'query':
      return `${ref.lateral ? 'lateral ' : ''}{${printQuery(ref.query)}}${alias(ref.alias)}`
    case 'function':
      return `${ref.name.text}(${list(ref.args.map(printExpression))})${ref.withOrdinality ? ' with ordinality' : ''}${alias(ref.alias)}`
    case 'window': {
      const { function: name, input, timeColumn, partitionBy, args } = ref.window
      const by = partitionBy.length > 0 ? ` by ${list(partitionBy.map((c) => c.text))}` : ''
      return `${name.text}<${printTable(input)}${by}, ${timeColumn.text}, ${list(args.map(printExpression))}>${alias(ref.alias)}`
    }
    case 'match':
      return `${printTable(ref.input)} match${alias(ref.alias)}`
    case 'join': {
      const on = ref.on ? ` on ${printExpression(ref.on)}` : ''
      const using = ref.using.length > 0 ? ` using ${list(ref.using.map((c) => c.text))}` : ''
      const match = ref.asof?.match ? ` match ${printExpression(ref.asof.match)}` : ''
      const asof = ref.asof ? `asof ` : ''
      return `(${printTable(ref.left)} ${asof}${ref.join} ${printTable(ref.right)}${match}${on}${using})`
    }
  }
}

const MINUTE = 60_000_000

test.each([
  // Items.
  ['SELECT a, b AS x, c y, "D"', '[a, b as x, c as y, D]'],
  ['SELECT *, t.*, * EXCEPT (a, b) FROM t', '[*, t.*, * except a, b] from t'],
  ['SELECT DISTINCT a FROM t', 'distinct [a] from t'],
  ['SELECT ALL a', '[a]'],
  ['SELECT a value, b date, c "from"', '[a as value, b as date, c as from]'],
  // FROM.
  ['SELECT * FROM a, b x, c AS y(p, q)', '[*] from a, b x, c y(p, q)'],
  [
    'SELECT * FROM a JOIN b ON a.x = b.x OR a.y AND b.y LEFT OUTER JOIN c USING (k, l), d',
    '[*] from ((a inner b on (OR (= a.x b.x) (AND a.y b.y))) left c using k, l), d',
  ],
  [
    'SELECT * FROM a CROSS JOIN b FULL JOIN c ON a.x = c.x',
    '[*] from ((a cross b) full c on (= a.x c.x))',
  ],
  [
    'SELECT * FROM a RIGHT JOIN (b JOIN c ON b.y = c.y) ON a.x = b.x',
    '[*] from (a right (b inner c on (= b.y c.y)) on (= a.x b.x))',
  ],
  [
    'SELECT * FROM o LEFT JOIN r FOR SYSTEM_TIME AS OF o.ts AS q ON o.c = q.c',
    '[*] from (o left r as of o.ts q on (= o.c q.c))',
  ],
  [
    'SELECT * FROM o JOIN r FOR SYSTEM_TIME AS OF PROCTIME() ON a = b',
    '[*] from (o inner r as of (PROCTIME) on (= a b))',
  ],
  [
    'SELECT * FROM t ASOF LEFT OUTER JOIN u ON t.a = u.a AND t.b >= u.b JOIN v ON TRUE',
    '[*] from ((t asof left u on (AND (= t.a u.a) (>= t.b u.b))) inner v on true)',
  ],
  [
    'SELECT * FROM t AS x ASOF JOIN u MATCH_CONDITION (x.b > u.b), v',
    '[*] from (t x asof inner u match (> x.b u.b)), v',
  ],
  // Words that are names elsewhere.
  [
    'SELECT asof, match_condition FROM asof, u AS match_condition',
    '[asof, match_condition] from asof, u match_condition',
  ],
  ['SELECT * FROM (SELECT a FROM t) AS q(x)', '[*] from {[a] from t} q(x)'],
  ['SELECT * FROM t, LATERAL (SELECT t.a) l', '[*] from t, lateral {[t.a]} l'],
  [
    "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, name)",
    "[*] from {values(1 'a'; 2 'b')} t(id, name)",
  ],
  [
    'SELECT * FROM t CROSS JOIN UNNEST(t.arr) WITH ORDINALITY AS u(x, n)',
    '[*] from (t cross UNNEST(t.arr) with ordinality u(x, n))',
  ],
  [
    'SELECT * FROM t LEFT JOIN LATERAL TABLE(f(t.a, 1)) AS u(x) ON TRUE',
    '[*] from (t left f(t.a, 1) u(x) on true)',
  ],
  ['SELECT * FROM s EMIT', '[*] from s EMIT'],
  // Windows.
  [
    "SELECT * FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) AS w",
    `[*] from TUMBLE<s, ts, ${MINUTE}> w`,
  ],
  [
    "SELECT * FROM TUMBLE(s, ts, INTERVAL '1' MINUTE, INTERVAL '5' SECOND)",
    `[*] from TUMBLE<s, ts, ${MINUTE}, 5000000>`,
  ],
  [
    "SELECT * FROM TABLE(HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE))",
    `[*] from HOP<s, ts, ${MINUTE}, ${5 * MINUTE}>`,
  ],
  [
    "SELECT * FROM TABLE(HOP(DATA => TABLE s, SIZE => INTERVAL '5' MINUTE, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '1' MINUTE))",
    `[*] from HOP<s, ts, ${MINUTE}, ${5 * MINUTE}>`,
  ],
  [
    "SELECT * FROM TABLE(SESSION(TABLE s PARTITION BY (a, b), DESCRIPTOR(ts), INTERVAL '5' MINUTE))",
    `[*] from SESSION<s by a, b, ts, ${5 * MINUTE}>`,
  ],
  [
    "SELECT * FROM TABLE(CUMULATE((SELECT a, ts FROM s), DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE))",
    `[*] from CUMULATE<{[a, ts] from s}, ts, ${MINUTE}, ${5 * MINUTE}>`,
  ],
  // Groups.
  [
    "SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE), k, COUNT(*) FROM s WHERE a > 1 GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE), k HAVING COUNT(*) > 1",
    `[(TUMBLE_START ts ${MINUTE}), k, (COUNT *)] from s where (> a 1) group (TUMBLE ts ${MINUTE}), k having (> (COUNT *) 1)`,
  ],
  ['SELECT 1 FROM t GROUP BY ROLLUP(a, (b, c)), d', '[1] from t group sets(a b c; a; ), d'],
  ['SELECT 1 FROM t GROUP BY CUBE(a, b)', '[1] from t group sets(a b; a; b; )'],
  [
    'SELECT 1 FROM t GROUP BY GROUPING SETS ((a, b), a, (), ROLLUP(c))',
    '[1] from t group sets(a b; a; ; c; )',
  ],
  ['SELECT 1 FROM t GROUP BY (a, b), ()', '[1] from t group a, b, sets()'],
  ['SELECT 1 FROM t GROUP BY (a, b) = (c, d)', '[1] from t group (= (ROW a b) (ROW c d))'],
  [
    'SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1',
    '[a] from t qualify (= (ROW_NUMBER over(order a asc first)) 1)',
  ],
  [
    'SELECT SUM(a) OVER w FROM t WINDOW v AS (ORDER BY b), w AS (PARTITION BY c) QUALIFY RANK() OVER v = 1 ORDER BY RANK() OVER w',
    '[(SUM a over(by c))] from t qualify (= (RANK over(order b asc first)) 1) order (RANK over(by c)) asc',
  ],
  // Set operations.
  [
    'SELECT a UNION ALL SELECT b INTERSECT SELECT c ORDER BY 1 DESC LIMIT 3',
    '([a] union all ([b] intersect [c])) order 1 desc limit 3',
  ],
  ['SELECT a EXCEPT SELECT b UNION SELECT c', '(([a] except [b]) union [c])'],
  ['SELECT a MINUS SELECT b', '([a] except [b])'],
  ['SELECT * EXCEPT (SELECT b)', '([*] except [b])'],
  ['(SELECT a ORDER BY a LIMIT 1) UNION (SELECT b)', '({[a] order a asc limit 1} union [b])'],
  ['((SELECT a))', '[a]'],
  ['TABLE t UNION VALUES (1), (2)', '([*] from t union values(1; 2))'],
  ['VALUES 1, 2 + 3, ROW(4)', 'values(1; (+ 2 3); 4)'],
  // Around.
  [
    'WITH a AS (SELECT 1), b(x, y) AS (SELECT 2, 3) SELECT * FROM a, b',
    'with a=[1], b(x, y)=[2, 3] [*] from a, b',
  ],
  ['SELECT a LIMIT 5 OFFSET 2 ROWS', '[a] limit 5 offset 2'],
  ['SELECT a OFFSET 2 FETCH NEXT 5 ROWS ONLY', '[a] limit 5 offset 2'],
  ['SELECT a FETCH FIRST ROW ONLY', '[a] limit 1'],
  ['SELECT a LIMIT ALL', '[a]'],
])('%s', (sql, wanted) => {
  expect(printQuery(parseQuery(sql))).toBe(wanted)
})

test('OVER knows its own place', () => {
  const sql = 'SELECT SUM(a) OVER (PARTITION BY b) FROM t'
  const { body } = parseQuery(sql)
  const item = body.kind === 'select' ? body.items[0] : undefined
  const over = item?.kind === 'value' && item.value.kind === 'call' ? item.value.over : undefined
  expect(printOver(over!)).toBe('over(by b)')
  expect(sql.slice(over!.at.offset, over!.at.offset + over!.at.length)).toBe('(PARTITION BY b)')
})

test('tables, joins and windows know their places', () => {
  const sql =
    "SELECT 1 FROM a x JOIN b ON a.i = b.i, TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' DAY)) w"
  const { body } = parseQuery(sql)
  const from = body.kind === 'select' ? body.from : []
  const text = ({ at }: TableRef) => sql.slice(at.offset, at.offset + at.length)
  expect(from.map(text)).toEqual([
    'a x JOIN b ON a.i = b.i',
    "TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' DAY)) w",
  ])
  expect(from[0].kind === 'join' && [text(from[0].left), text(from[0].right)]).toEqual(['a x', 'b'])
})
