/** MATCH_RECOGNIZE by hand: the examples of Flink's documentation, every quantifier and way to skip,
 *  navigation, WITHIN, late rows, restarts and what is kept. */

import { describe, expect, it, test } from 'vitest'
import { MatchRun, matches, type TickerRow, textsOf } from './match-run.ts'

/** Prices of one symbol, a second apart from second 0 on. */
const prices = (...list: (number | null)[]): TickerRow[] =>
  list.map((price, i) => ['X', price, 1, i])

const clause = (rest: string) =>
  `SELECT * FROM ticker MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY ts ${rest}) AS m`

describe('the examples of the documentation', () => {
  const ACME = prices(12, 17, 19, 21, 25, 18, 15, 14, 24, 25, 19)

  it('finds falling prices', () => {
    const sql = clause(`
      MEASURES START_ROW.ts AS start_tstamp, LAST(PRICE_DOWN.ts) AS bottom, LAST(PRICE_UP.ts) AS up
      ONE ROW PER MATCH AFTER MATCH SKIP TO LAST PRICE_UP
      PATTERN (START_ROW PRICE_DOWN+ PRICE_UP)
      DEFINE
        PRICE_DOWN AS (LAST(PRICE_DOWN.price, 1) IS NULL AND PRICE_DOWN.price < START_ROW.price)
          OR PRICE_DOWN.price < LAST(PRICE_DOWN.price, 1),
        PRICE_UP AS PRICE_UP.price > LAST(PRICE_DOWN.price, 1)`)
    expect(matches(sql, ACME)).toEqual(['X @4 @7 @8'])
  })

  it('finds the V shape with PREV', () => {
    const sql = clause(`
      MEASURES S.price AS top, LAST(DOWN.price) AS bottom, LAST(UP.price) AS up
      PATTERN (S DOWN+ UP+)
      DEFINE DOWN AS price < PREV(price), UP AS price > PREV(price)`)
    expect(matches(sql, ACME)).toEqual(['X 25 14 25'])
  })

  it('aggregates in DEFINE', () => {
    const sql = clause(`
      MEASURES FIRST(A.ts) AS s, LAST(A.ts) AS e, AVG(CAST(A.price AS DOUBLE)) AS mean
      PATTERN (A+ B) DEFINE A AS AVG(CAST(A.price AS DOUBLE)) < 15`)
    const given = prices(12, 17, 13, 16, 25, 2, 4, 10, 15, 25, 25, 30)
    expect(matches(sql, given)).toEqual(['X @0 @3 14.5', 'X @5 @10 13.5'])
  })

  it('prefers more, or less', () => {
    const sql = (pattern: string) =>
      clause(`MEASURES C.price AS last_price PATTERN (${pattern})
        DEFINE A AS A.price > 10, B AS B.price < 15, C AS C.price > 12`)
    const given = prices(10, 11, 12, 13, 14, 16)
    expect(matches(sql('A B* C'), given)).toEqual(['X 16'])
    expect(matches(sql('A B*? C'), given)).toEqual(['X 13', 'X 16'])
  })

  it('bounds the time', () => {
    const sql = clause(`MEASURES C.ts AS t, A.price - C.price AS d
      PATTERN (A B* C) WITHIN INTERVAL '3' SECOND
      DEFINE B AS B.price > A.price - 10, C AS C.price < A.price - 10`)
    expect(matches(sql, prices(20, 17, 18, 11, 14, 9, 15, 14, 24, 1, 19))).toEqual(['X @9 14'])
  })

  it('navigates by logical offsets', () => {
    const sql = clause(`MEASURES FIRST(A.price) AS f, LAST(A.price) AS t, B.price AS l
      PATTERN (A+ B)
      DEFINE A AS LAST(A.price, 1) IS NULL OR A.price > LAST(A.price, 1), B AS B.price < LAST(A.price)`)
    expect(matches(sql, prices(10, 12, 13, 11))).toEqual(['X 10 13 11'])
  })

  const skipping = (skip: string) =>
    matches(
      clause(`MEASURES SUM(A.price) AS s, FIRST(ts) AS f, LAST(ts) AS l
        ONE ROW PER MATCH ${skip} PATTERN (A+ C) DEFINE A AS SUM(A.price) < 30`),
      prices(7, 9, 10, 5, 10, 7, 14),
      // The stream goes on: the last rows may still become another match.
      1000,
    )

  it('skips past the last row', () => {
    const wanted = ['X 26 @0 @3', 'X 17 @4 @6']
    expect(skipping('AFTER MATCH SKIP PAST LAST ROW')).toEqual(wanted)
    expect(skipping('')).toEqual(wanted)
  })

  it('skips to the next row', () => {
    expect(skipping('AFTER MATCH SKIP TO NEXT ROW')).toEqual([
      ...['X 26 @0 @3', 'X 24 @1 @4', 'X 25 @2 @5', 'X 22 @3 @6', 'X 17 @4 @6'],
    ])
  })

  it('skips to the last row of a variable', () => {
    expect(skipping('AFTER MATCH SKIP TO LAST A')).toEqual([
      ...['X 26 @0 @3', 'X 25 @2 @5', 'X 17 @4 @6'],
    ])
  })

  it('refuses to go on at the row where it began', () => {
    expect(() => skipping('AFTER MATCH SKIP TO FIRST A')).toThrow(/would begin at the row/)
    expect(skipping('AFTER MATCH SKIP TO FIRST C')).toEqual(['X 26 @0 @3', 'X 22 @3 @6'])
  })
})

