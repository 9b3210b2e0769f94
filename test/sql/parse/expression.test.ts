import { expect, test } from 'vitest'
import type { Expression } from '../../../sql/ast.ts'
import { parseExpression } from '../../../sql/parse/index.ts'
import { seedOf } from '../../seed.ts'
import { randomOf, StatementMaker } from './differential/random-statement.ts'
import { printExpression } from './print-tree.ts'

const print = (sql: string): string => printExpression(parseExpression(sql))

test.each([
  // What binds what.
  ['a = 1 OR b = 2 AND NOT c = 3', '(OR (= a 1) (AND (= b 2) (NOT (= c 3))))'],
  ['a + b * c - d', '(- (+ a (* b c)) d)'],
  ['- a * b', '(* (- a) b)'],
  ['- a[1]::INT', '(- (cast ([] a 1) INT))'],
  ['a || b + c', '(|| a (+ b c))'],
  ['a || b = c || d', '(= (|| a b) (|| c d))'],
  ["x AT TIME ZONE 'UTC' + y", "(+ (AT TIME ZONE x 'UTC') y)"],
  ['NOT a IS NULL', '(NOT (IS NULL a))'],
  ['a = b IS NOT TRUE', '(IS NOT TRUE (= a b))'],
  ['a IS DISTINCT FROM b + 1 AND c', '(AND (IS DISTINCT FROM a (+ b 1)) c)'],
  ['a IS NOT DISTINCT FROM b', '(IS NOT DISTINCT FROM a b)'],
  ['a IS UNKNOWN', '(IS UNKNOWN a)'],
  ['a BETWEEN 1 AND 2 AND b', '(AND (BETWEEN a 1 2) b)'],
  ['a NOT BETWEEN SYMMETRIC b + 1 AND c', '(NOT (BETWEEN SYMMETRIC a (+ b 1) c))'],
  ['a BETWEEN ASYMMETRIC 1 AND 2', '(BETWEEN a 1 2)'],
  ["a LIKE b || '%' ESCAPE '!' OR c", "(OR (LIKE a (|| b '%') '!') c)"],
  ["a NOT ILIKE 'x'", "(NOT (ILIKE a 'x'))"],
  ["a SIMILAR TO 'x'", "(SIMILAR TO a 'x')"],
  ["a REGEXP 'x' = TRUE", "(= (RLIKE a 'x') true)"],
  ["a->'b'->>0 = c", "(= (->> (-> a 'b') 0) c)"],
  // Lists, queries, quantifiers.
  ['a IN (1, -2, NULL)', '(in a 1 -2 null)'],
  ['a NOT IN (b, c + 1)', '(not in a b (+ c 1))'],
  ['a IN (SELECT b FROM t)', '(in a query)'],
  ['(a, b) IN ((1, 2))', '(in (ROW a b) (ROW 1 2))'],
  ['a = ANY (SELECT b)', '(in a query)'],
  ['a <> ALL (SELECT b)', '(not in a query)'],
  ['a > SOME (SELECT b)', '(> ANY a query)'],
  ['a < ALL (ARRAY[1, 2])', '(< ALL a (ARRAY 1 2))'],
  [
    'EXISTS (SELECT 1) AND NOT EXISTS ((SELECT 2) UNION SELECT 3)',
    '(AND (exists query) (not exists query))',
  ],
  ['((SELECT 1) + 2)', '(+ query 2)'],
  // Calls.
  ['f()', '(f)'],
  ['count(*)', '(count *)'],
  ['COUNT(DISTINCT a, b)', '(COUNT distinct a b)'],
  ["LISTAGG(a, ',') WITHIN GROUP (ORDER BY b DESC)", "(LISTAGG a ',' order(b desc last))"],
  [
    'ARRAY_AGG(a ORDER BY b NULLS LAST) FILTER (WHERE c > 1)',
    '(ARRAY_AGG a order(b asc last) filter((> c 1)))',
  ],
  ['LEFT(a, 2) || right(b, 1)', '(|| (LEFT a 2) (right b 1))'],
  ['CURRENT_TIMESTAMP - ts', '(- (CURRENT_TIMESTAMP) ts)'],
  ['IF(a, b, c)', '(IF a b c)'],
  [
    'ROW_NUMBER() OVER (PARTITION BY a, b ORDER BY c DESC)',
    '(ROW_NUMBER over(by a, by b, order c desc last))',
  ],
  [
    'SUM(a) OVER (ORDER BY b ROWS 5 PRECEDING)',
    '(SUM a over(order b asc first, rows 5 preceding to current-row))',
  ],
  [
    "SUM(a) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW)",
    '(SUM a over(order ts asc first, range 60000000 preceding to current-row))',
  ],
  [
    'SUM(a) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)',
    '(SUM a over(rows unbounded-preceding to unbounded-following))',
  ],
  // Special forms are plain calls.
  ['EXTRACT(year FROM ts)', "(EXTRACT 'YEAR' ts)"],
  ['FLOOR(ts TO day) = CEIL(x)', "(= (FLOOR ts 'DAY') (CEIL x))"],
  ['TIMESTAMPADD(day, 1, ts)', "(TIMESTAMPADD 'DAY' 1 ts)"],
  ["POSITION('a' IN b)", "(POSITION 'a' b)"],
  ['SUBSTRING(a FROM 2 FOR 3)', '(SUBSTRING a 2 3)'],
  ['SUBSTRING(a, 2)', '(SUBSTRING a 2)'],
  ["OVERLAY(a PLACING 'x' FROM 2 FOR 3)", "(OVERLAY a 'x' 2 3)"],
  ['TRIM(a)', '(TRIM a)'],
  ["TRIM(LEADING 'x' FROM a)", "(LTRIM a 'x')"],
  ['trim(TRAILING FROM a)', '(RTRIM a)'],
  ["TRIM('x' FROM a)", "(TRIM a 'x')"],
  ["JSON_OBJECT('a' VALUE 1, KEY 'b' VALUE c)", "(JSON_OBJECT 'a' 1 'b' c)"],
  ['TRY_CAST(a AS DECIMAL(4, 2))', '(try-cast a DECIMAL(4, 2))'],
  ["'1'::INT + b::VARCHAR(3)", "(+ (cast '1' INT) (cast b VARCHAR(3)))"],
  // Nested values.
  ['a.b.c', 'a.b.c'],
  ['arr[i + 1].x[2]', "([] (. ([] arr (+ i 1)) 'x') 2)"],
  ["m['k']", "([] m 'k')"],
  ['(f(x)).y', "(. (f x) 'y')"],
  ["MAP['a', 1, 'b', 2]['a']", "([] (MAP 'a' 1 'b' 2) 'a')"],
  ['ARRAY[ROW(1, 2), (3, 4)]', '(ARRAY (ROW 1 2) (ROW 3 4))'],
  // CASE.
  ['CASE WHEN a OR b AND c THEN 1 ELSE 2 END', '(case (OR a (AND b c)): 1, else 2)'],
  ['CASE a + 1 WHEN 1 THEN b WHEN 2 THEN c END', '(case (+ a 1), 1: b, 2: c)'],
  ['- CASE WHEN a THEN 1 END + 2', '(+ (- (case a: 1)) 2)'],
  // Words that are names unless something makes them more.
  [
    'date + value + name + time + year + origin + window_start + count + end_time + emit + rows',
    '(+ (+ (+ (+ (+ (+ (+ (+ (+ (+ date value) name) time) year) origin) window_start) count) end_time) emit) rows)',
  ],
  ['t.order', 't.order'],
  ['"select" + `from`', '(+ select from)'],
  ['\'@1\' || "@2"', "(|| '@1' @2)"],
])('%s', (sql, wanted) => {
  expect(print(sql)).toBe(wanted)
})

