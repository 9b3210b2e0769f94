/** A query takes fewer rows at a time where each becomes very many. */

import { expect, test } from 'vitest'
import { Batch } from '../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { Pipeline } from '../../../engine/graph/pipeline.ts'
import { Catalog, defineTable, Planner, parseStatements } from '../../../sql/index.ts'

const DDL = ['a', 'b', 'c'].map(
  (name) => `CREATE TABLE ${name} (k INT, v INT) WITH ('format' = 'changelog-json')`,
)

class Query {
  readonly pipeline: Pipeline
  readonly #catalog = new Catalog()

  constructor(sql: string) {
    for (const text of DDL) {
      const [statement] = parseStatements(text)
      if (statement.kind !== 'create-table') throw new Error('a table was expected')
      this.#catalog.add(defineTable(statement, this.#catalog)!)
    }
    const [statement] = parseStatements(sql)
    if (statement.kind !== 'select') throw new Error('a query was expected')
    const planner = new Planner(this.#catalog)
    const { plan } = planner.planQuery(statement, 'continuous', { id: 'q', name: 'q' })
    const clock = { epoch: 0, nowUs: 0, seed: 1 }
    this.pipeline = new Pipeline(plan, { clock, batchRowsMax: 20_000 })
  }

  /** `count` different rows of one key into a table, or out of it. */
  epoch(table: string, count: number, weight: 1 | -1 = 1): void {
    for (const leaf of this.pipeline.leaves) {
      const entry = this.#catalog.byId(leaf.tableId)
      if (entry?.kind !== 'table' || entry.name !== table) continue
      const builder = new BatchBuilder(entry.spec.schema)
      for (let v = 0; v < count; v++) builder.append([7, v])
      const { schema, columns, rowCount } = builder.finish()
      leaf.batch(new Batch(schema, columns, rowCount, new Int32Array(count).fill(weight)))
    }
    this.pipeline.endEpoch()
  }

  rowsMax(table: string): number {
    const entry = this.#catalog.find(table)
    if (entry?.kind !== 'table') throw new Error('a table was expected')
    return this.pipeline.rowsMax(entry.spec.id)
  }
}

test('by the rows that a row of a join meets, as long as they are there', () => {
  const query = new Query('SELECT a.v, b.v AS w FROM a JOIN b ON a.k = b.k')
  const all = query.rowsMax('a')
  query.epoch('b', 10_000)
  expect(query.rowsMax('a')).toBe(Math.floor(all / 10_000))
  expect(query.rowsMax('b')).toBe(all)
  query.epoch('b', 10_000, -1)
  expect(query.rowsMax('a')).toBe(all)
})

test('joins one over another multiply; an aggregate makes few of many', () => {
  const joins = new Query(
    'SELECT a.v, b.v AS w, c.v AS x FROM a JOIN b ON a.k = b.k JOIN c ON a.k = c.k',
  )
  const all = joins.rowsMax('a')
  joins.epoch('b', 200)
  joins.epoch('c', 300)
  expect(joins.rowsMax('a')).toBe(Math.floor(all / 60_000))
  const grouped = new Query(
    'SELECT q.n, c.v FROM (SELECT a.k, SUM(b.v) AS n FROM a JOIN b ON a.k = b.k GROUP BY a.k) AS q JOIN c ON q.k = c.k',
  )
  grouped.epoch('b', 200)
  grouped.epoch('c', 3000)
  expect(grouped.rowsMax('a')).toBe(Math.floor(all / 200))
})

test('whether there is a partner is no matter of how many; and there is a least', () => {
  const semi = new Query('SELECT v FROM a WHERE k IN (SELECT k FROM b)')
  const all = semi.rowsMax('a')
  semi.epoch('a', 5000)
  expect(semi.rowsMax('b')).toBe(all)
  const pairs = new Query(
    'SELECT a.v, b.v AS w, c.v AS x FROM a JOIN b ON a.k = b.k JOIN c ON a.k = c.k',
  )
  pairs.epoch('b', 5000)
  pairs.epoch('c', 5000)
  expect(pairs.rowsMax('a')).toBe(64)
})