const classified = (pattern: string, letters: string, more = '') => {
  const rows = [...letters].map((c, i): TickerRow => ['X', c.charCodeAt(0) - 96, 1, i])
  const names = [...new Set(pattern.match(/[a-d]/g))]
  const defines = names.map((name) => `${name} AS price = ${name.charCodeAt(0) - 96}`)
  return matches(
    `SELECT t, c, n FROM ticker MATCH_RECOGNIZE (ORDER BY ts
      MEASURES FIRST(ts) AS t, LISTAGG(CAST(price AS STRING), '') AS c, MATCH_NUMBER() AS n
      ${more} PATTERN (${pattern}) DEFINE ${defines.join(', ')})`,
    rows,
  ).map((row) => {
    const [t, c, n] = row.split(' ')
    const text =
      c === 'null' ? '-' : c.replaceAll(/\d/g, (d) => String.fromCharCode(96 + Number(d)))
    return `${n}${t}${text}`
  })
}

test.each<[string, string, string[]]>([
  ['a b', 'abab', ['1@0ab', '2@2ab']],
  ['a*', 'aab', ['1@0aa', '2null-']],
  ['a*?', 'aa', ['1null-', '2null-']],
  ['a+', 'aabaa', ['1@0aa', '2@3aa']],
  ['a+?', 'aa', ['1@0a', '2@1a']],
  ['a? b', 'abb', ['1@0ab', '2@2b']],
  ['a?? b', 'abb', ['1@0ab', '2@2b']],
  ['a{2}', 'aaaaa', ['1@0aa', '2@2aa']],
  ['a{2,}', 'abaaab', ['1@2aaa']],
  ['a{2,}?', 'aaaaa', ['1@0aa', '2@2aa']],
  ['a{1,2}', 'aaa', ['1@0aa', '2@2a']],
  ['a{1,2}?', 'aaa', ['1@0a', '2@1a', '3@2a']],
  ['b a{,2}', 'baaab', ['1@0baa', '2@4b']],
  ['a | b', 'abc', ['1@0a', '2@1b']],
  ['a | a b', 'ab', ['1@0a']],
  ['a b | a', 'aab', ['1@0a', '2@1ab']],
  ['(a b)+', 'ababa', ['1@0abab']],
  ['(a | b)* c', 'abac', ['1@0abac']],
  ['(a b?){2}', 'aaba', ['1@0aab']],
  ['(a*)* b', 'aab', ['1@0aab']],
  ['(a*?)*? b', 'aab', ['1@0aab']],
  ['((a | b)+? c)*', 'abcac', ['1@0abcac']],
  ['() | a', 'a', ['1null-']],
  ['a (b | ()) c', 'abcac', ['1@0abc', '2@3ac']],
  ['(a?){3} b', 'aab', ['1@0aab']],
])('%s in %s', (pattern, letters, wanted) => {
  expect(classified(pattern, letters)).toEqual(wanted)
})

