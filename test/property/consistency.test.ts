/** The test of internal consistency (scattered-thoughts, "Internal consistency in streaming
 *  systems", 2021): money moves between accounts, and at every epoch the total is 0. Transactions
 *  come up to ten seconds out of order; the views join aggregates of the same stream with each
 *  other, which is where engines that are only eventually consistent show a total that never was. */

import { expect, test } from 'vitest'
import { random } from '../../engine/base/random.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import type { Value } from '../../engine/expr/ir.ts'
import { Pipeline } from '../../engine/graph/pipeline.ts'
import { Catalog, defineTable, defineView, Planner, parseStatements } from '../../sql/index.ts'
import { seedOf } from '../seed.ts'

const VIEWS = `
  CREATE TABLE transactions (id BIGINT NOT NULL, from_account INT NOT NULL,
    to_account INT NOT NULL, amount BIGINT NOT NULL, ts TIMESTAMP(3) NOT NULL,
    WATERMARK FOR ts AS ts - INTERVAL '10' SECOND);
  CREATE VIEW credits AS
    SELECT to_account AS account, SUM(amount) AS credits FROM transactions GROUP BY to_account;
  CREATE VIEW debits AS
    SELECT from_account AS account, SUM(amount) AS debits FROM transactions GROUP BY from_account;
  CREATE VIEW balance AS
    SELECT COALESCE(c.account, d.account) AS account,
      COALESCE(c.credits, 0) - COALESCE(d.debits, 0) AS balance
    FROM credits AS c FULL JOIN debits AS d ON c.account = d.account;
  CREATE VIEW total AS SELECT SUM(balance) AS total FROM balance;
  CREATE VIEW matched AS
    SELECT t1.id AS id, t2.id AS other
    FROM transactions AS t1 LEFT JOIN transactions AS t2 ON t1.id = t2.id AND t1.ts = t2.ts;
  CREATE VIEW by_account AS
    SELECT b.account AS account, b.balance AS balance, c.credits AS credits, d.debits AS debits
    FROM balance AS b, credits AS c, debits AS d
    WHERE b.account = c.account AND b.account = d.account;`

const ACCOUNTS = 10
const COUNT = process.env.MILLRACE_LONG ? 10_000_000 : 60_000
const EPOCH_ROWS_MAX = process.env.MILLRACE_LONG ? 20_000 : 700
const BATCH_ROWS = 16_384

function pipelineOf(view: string): Pipeline {
  const catalog = new Catalog()
  for (const statement of parseStatements(VIEWS)) {
    if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog)!)
    if (statement.kind === 'create-view') catalog.add(defineView(statement, catalog)!.entry)
  }
  const [select] = parseStatements(`SELECT * FROM ${view}`)
  if (select.kind !== 'select') throw new Error('not a query')
  const identity = { id: view, name: view }
  const { plan } = new Planner(catalog).planQuery(select, 'continuous', identity)
  return new Pipeline(plan, { clock: { epoch: 0, nowUs: 0, seed: 1 }, batchRowsMax: BATCH_ROWS })
}

/** The next transactions, in batches: one a millisecond, each up to ten seconds late. */
function transactions(r: ReturnType<typeof random>, firstId: number, count: number): Value[][] {
  return Array.from({ length: count }, (_, i) => {
    const id = firstId + i
    const ts = (id - r.below(10_000)) * 1000
    return [id, r.below(ACCOUNTS), r.below(ACCOUNTS), 1 + r.below(1000), ts]
  })
}

/** Runs a view over all transactions; `check` sees what each epoch changed. */
function run(view: string, seed: number, check: (changes: Batch | null) => void): void {
  const pipeline = pipelineOf(view)
  const r = random(seed)
  const { table } = sourceOf(pipeline)
  for (let id = 0; id < COUNT; ) {
    const count = Math.min(1 + r.below(EPOCH_ROWS_MAX), COUNT - id)
    const rows = transactions(r, id, count)
    id += count
    for (let from = 0; from < count; from += BATCH_ROWS) {
      const builder = new BatchBuilder(table.schema)
      for (const row of rows.slice(from, from + BATCH_ROWS)) builder.append(row)
      const batch = builder.finish()
      for (const leaf of pipeline.leaves) leaf.batch(batch)
    }
    check(pipeline.endEpoch())
  }
}

function sourceOf(pipeline: Pipeline) {
  let plan = pipeline.plan.root
  while (plan.kind !== 'source') {
    if (plan.kind === 'values') throw new Error('no table')
    plan = plan.inputs[0]
  }
  return plan
}

/** Adds the changes up; fails on a weight below zero (law 3). */
class Rows {
  readonly weights = new Map<string, number>()

  add(changes: Batch | null): void {
    if (changes === null) return
    for (const [i, row] of rowsOf(changes).entries()) {
      const key = row.join('|')
      const weight = (this.weights.get(key) ?? 0) + (changes.weights?.[i] ?? 1)
      if (weight === 0) this.weights.delete(key)
      else this.weights.set(key, weight)
    }
    for (const weight of this.weights.values()) expect(weight).toBeGreaterThan(0)
  }
}

const seed = seedOf('consistency')
const replay = `MILLRACE_SEED=${seed} npx vitest run test/property/consistency.test.ts`
const LIMIT_MS = process.env.MILLRACE_LONG ? 1_800_000 : 60_000

test(`the total is 0 at every epoch (${replay})`, { timeout: LIMIT_MS }, () => {
  const rows = new Rows()
  run('total', seed, (changes) => {
    rows.add(changes)
    expect([...rows.weights]).toEqual([['0', 1]])
  })
})

test(`each account's balance is its credits less its debits (${replay})`, {
  timeout: LIMIT_MS,
}, () => {
  const rows = new Rows()
  run('by_account', seed, (changes) => {
    rows.add(changes)
    for (const key of rows.weights.keys()) {
      const [, balance, credits, debits] = key.split('|').map(Number)
      expect(balance).toBe(credits - debits)
    }
  })
})

test(`an outer join of the stream with itself never shows an unmatched row (${replay})`, {
  timeout: LIMIT_MS,
}, () => {
  let rows = 0
  run('matched', seed, (changes) => {
    if (changes === null) return
    // Every change is an insertion of a matched pair: nothing was said too early and taken back.
    expect(changes.weights?.every((weight) => weight > 0) ?? true).toBe(true)
    for (const [id, other] of rowsOf(changes)) expect(other).toBe(id)
    rows += changes.rowCount
  })
  expect(rows).toBe(COUNT)
})
