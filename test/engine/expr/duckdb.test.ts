/** Expressions give what DuckDB gives, over random rows: those of the list, and random ones that are
 *  made of them, each in the place of a column of another. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import type { Value } from '../../../engine/expr/ir.ts'
import { seedOf } from '../../seed.ts'
import { CASES } from './duckdb-cases.ts'
import { DuckdbOracle } from './duckdb-oracle.ts'
import { ExpressionPool } from './expression-pool.ts'

const SEED = seedOf('duckdb')
const ROWS = 200
/** Random expressions are made and asked in rounds: what held in one is a part of the next. */
const ROUNDS = process.env.MILLRACE_LONG === '1' ? 100 : 4
const ROUND_SIZE = 200

let oracle: DuckdbOracle
let answers: Value[][]

beforeAll(async () => {
  oracle = await DuckdbOracle.over(ROWS, random(SEED))
  answers = await oracle.answers(CASES.map(([sql]) => sql))
})
afterAll(() => oracle.close())

for (const [index, [sql, expr]] of CASES.entries()) {
  test(sql, () => {
    oracle.check(
      sql,
      expr,
      answers.map((row) => row[index]),
    )
  })
}

test(`${ROUNDS * ROUND_SIZE} random expressions (MILLRACE_SEED=${SEED})`, async () => {
  const pool = new ExpressionPool(random(SEED))
  for (let round = 0; round < ROUNDS; round++) {
    const made = Array.from({ length: ROUND_SIZE }, () => pool.next())
    const rows = await oracle.answers(made.map(([sql]) => sql))
    for (const [k, [sql, expr]] of made.entries()) {
      const theirs = rows.map((row) => row[k])
      pool.keep([sql, expr], oracle.check(sql, expr, theirs))
    }
  }
  expect(pool.deepest).toBeGreaterThan(2)
}, 600_000)
