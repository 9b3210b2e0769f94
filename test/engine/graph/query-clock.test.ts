/** Chance per query: the same statement in two queries draws other numbers, and the same again in a
 *  replay. */

import { expect, test } from 'vitest'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { Pipeline } from '../../../engine/graph/pipeline.ts'
import { Catalog, defineTable, Planner, parseStatements } from '../../../sql/index.ts'

function drawn(queryId: string, epoch: number, seed: number): string[] {
  const catalog = new Catalog()
  const [create, query] = parseStatements(
    'CREATE TABLE t (id INT); SELECT UUID(), RAND(), RAND_INTEGER(1000000) FROM t',
  )
  if (create.kind !== 'create-table' || query.kind !== 'select') throw new Error('no query')
  const table = defineTable(create, catalog)!
  catalog.add(table)
  const { plan } = new Planner(catalog).planQuery(query, 'continuous', { id: queryId, name: 'q' })
  const pipeline = new Pipeline(plan, { clock: { epoch, nowUs: 0, seed }, batchRowsMax: 10 })
  const rows = new BatchBuilder(table.spec.schema)
  for (let id = 0; id < 5; id++) rows.append([id])
  pipeline.leaves[0].batch(rows.finish())
  return rowsOf(pipeline.endEpoch()!).flatMap((row) => row.map(String))
}

test('two queries draw other numbers, a replay the same', () => {
  expect(drawn('q1', 7, 1)).toEqual(drawn('q1', 7, 1))
  const all = [drawn('q1', 7, 1), drawn('q2', 7, 1), drawn('q1', 8, 1), drawn('q1', 7, 2)].flat()
  // Of whole numbers below a million two may be alike.
  const distinct = new Set(all.filter((_, i) => i % 3 < 2))
  expect(distinct.size).toBe((all.length / 3) * 2)
})
