import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, expect, test } from 'vitest'
import { SqlError } from '../../../../engine/base/errors.ts'
import { parseStatements } from '../../../../sql/parse/index.ts'
import { seedOf } from '../../../seed.ts'
import { ourTree } from './our-tree.ts'
import { type PgNode, pgTree } from './pg-tree.ts'
import { FOCUSES, randomOf, StatementMaker } from './random-statement.ts'

const COUNT = process.env.MILLRACE_LONG === '1' ? 20_000 : 300
const SEED = seedOf('sql/parse differential')

beforeAll(() => loadModule())

/** The tree, or "refused" for a text that is no SQL. */
function attempt(parse: () => string): string {
  try {
    return parse()
  } catch (error) {
    if (error instanceof SqlError && error.code !== 'SYNTAX')
      return `${error.code}: ${error.message}`
    return 'refused'
  }
}

const ours = (sql: string): string => attempt(() => ourTree(parseStatements(sql)[0]))
const theirs = (sql: string): string => {
  let statement: PgNode | undefined
  try {
    statement = parseSync(sql).stmts?.[0].stmt as PgNode | undefined
  } catch {
    return 'refused'
  }
  return statement === undefined ? 'refused' : pgTree(statement)
}

test.each([undefined, ...FOCUSES])(
  `${COUNT} random statements mean what PostgreSQL says (MILLRACE_SEED=${SEED}): %s`,
  (focus) => {
    const maker = new StatementMaker(randomOf(SEED), focus)
    const wrong: string[] = []
    let accepted = 0
    for (let i = 0; i < COUNT; i++) {
      const sql = maker.statement()
      const [mine, wanted] = [ours(sql), theirs(sql)]
      if (wanted !== 'refused') accepted++
      if (mine !== wanted) wrong.push(`${sql}\n  ours:   ${mine}\n  theirs: ${wanted}`)
    }
    expect(wrong.slice(0, 5), `${wrong.length} wrong of ${COUNT}, seed ${SEED}`).toEqual([])
    // A generator that only makes nonsense would prove nothing.
    expect(accepted).toBeGreaterThan(COUNT * 0.4)
  },
  600_000,
)

test.each([
  'SELECT a=1 OR b=2 AND c=3',
  'SELECT NOT (x) >= a',
  'SELECT b + a || c',
  'SELECT a FROM s CROSS JOIN r',
  'SELECT a FROM s JOIN r ON s.a = r.a OR s.b = r.b AND s.c, q',
  'SELECT * FROM s AS t(x)',
  'SELECT * FROM (VALUES (1, 2)) AS t(id, name)',
  'SELECT a IS DISTINCT FROM b AND c',
  'SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 ORDER BY a',
  "SELECT 'it''s'",
  "SELECT ts AT TIME ZONE 'UTC' + a",
  'SELECT 1e3, 0.1',
  'SELECT (p).x, (f(p)).x',
  'SELECT count(DISTINCT a)',
  'SELECT a BETWEEN SYMMETRIC 1 AND 2 AND b',
  'SELECT - a * b - - c',
  'SELECT a = NOT b = c',
  'SELECT a IS NULL = b IS NULL',
  'SELECT x LIKE a || b ESCAPE c AND d',
  'SELECT a NOT IN (1, 2) IS TRUE',
  'SELECT a < b = c',
  'SELECT a -> b ->> c = d',
  'SELECT CASE WHEN a OR b AND c THEN 1 END',
])('the known trap: %s', (sql) => {
  expect(ours(sql)).toBe(theirs(sql))
})