test('long chains of AND stay flat enough to walk', () => {
  const depth = (value: Expression): number =>
    value.kind === 'call' ? 1 + Math.max(0, ...value.args.map(depth)) : 0
  const value = parseExpression(Array.from({ length: 2000 }, (_, i) => `a = ${i}`).join(' AND '))
  expect(depth(value)).toBeLessThan(16)
})

/** All parts of an expression with the text that they claim to be. */
function* partsOf(value: Expression): Generator<Expression> {
  if (value.kind === 'star') return
  yield value
  const inner: Expression[] = []
  if (value.kind === 'call') inner.push(...value.args, ...(value.filter ? [value.filter] : []))
  else if (value.kind === 'cast') inner.push(value.arg)
  else if (value.kind === 'in') inner.push(value.arg, ...value.list)
  else if (value.kind === 'case') {
    inner.push(...(value.operand ? [value.operand] : []))
    inner.push(...value.branches.flatMap((branch) => [branch.when, branch.then]))
  }
  for (const part of inner) yield* partsOf(part)
}

test('every part is where it says: its text alone gives the same part', () => {
  const seed = seedOf('sql/parse places')
  const maker = new StatementMaker(randomOf(seed))
  let checked = 0
  for (let i = 0; i < 300; i++) {
    const sql = maker.expression()
    let whole: Expression
    try {
      whole = parseExpression(sql)
    } catch {
      continue
    }
    for (const part of partsOf(whole)) {
      const text = sql.slice(part.at.offset, part.at.offset + part.at.length)
      // A unit (EXTRACT) is a word, and NOT LIKE is one text for two nodes.
      if (part.kind === 'literal' && /^(year|day|f)$/.test(text)) continue
      const alone = printExpression(parseExpression(text))
      const negated = `(NOT ${printExpression(part)})`
      if (alone !== negated)
        expect(alone, `${text} in ${sql} (seed ${seed})`).toBe(printExpression(part))
      checked++
    }
  }
  expect(checked).toBeGreaterThan(1000)
})