describe('all rows per match', () => {
  const sql = (rows: string, pattern = 'A B+') =>
    `SELECT ts, c, n, r, f, price FROM ticker MATCH_RECOGNIZE (ORDER BY ts
      MEASURES CLASSIFIER() AS c, MATCH_NUMBER() AS n, COUNT(B.*) AS r, FINAL LAST(price) AS f
      ALL ROWS PER MATCH ${rows} AFTER MATCH SKIP PAST LAST ROW
      PATTERN (${pattern}) DEFINE A AS price = 1, B AS price > 1)`
  const given = prices(1, 2, 3, 0, 1, 5)

  it('gives every row with running values', () => {
    expect(matches(sql(''), given)).toEqual([
      ...['@0 A 1 0 3 1', '@1 B 1 1 3 2', '@2 B 1 2 3 3', '@4 A 2 0 5 1', '@5 B 2 1 5 5'],
    ])
  })

  it('gives unmatched rows', () => {
    expect(matches(sql('WITH UNMATCHED ROWS'), given)[3]).toBe('@3 null null null null 0')
    expect(matches(sql('WITH UNMATCHED ROWS'), given)).toHaveLength(6)
  })

  it('shows or omits empty matches', () => {
    const empty = (rows: string) => sql(rows, 'B*').replace('A AS price = 1, ', '')
    expect(matches(empty(''), prices(1, 2))).toEqual(['@0 null 1 0 null 1', '@1 B 2 1 2 2'])
    expect(matches(empty('OMIT EMPTY MATCHES'), prices(1, 2))).toEqual(['@1 B 2 1 2 2'])
  })

  it('has the columns in the order of the standard', () => {
    const all = matches(clause('MEASURES 7 AS m ALL ROWS PER MATCH PATTERN (A) DEFINE A AS TRUE'), [
      ['X', 1, 2, 3],
    ])
    expect(all).toEqual(['X @3 7 1 2'])
  })

  it('overlaps', () => {
    const overlapping = sql('').replace('PAST LAST ROW', 'TO NEXT ROW')
    expect(matches(overlapping, prices(1, 2, 1, 2))).toHaveLength(4)
    expect(
      matches(overlapping.replace('A AS price = 1', 'A AS TRUE'), prices(1, 2, 3)),
    ).toHaveLength(5)
  })
})

describe('navigation', () => {
  const one = (
    measure: string,
    given: TickerRow[],
    rest = 'PATTERN (A B+ C) DEFINE B AS price > 5',
  ) =>
    matches(
      `SELECT m FROM ticker MATCH_RECOGNIZE (ORDER BY ts MEASURES ${measure} AS m ${rest})`,
      given,
    )
  const given = prices(1, 6, 7, 2, 9)

  test.each<[string, string]>([
    ['A.price', '1'],
    ['B.price', '7'],
    ['FIRST(B.price)', '6'],
    ['FIRST(B.price, 1)', '7'],
    ['FIRST(B.price, 2)', 'null'],
    ['LAST(B.price, 1)', '6'],
    ['LAST(price, 3)', '1'],
    ['LAST(price, 4)', 'null'],
    ['FIRST(price * 10 + tax, 1)', '61'],
    ['PREV(A.price)', 'null'],
    ['PREV(B.price)', '6'],
    ['PREV(B.price, 2)', '1'],
    ['PREV(FIRST(B.price), 1)', '1'],
    ['NEXT(C.price)', '9'],
    ['NEXT(C.price, 2)', 'null'],
    ['NEXT(LAST(B.price, 1), 2)', '2'],
    ['PREV(price, 0)', '2'],
    ['COUNT(*)', '4'],
    ['COUNT(B.price)', '2'],
    ['SUM(B.price * B.tax) + A.price', '14'],
    ['SUM(price) FILTER (WHERE price > 1)', '15'],
    ['COUNT(DISTINCT tax)', '1'],
    ['MIN(B.price) * 100 + MAX(price)', '607'],
    ['ARRAY_AGG(B.price)', '6,7'],
    ['CLASSIFIER()', 'C'],
    ['LAST(CLASSIFIER(), 1)', 'B'],
    ['CLASSIFIER(A)', 'A'],
    ['MATCH_NUMBER()', '1'],
    ['MATCH_ROWTIME()', '@3'],
    ['FINAL LAST(B.price) + RUNNING SUM(A.price)', '8'],
    ['CASE WHEN B.price IN (7, 8) THEN UPPER(CLASSIFIER(B)) ELSE NULL END', 'B'],
  ])('%s', (measure, wanted) => {
    expect(one(measure, given)).toEqual([wanted])
  })

  it('knows subsets', () => {
    const rest = 'PATTERN (A B+ C) SUBSET U = (A, C), V = (B, C) DEFINE B AS price > 5'
    const measure =
      'SUM(U.price) * 100000 + SUM(V.price) * 1000 + FIRST(V.price) * 10 + LAST(U.price, 1)'
    expect(one(measure, given, rest)).toEqual(['315061'])
    expect(one('CLASSIFIER(U)', given, rest)).toEqual(['C'])
  })

  it('reads text and NULL in conditions', () => {
    const rows: TickerRow[] = [
      ['a', 1, null, 0],
      ['b', null, 1, 1],
      [null, 3, 1, 2],
      ['c', 4, 1, 3],
      ['d', 5, 1, 4],
    ]
    const sql = `SELECT s FROM ticker MATCH_RECOGNIZE (ORDER BY ts
      MEASURES FIRST(symbol) || '-' || LAST(symbol) AS s PATTERN (A B)
      DEFINE B AS B.symbol > A.symbol AND UPPER(PREV(symbol)) = UPPER(A.symbol)
        AND A.price IS NOT NULL AND LAST(CLASSIFIER(), 1) = 'A' AND MATCH_NUMBER() < 9)`
    expect(matches(sql, rows)).toEqual(['a-b', 'c-d'])
  })

  it('looks ahead in conditions', () => {
    const sql = clause('MEASURES A.ts AS t PATTERN (A) DEFINE A AS NEXT(price) > price')
    expect(matches(sql, prices(1, 2, 2, 3))).toEqual(['X @0', 'X @2'])
  })
})

