/** Law 2 from the text on: after every epoch the changes add up to DuckDB's answer over the same
 *  prefix, whatever the optimizer does. */

import { beforeAll, describe, expect, it } from 'vitest'
import { oracle, ours } from './against-duckdb.ts'

let duckdb: (sql: string) => Promise<string[][]>
beforeAll(async () => {
  duckdb = await oracle()
})

/** Right after every epoch, in both modes. Where DuckDB writes it otherwise, its text is second. */
const ALWAYS: readonly (string | readonly [ours: string, theirs: string])[] = [
  // joins
  'SELECT o.id, p.w FROM o JOIN p ON o.k = p.k',
  'SELECT o.id, p.w FROM o, p WHERE o.k = p.k AND o.v > 10',
  'SELECT o.id, p.w FROM o LEFT JOIN p ON o.k = p.k AND p.w > o.v',
  'SELECT o.id, p.w FROM o RIGHT JOIN p ON o.k = p.k WHERE p.w > 5',
  'SELECT o.id, p.w, o.k, p.k FROM o FULL JOIN p ON o.k = p.k AND o.v = p.w',
  'SELECT o.id, p.label FROM o CROSS JOIN p WHERE o.v = p.w + 1',
  'SELECT o.id, p.w FROM o JOIN p ON o.v < p.w AND o.k IS NOT DISTINCT FROM p.k',
  'SELECT k, id, w FROM o JOIN p USING (k)',
  'SELECT k, id, w FROM o FULL JOIN p USING (k)',
  'SELECT k, o.k, p.k, id FROM o RIGHT JOIN p USING (k) WHERE k > 1',
  'SELECT a.id, b.id FROM o AS a JOIN o AS b ON a.k = b.k AND a.id < b.id',
  'SELECT a.id, p.w, t.total FROM o AS a JOIN p ON a.k = p.k JOIN totals AS t ON t.k = p.k',
  'SELECT o.id, t.total FROM o LEFT JOIN totals AS t ON o.k = t.k',
  'SELECT o.name, COUNT(*) AS n, SUM(p.w) AS s FROM o JOIN p ON o.k = p.k GROUP BY o.name',
  `SELECT o.id, p.w FROM o JOIN p ON o.k = p.k
     AND p.ts BETWEEN o.ts - INTERVAL '20' SECOND AND o.ts + INTERVAL '30' SECOND`,
  `SELECT o.id FROM o, p WHERE o.k = p.k AND o.ts >= p.ts AND o.ts < p.ts + INTERVAL '1' MINUTE`,
  `SELECT a.id, b.w, c.id FROM o AS a, p AS b, o AS c
     WHERE a.k = c.k AND b.w = c.v AND a.id < c.id AND b.label <> 'l0'`,
  'SELECT a.id, b.w, t.n FROM o AS a, p AS b, totals AS t WHERE a.v = b.w AND t.k = a.k AND t.n > b.k',
  // subqueries
  'SELECT id FROM o WHERE k IN (SELECT k FROM p WHERE w > 10)',
  'SELECT id FROM o WHERE k NOT IN (SELECT k FROM p WHERE w > 30)',
  'SELECT id FROM o WHERE v NOT IN (SELECT w FROM p WHERE w IS NOT NULL)',
  'SELECT id FROM o WHERE id NOT IN (SELECT w FROM p WHERE w IS NOT NULL)',
  'SELECT id FROM o WHERE 6 NOT IN (SELECT k FROM p WHERE w > 30)',
  'SELECT id FROM o WHERE (k, v) IN (SELECT k, w FROM p)',
  'SELECT id FROM o WHERE k NOT IN (SELECT w FROM p WHERE p.k = o.v)',
  'SELECT id FROM o WHERE EXISTS (SELECT 1 FROM p WHERE p.k = o.k AND p.w > o.v)',
  'SELECT id FROM o WHERE NOT EXISTS (SELECT * FROM p WHERE p.k = o.k AND p.w > 10)',
  'SELECT id FROM o WHERE EXISTS (SELECT * FROM p WHERE w > 38)',
  'SELECT id FROM o WHERE NOT EXISTS (SELECT * FROM p WHERE w > 38) AND v > 3',
  'SELECT id FROM o WHERE NOT (k IN (SELECT k FROM p WHERE w > 30)) AND v > 4',
  'SELECT id FROM o WHERE v > 30 OR k IN (SELECT k FROM p WHERE w > 35)',
  'SELECT id, k IN (SELECT k FROM p WHERE w > 35) AS found FROM o',
  'SELECT id, v NOT IN (SELECT w FROM p WHERE p.k = o.k) AS missing FROM o',
  'SELECT id, EXISTS (SELECT 1 FROM p WHERE p.k = o.k AND p.w > 20) AS found FROM o',
  'SELECT id, v - (SELECT MAX(w) FROM p) AS d FROM o',
  'SELECT id, (SELECT SUM(w) FROM p WHERE p.k = o.k) AS s FROM o',
  'SELECT id, (SELECT COUNT(*) FROM p WHERE p.k = o.k) + 1 AS n FROM o',
  'SELECT id, (SELECT COALESCE(MAX(w), -1) FROM p WHERE p.k = o.k AND p.w < 20) AS n FROM o',
  'SELECT id FROM o WHERE v > (SELECT AVG(CAST(w AS DOUBLE)) FROM p WHERE p.k = o.k)',
  'SELECT id, (SELECT label FROM p WHERE p.w = -1) AS none FROM o',
  'SELECT k, COUNT(*) AS n FROM o GROUP BY k HAVING COUNT(*) > (SELECT COUNT(*) / 10 FROM p)',
  `SELECT k, SUM(v) AS s, (SELECT MAX(w) FROM p WHERE p.k = o.k) AS m FROM o GROUP BY k`,
  'SELECT SUM(v + (SELECT MIN(w) FROM p)) AS s FROM o',
  'SELECT id FROM o WHERE v = ANY (SELECT w FROM p)',
  // lateral
  'SELECT o.id, x.m FROM o, LATERAL (SELECT MAX(w) AS m FROM p WHERE p.k = o.k) AS x',
  'SELECT o.id, x.w FROM o CROSS JOIN LATERAL (SELECT w FROM p WHERE p.k = o.k AND p.w > o.v) AS x',
  'SELECT o.id, x.w FROM o LEFT JOIN LATERAL (SELECT w + 1 AS w FROM p WHERE p.k = o.k) AS x ON TRUE',
  'SELECT o.id, x.y FROM o CROSS JOIN LATERAL (SELECT o.v * 2 AS y) AS x',
  // set operations
  'SELECT k FROM o UNION ALL SELECT k FROM p',
  'SELECT k FROM o UNION SELECT k FROM p',
  'SELECT k, v FROM o INTERSECT SELECT k, w FROM p',
  'SELECT k FROM o INTERSECT ALL SELECT k FROM p',
  'SELECT k FROM o EXCEPT SELECT k FROM p WHERE w > 10',
  'SELECT k FROM o EXCEPT ALL SELECT k FROM p',
  "SELECT id AS x, name AS y FROM o WHERE v > 20 UNION ALL SELECT w, label FROM p UNION ALL VALUES (1, 'one')",
  'SELECT x FROM (SELECT k AS x FROM o UNION SELECT w FROM p) AS u WHERE x < 4',
  "SELECT o.id, c.t FROM o JOIN (VALUES (1, 'a'), (2, 'b')) AS c (k, t) ON o.k = c.k",
  'SELECT DISTINCT k, n FROM totals',
  'SELECT DISTINCT n FROM totals',
  // grouping sets
  'SELECT k, name, COUNT(*) AS n FROM o GROUP BY ROLLUP (k, name)',
  'SELECT k, name, SUM(v) AS s, GROUPING(k, name) AS g FROM o GROUP BY CUBE (k, name)',
  'SELECT name, k, COUNT(*) AS n FROM o GROUP BY name, GROUPING SETS ((k), ())',
  'SELECT k, COUNT(*) AS n FROM o GROUP BY GROUPING SETS ((k), (k))',
  // aggregates
  'SELECT k, COUNT(DISTINCT v) AS d, SUM(v) FILTER (WHERE v > 10) AS s FROM o GROUP BY k',
  'SELECT MAX(total) AS m, MIN(n) AS i FROM totals',
  // ranking
  'SELECT id, v FROM o ORDER BY v DESC, id LIMIT 5',
  'SELECT id, v FROM o ORDER BY v NULLS LAST, id LIMIT 4 OFFSET 2',
  'SELECT k, total FROM totals ORDER BY total DESC NULLS LAST, k LIMIT 2',
  `SELECT id, k, rn FROM (SELECT id, k, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC, id) AS rn
     FROM o) WHERE rn <= 3`,
  'SELECT id, k FROM o QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY v, id) = 1',
  'SELECT id, k, RANK() OVER (PARTITION BY k ORDER BY name) AS r FROM o QUALIFY r BETWEEN 2 AND 4',
  'SELECT id FROM o QUALIFY DENSE_RANK() OVER (ORDER BY name DESC) < 3',
  'SELECT id, ts FROM o QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) = 1',
  `SELECT name, n FROM (SELECT name, COUNT(*) AS n FROM o GROUP BY name)
     QUALIFY ROW_NUMBER() OVER (ORDER BY n DESC, name) <= 2`,
  `SELECT name, SUM(v) AS s FROM o GROUP BY name
     QUALIFY RANK() OVER (ORDER BY SUM(v) DESC) = 1`,
  `SELECT o.id, x.w FROM o CROSS JOIN LATERAL
     (SELECT w, label FROM p WHERE p.k = o.k ORDER BY w DESC, label LIMIT 2) AS x`,
  // window functions over what changes
  'SELECT id, SUM(v) OVER (PARTITION BY k ORDER BY id) AS s FROM o',
  'SELECT id, COUNT(*) OVER (PARTITION BY k) AS n, MAX(v) OVER () AS m FROM o',
  'SELECT id, LAG(v) OVER (PARTITION BY k ORDER BY id) AS a, LEAD(v, 2, -1) OVER (PARTITION BY k ORDER BY id) AS b FROM o',
  'SELECT id, SUM(v) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS s FROM o',
  'SELECT id, SUM(v) OVER (ORDER BY id RANGE BETWEEN 3 PRECEDING AND CURRENT ROW) AS s FROM o',
  'SELECT id, FIRST_VALUE(v) OVER (PARTITION BY k ORDER BY id) AS f, LAST_VALUE(v) OVER (PARTITION BY k ORDER BY id) AS l FROM o',
  'SELECT id, NTILE(3) OVER (ORDER BY id) AS t, PERCENT_RANK() OVER (ORDER BY name) AS p FROM o',
  'SELECT k, SUM(v) AS s, SUM(SUM(v)) OVER (ORDER BY k) AS running FROM o GROUP BY k',
  'SELECT k, total, RANK() OVER (ORDER BY total DESC) AS r FROM totals',
]

