/** MATCH_RECOGNIZE from text to tree: every clause and quantifier, and what is refused where. */

import { expect, test } from 'vitest'
import type { TableRef } from '../../../sql/ast.ts'
import { caretText, parseStatements } from '../../../sql/index.ts'
import type { MatchClause, MatchPattern } from '../../../sql/match-ast.ts'

function refOf(sql: string): Extract<TableRef, { kind: 'match' }> {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select' || statement.query.body.kind !== 'select') throw new Error(sql)
  const [ref] = statement.query.body.from
  if (ref.kind !== 'match') throw new Error(ref.kind)
  return ref
}

const clauseOf = (rest: string): MatchClause =>
  refOf(`SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts ${rest})`).match

function print(pattern: MatchPattern): string {
  switch (pattern.kind) {
    case 'variable':
      return pattern.name.text
    case 'sequence':
      return `(${pattern.parts.map(print).join(' ')})`
    case 'choice':
      return `[${pattern.parts.map(print).join(' ')}]`
    case 'repeat':
      return `${print(pattern.part)}<${pattern.from},${pattern.to}${pattern.reluctant ? ' less' : ''}>`
  }
}

test.each<[string, string]>([
  ['A', 'A'],
  ['A B C', '(A B C)'],
  ['A | B C | D', '[A (B C) D]'],
  ['(A | B) C', '([A B] C)'],
  ['((A))', 'A'],
  ['()', '()'],
  ['(() | A) B', '([() A] B)'],
  ['A* B+ C?', '(A<0,Infinity> B<1,Infinity> C<0,1>)'],
  ['A*? B+? C??', '(A<0,Infinity less> B<1,Infinity less> C<0,1 less>)'],
  ['A{3} B{2,} C{2,4} D{,5}', '(A<3,3> B<2,Infinity> C<2,4> D<0,5>)'],
  ['A{3}? B{2,}? C{2,4}?', '(A<3,3 less> B<2,Infinity less> C<2,4 less>)'],
  ['(A B+){2} "c d"', '((A B<1,Infinity>)<2,2> c d)'],
  ['(A+)*', 'A<1,Infinity><0,Infinity>'],
])('PATTERN (%s)', (pattern, wanted) => {
  expect(print(clauseOf(`PATTERN (${pattern}) DEFINE A AS TRUE`).pattern)).toBe(wanted)
})

test.each<[string, MatchClause['skip']]>([
  ['', undefined],
  ['AFTER MATCH SKIP PAST LAST ROW', { to: 'past-last' }],
  ['AFTER MATCH SKIP TO NEXT ROW', { to: 'next-row' }],
])('skip: %s', (text, wanted) => {
  expect(clauseOf(`${text} PATTERN (A) DEFINE A AS TRUE`).skip).toEqual(wanted)
})

test.each([
  ['AFTER MATCH SKIP TO FIRST B', 'first B'],
  ['AFTER MATCH SKIP TO LAST B', 'last B'],
  ['AFTER MATCH SKIP TO B', 'last B'],
])('skip: %s', (text, wanted) => {
  const { skip } = clauseOf(`${text} PATTERN (A B) DEFINE A AS TRUE`)
  expect(skip && 'variable' in skip && `${skip.to} ${skip.variable.text}`).toBe(wanted)
})

test.each<[string, MatchClause['rows']]>([
  ['', 'one'],
  ['ONE ROW PER MATCH', 'one'],
  ['ALL ROWS PER MATCH', 'all'],
  ['ALL ROWS PER MATCH SHOW EMPTY MATCHES', 'all'],
  ['ALL ROWS PER MATCH OMIT EMPTY MATCHES', 'all-omit-empty'],
  ['ALL ROWS PER MATCH WITH UNMATCHED ROWS', 'all-with-unmatched'],
])('rows: %s', (text, wanted) => {
  expect(clauseOf(`${text} PATTERN (A) DEFINE A AS TRUE`).rows).toBe(wanted)
})