describe('time', () => {
  const sql = clause(`MEASURES MATCH_ROWTIME() AS t, COUNT(*) AS n
    PATTERN (A B*) WITHIN INTERVAL '10' SECOND DEFINE A AS price = 1, B AS price > 1`)

  it('waits until a match is certain', () => {
    const run = new MatchRun(sql)
    run.feed(prices(1, 2, 3))
    expect(run.watermark(2)).toEqual([])
    expect(run.watermarkS).toBe(0)
    expect(run.watermark(10)).toEqual([])
    expect(run.stateRows).toBe(3)
    expect(run.watermark(11)).toHaveLength(1)
    expect(textsOf(run)).toEqual(['X @2 3'])
    expect(run.watermarkS).toBe(11)
    expect(run.stateRows).toBe(0)
  })

  it('waits for the rows that the measures read', () => {
    const next = clause('MEASURES NEXT(A.price, 2) AS p PATTERN (A) DEFINE A AS price = 1')
    const run = new MatchRun(next)
    run.feed(prices(1, 2, 3, 1))
    expect(run.watermark(2)).toEqual([])
    expect(run.watermark(3)).toEqual([['X', 3]])
    expect(run.watermark(100)).toEqual([])
    expect(run.watermarkS).toBe(3)
    expect(run.watermark(Infinity)).toEqual([['X', null]])
  })

  it('allows exactly the longest time', () => {
    expect(
      matches(sql, [
        ['X', 1, 1, 0],
        ['X', 2, 1, 10],
      ]),
    ).toEqual(['X @10 2'])
    expect(
      matches(sql, [
        ['X', 1, 1, 0],
        ['X', 2, 1, 10.001],
      ]),
    ).toEqual(['X @0 1'])
  })

  it('orders rows by time, then as told, then as they came', () => {
    const given: TickerRow[] = [
      ['X', 3, 1, 2],
      ['X', 1, 1, 1],
      ['X', 2, 9, 1],
      ['X', 2, 7, 1],
    ]
    const list = (order: string) =>
      matches(
        `SELECT l FROM ticker MATCH_RECOGNIZE (ORDER BY ${order}
        MEASURES LISTAGG(CAST(price * 10 + tax AS STRING), ' ') AS l PATTERN (A+) DEFINE A AS TRUE)`,
        given,
      )
    expect(list('ts')).toEqual(['11 29 27 31'])
    expect(list('ts, price DESC, tax')).toEqual(['27 29 11 31'])
    expect(list('ts ASC, price % 2 DESC, tax')).toEqual(['11 27 29 31'])
  })

  it('says late rows, and rows without a time', () => {
    const run = new MatchRun(sql)
    run.feed([['X', 1, 1, 5]]).watermark(7)
    run.feed([
      ['X', 2, 1, 6],
      ['X', 2, 1, null],
      ['X', 2, 1, 7],
    ])
    run.watermark(Infinity)
    expect(run.lateRows).toBe(2)
    expect(textsOf(run)).toEqual(['X @7 2'])
  })

  it('keeps partitions apart, NULL being one', () => {
    const rows: TickerRow[] = [
      ['X', 1, 1, 0],
      [null, 1, 1, 1],
      ['Y', 2, 1, 2],
      [null, 2, 1, 3],
      ['X', 5, 1, 4],
    ]
    expect(matches(sql, rows).sort()).toEqual(['X @4 2', 'null @3 2'])
  })

  it('is a time attribute for what follows', () => {
    const counted = `SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT * FROM ticker MATCH_RECOGNIZE (
      ORDER BY ts MEASURES MATCH_ROWTIME() AS mt PATTERN (A B) DEFINE B AS price > A.price)),
      DESCRIPTOR(mt), INTERVAL '10' SECOND)) GROUP BY window_start, window_end`
    const run = new MatchRun(counted)
    run.feed([
      ['X', 1, 1, 1],
      ['X', 2, 1, 2],
      ['X', 1, 1, 9],
      ['X', 2, 1, 11],
      ['X', 1, 1, 12],
    ])
    expect(run.watermark(13)).toHaveLength(1)
    run.watermark(Infinity)
    expect(textsOf(run)).toEqual(['@0 1', '@10 1'])
  })

  it('keeps the row that PREV can read, and no more', () => {
    const run = new MatchRun(
      clause('MEASURES A.price AS p PATTERN (A) DEFINE A AS price > PREV(price)'),
    )
    for (let i = 0; i < 100; i++) {
      run.feed([['X', i % 7, 1, i]]).watermark(i + 1)
      expect(run.stateRows).toBe(1)
      if (i % 10 === 0) run.restart()
    }
    expect(run.out).toHaveLength(85)
  })

  it('forgets partitions', () => {
    const run = new MatchRun(sql)
    for (let i = 0; i < 6000; i += 8) {
      run.feed(Array.from({ length: 8 }, (_, j): TickerRow => [`s${i + j}`, 1, 1, i + j]))
      run.watermark(i)
      expect(run.stateRows).toBeLessThan(40)
    }
    run.watermark(Infinity)
    expect(run.out).toHaveLength(6000)
    expect(run.stateRows).toBe(0)
  })

  it('goes on after a restart where it was', () => {
    const run = new MatchRun(
      clause(`MEASURES MATCH_NUMBER() AS n, SUM(B.price) AS s, LAST(ts) AS t
      PATTERN (A B+ C) DEFINE A AS price = 1, B AS SUM(B.price) < 100 AND price > 0, C AS price = 0`),
    )
    const given = prices(1, 5, 6, 0, 1, 7, 1, 8, 0, 0, 1, 0)
    for (const [i, row] of given.entries()) {
      run.feed([row]).watermark(i + 1)
      run.restart()
    }
    run.watermark(Infinity)
    expect(textsOf(run)).toEqual(['X 1 11 @3', 'X 2 16 @8'])
  })
})

describe('many ways', () => {
  const sql = (define: string) =>
    clause(`MEASURES COUNT(*) AS n PATTERN ((A | B)* (C | D)* E) DEFINE ${define}, E AS price = 99`)

  it('does not go the same way twice', () => {
    const given = prices(...Array.from({ length: 300 }, () => 1))
    expect(matches(sql('A AS price = 1'), given)).toEqual([])
    expect(matches(sql('A AS price >= FIRST(price), B AS LAST(price, 1) > 0'), given)).toEqual([])
  })

  it('gives up rather than hang', () => {
    const given = prices(...Array.from({ length: 60 }, (_, i) => 2 ** Math.min(i, 40)))
    expect(() =>
      matches(sql('A AS SUM(A.price) > 0, B AS SUM(B.price) > 0, C AS SUM(C.price) > 0'), given),
    ).toThrow(/too many ways/)
  })
})