const textsOf = (query: (typeof ALWAYS)[number]): readonly [string, string] =>
  typeof query === 'string' ? [query, query] : [query[0], query[1]]

describe('after every epoch', () => {
  it.each(ALWAYS.map((query) => textsOf(query)))('%s', async (sql, theirs) => {
    const expected = await duckdb(theirs)
    expect(ours(sql, 'bounded').at(-1)).toEqual(expected.at(-1))
    expect(ours(sql, 'continuous'), 'continuous').toEqual(expected)
    expect(ours(sql, 'continuous', []), 'without rules').toEqual(expected)
  })
})

const MINUTE = "INTERVAL '1' MINUTE"
const TUMBLED = (table: string, columns: string): string =>
  `SELECT ${columns}, time_bucket(${MINUTE}, ts) AS window_start FROM ${table}`
/** The windows of two minutes, one every minute, that hold each row. */
const HOPPED = `SELECT *, s AS window_start, s + INTERVAL '2' MINUTE AS window_end FROM o,
  (SELECT unnest([0, 1]) AS back), LATERAL (SELECT time_bucket(${MINUTE}, ts) - back * ${MINUTE} AS s)`
const CUMULATED = `SELECT *, d AS window_start, d + step * ${MINUTE} AS window_end
  FROM o, (SELECT unnest([1, 2, 3]) AS step), LATERAL (SELECT time_bucket(INTERVAL '3' MINUTE, ts) AS d)
  WHERE ts < d + step * ${MINUTE}`