test('has all clauses at once, over any table and with an alias', () => {
  const sql = `SELECT * FROM (SELECT * FROM t) AS s MATCH_RECOGNIZE (
    PARTITION BY a, s.b ORDER BY ts ASC, c DESC NULLS LAST
    MEASURES A.x AS one, FINAL LAST(B.x, 2) + 1 AS "two words", COUNT(A.*) AS n
    ONE ROW PER MATCH AFTER MATCH SKIP TO FIRST U
    PATTERN (A B*) WITHIN INTERVAL '5' MINUTE
    SUBSET U = (A, B), V = (B)
    DEFINE A AS x > 1 AND y, B AS PREV(x) < 2) AS m (p, q, r)`
  const { input, match, alias } = refOf(sql)
  expect(input.kind).toBe('query')
  expect(alias?.columns).toHaveLength(3)
  expect(match.partitionBy).toHaveLength(2)
  expect(match.orderBy.map(({ descending }) => descending)).toEqual([false, true])
  expect(match.measures.map(({ name }) => name.text)).toEqual(['one', 'two words', 'n'])
  const [, two, n] = match.measures.map(({ value }) => value)
  expect(two).toMatchObject({ name: { text: '+' }, args: [{ name: { text: 'FINAL' } }, {}] })
  expect(n).toMatchObject({ args: [{ kind: 'name', path: [{ text: 'A' }, { text: '*' }] }] })
  expect(match.within).toMatchObject({ value: 300_000_000 })
  expect(match.subsets.map(({ members }) => members.length)).toEqual([2, 1])
  expect(match.defines.map(({ name }) => name.text)).toEqual(['A', 'B'])
  expect(sql.slice(match.at.offset, match.at.offset + match.at.length)).toMatch(/^MATCH.*\)$/s)
})

test('can be joined, and repeated', () => {
  const one = 'MATCH_RECOGNIZE (ORDER BY ts MEASURES 1 AS n PATTERN (A) DEFINE A AS TRUE)'
  expect(() =>
    parseStatements(`SELECT * FROM t ${one} AS x JOIN u ${one} y ON x.n = y.n`),
  ).not.toThrow()
  expect(refOf(`SELECT * FROM t ${one} AS x ${one}`).input.kind).toBe('match')
})

test('FINAL, RUNNING, PATTERN and their like stay names elsewhere', () => {
  const sql =
    'SELECT final, running AS pattern, first, last FROM define AS measures WHERE final > 1'
  expect(() => parseStatements(sql)).not.toThrow()
})

const error = (sql: string): string => {
  try {
    parseStatements(sql)
  } catch (error) {
    const [message, , , carets] = caretText(error, sql).split('\n')
    return message ?? carets
  }
  return 'no error'
}

test.each<[string, RegExp]>([
  ['', /Expected PATTERN in MATCH_RECOGNIZE, found "\)" \(SYNTAX\)/],
  ['PATTERN (A)', /Expected DEFINE/],
  ['PATTERN (A) DEFINE', /Expected a pattern variable/],
  ['PATTERN () DEFINE A AS TRUE', /Expected a pattern variable/],
  ['PATTERN (A |) DEFINE A AS TRUE', /Expected a pattern variable/],
  ['PATTERN (A || B) DEFINE A AS TRUE', /Expected a pattern between the two/],
  ['PATTERN (A**) DEFINE A AS TRUE', /A quantifier stands behind a variable/],
  ['PATTERN (A{}) DEFINE A AS TRUE', /Expected a number of rows/],
  ['PATTERN (A{0}) DEFINE A AS TRUE', /allows no number of rows/],
  ['PATTERN (A{3,2}) DEFINE A AS TRUE', /allows no number of rows/],
  ['PATTERN (A{1001}) DEFINE A AS TRUE', /at most 1000 times/],
  ['PATTERN (A, B) DEFINE A AS TRUE', /Expected a pattern variable, a quantifier/],
  ['PATTERN (PERMUTE(A, B)) DEFINE A AS TRUE', /PERMUTE is not supported \(UNSUPPORTED\)/],
  ['PATTERN ({- A -} B) DEFINE A AS TRUE', /exclusion .* is not supported \(UNSUPPORTED\)/],
  ['PATTERN (^ A) DEFINE A AS TRUE', /The anchor \^ is not supported/],
  ['PATTERN (A $ ) DEFINE A AS TRUE', /The anchor \$ is not supported/],
  ['MEASURES x PATTERN (A) DEFINE A AS TRUE', /Expected AS and the name of the measure/],
  ['AFTER MATCH SKIP PATTERN (A) DEFINE A AS TRUE', /after SKIP/],
  ['PATTERN (A) DEFINE A AS TRUE PARTITION BY x', /after a condition/],
  ['PATTERN (A) DEFINE A.x AS TRUE', /DEFINE takes the name/],
  ['ONE ROWS PER MATCH PATTERN (A) DEFINE A AS TRUE', /Expected "ROW"/],
])('refuses %s', (rest, wanted) => {
  expect(error(`SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts ${rest})`)).toMatch(wanted)
})

test('refuses a clause without an order, and nesting without end', () => {
  expect(error('SELECT * FROM t MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS TRUE)')).toMatch(
    /ORDER BY/,
  )
  const deep = `${'('.repeat(5000)}A${')'.repeat(5000)}`
  expect(
    error(`SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts PATTERN (${deep}) DEFINE A AS TRUE)`),
  ).toMatch(/LIMIT_EXCEEDED/)
})