const SESSIONS = `SELECT *, SUM(fresh) OVER (PARTITION BY k ORDER BY ts) AS session FROM (
  SELECT *, CASE WHEN ts - LAG(ts) OVER (PARTITION BY k ORDER BY ts) <= INTERVAL '20' SECOND
            THEN 0 ELSE 1 END AS fresh FROM o)`

/** Right once the input has ended. */
const AT_END: readonly (readonly [ours: string, theirs: string])[] = [
  [
    `SELECT window_start, window_end, COUNT(*) AS n, SUM(v) AS s
     FROM TABLE(HOP(TABLE o, DESCRIPTOR(ts), ${MINUTE}, INTERVAL '2' MINUTE))
     GROUP BY window_start, window_end`,
    `SELECT window_start, window_end, COUNT(*), SUM(v) FROM (${HOPPED}) GROUP BY ALL`,
  ],
  [
    `SELECT HOP_START(ts, ${MINUTE}, INTERVAL '2' MINUTE) AS s, k, COUNT(*) AS n
     FROM o GROUP BY k, HOP(ts, ${MINUTE}, INTERVAL '2' MINUTE)`,
    `SELECT window_start, k, COUNT(*) FROM (${HOPPED}) GROUP BY ALL`,
  ],
  [
    `SELECT k, id, window_start FROM TABLE(HOP(DATA => TABLE o, TIMECOL => DESCRIPTOR(ts),
       SLIDE => ${MINUTE}, SIZE => INTERVAL '2' MINUTE)) WHERE v > 20`,
    `SELECT k, id, window_start FROM (${HOPPED}) WHERE v > 20`,
  ],
  [
    `SELECT window_end, window_start, k, MAX(v) AS m
     FROM TABLE(CUMULATE(TABLE o, DESCRIPTOR(ts), ${MINUTE}, INTERVAL '3' MINUTE))
     GROUP BY k, window_start, window_end`,
    `SELECT window_end, window_start, k, MAX(v) FROM (${CUMULATED}) GROUP BY ALL`,
  ],
  [
    `SELECT k, window_start, window_end, COUNT(*) AS n
     FROM TABLE(SESSION(TABLE o PARTITION BY k, DESCRIPTOR(ts), INTERVAL '20' SECOND))
     GROUP BY k, window_start, window_end`,
    `SELECT k, MIN(ts), MAX(ts) + INTERVAL '20' SECOND, COUNT(*) FROM (${SESSIONS}) GROUP BY k, session`,
  ],
  [
    `SELECT k, SESSION_START(ts, INTERVAL '20' SECOND) AS s, SUM(v) AS t FROM o
     GROUP BY k, SESSION(ts, INTERVAL '20' SECOND)`,
    `SELECT k, MIN(ts), SUM(v) FROM (${SESSIONS}) GROUP BY k, session`,
  ],
  [
    `SELECT window_start, k, name, COUNT(*) AS n FROM TUMBLE(o, ts, ${MINUTE})
     GROUP BY window_start, window_end, ROLLUP (k, name)`,
    `SELECT window_start, k, name, COUNT(*) FROM (${TUMBLED('o', 'k, name')})
     GROUP BY window_start, ROLLUP (k, name)`,
  ],
  [
    `SELECT l.id, r.w, l.window_start FROM TUMBLE(o, ts, ${MINUTE}) AS l
     JOIN TUMBLE(p, ts, ${MINUTE}) AS r
     ON l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end`,
    `SELECT l.id, r.w, l.window_start FROM (${TUMBLED('o', '*')}) AS l
     JOIN (${TUMBLED('p', '*')}) AS r ON l.k = r.k AND l.window_start = r.window_start`,
  ],
  [
    `SELECT l.window_start, l.window_end, COUNT(*) AS n FROM TUMBLE(o, ts, ${MINUTE}) AS l
     JOIN TUMBLE(p, ts, ${MINUTE}) AS r
     ON l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end
     GROUP BY l.window_start, l.window_end`,
    `SELECT l.window_start, l.window_start + ${MINUTE}, COUNT(*) FROM (${TUMBLED('o', '*')}) AS l
     JOIN (${TUMBLED('p', '*')}) AS r ON l.k = r.k AND l.window_start = r.window_start GROUP BY ALL`,
  ],
  [
    `SELECT window_start, window_end, SUM(n) AS n, MAX(n) AS m FROM (
       SELECT window_start, window_end, k, COUNT(*) AS n
       FROM HOP(o, ts, ${MINUTE}, INTERVAL '2' MINUTE) GROUP BY window_start, window_end, k)
     GROUP BY window_start, window_end`,
    `SELECT window_start, window_end, SUM(n), MAX(n) FROM (
       SELECT window_start, window_end, k, COUNT(*) AS n FROM (${HOPPED}) GROUP BY ALL) GROUP BY ALL`,
  ],
  [
    `SELECT window_start, window_end, SUM(n) AS n FROM (
       SELECT window_start, window_end, window_time, k, COUNT(*) AS n
       FROM CUMULATE(o, ts, ${MINUTE}, INTERVAL '3' MINUTE)
       GROUP BY window_start, window_end, window_time, k)
     GROUP BY window_start, window_end`,
    `SELECT window_start, window_end, COUNT(*) FROM (${CUMULATED}) GROUP BY ALL`,
  ],
  [
    `SELECT window_start, window_end, SUM(n) AS n FROM TUMBLE((
       SELECT window_time AS rt, COUNT(*) AS n FROM TUMBLE(o, ts, ${MINUTE})
       GROUP BY window_start, window_end, window_time), rt, INTERVAL '2' MINUTE)
     GROUP BY window_start, window_end`,
    `SELECT b, b + INTERVAL '2' MINUTE, COUNT(*) FROM
       (SELECT time_bucket(INTERVAL '2' MINUTE, ts) AS b FROM o) GROUP BY ALL`,
  ],
  [
    `SELECT o.id, r.w FROM o LEFT JOIN p FOR SYSTEM_TIME AS OF o.ts AS r ON o.k = r.k`,
    `SELECT o.id, r.w FROM (SELECT *, row_number() OVER () AS seq FROM o) AS o
     ASOF LEFT JOIN (SELECT * FROM p) AS r ON o.k = r.k AND o.ts >= r.ts`,
  ],
]

/** By event time: final at the watermark. */
const BY_TIME: readonly string[] = [
  'SELECT id, SUM(v) OVER (PARTITION BY k ORDER BY ts) AS s, COUNT(*) OVER (PARTITION BY k ORDER BY ts) AS n FROM o',
  `SELECT id, SUM(v) OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '30' SECOND PRECEDING AND CURRENT ROW) AS s FROM o`,
  'SELECT id, v - LAG(v) OVER (PARTITION BY k ORDER BY ts) AS change FROM o',
  'SELECT id FROM o QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) = 1',
  'SELECT id, AVG(CAST(v AS DOUBLE)) OVER (PARTITION BY k ORDER BY ts ROWS 2 PRECEDING) AS a FROM o',
]

describe('by event time', () => {
  it.each(BY_TIME)('%s', async (sql) => {
    const expected = (await duckdb(sql)).at(-1)
    expect(ours(sql, 'bounded').at(-1)).toEqual(expected)
    expect(ours(sql, 'continuous').at(-1), 'continuous').toEqual(expected)
    expect(ours(sql, 'continuous', []).at(-1), 'without rules').toEqual(expected)
  })
})

describe('at the end', () => {
  it.each(AT_END)('%s', async (sql, theirs) => {
    const expected = (await duckdb(theirs)).at(-1)
    expect(ours(sql, 'bounded').at(-1)).toEqual(expected)
    expect(ours(sql, 'continuous').at(-1), 'continuous').toEqual(expected)
    expect(ours(sql, 'continuous', []).at(-1), 'without rules').toEqual(expected)
  })
})
