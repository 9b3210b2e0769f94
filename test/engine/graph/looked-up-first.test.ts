/** A query that looks rows up in a table knows all that is there before its first row asks. */

import { expect, test } from 'vitest'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { decodeBatch } from '../../../engine/batch/ipc.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { type QueryPlan, tablesOf } from '../../../engine/plan/physical.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { Catalog, defineTable, Planner, parseStatements } from '../../../sql/index.ts'
import { Producer, Subscriber, startEngine, temporaryFolder, until } from './harness.ts'

const DDL = `
  CREATE TABLE o (id INT, k INT, proc AS PROCTIME());
  CREATE TABLE names (k INT, name STRING);`
const SQL =
  'SELECT o.id, n.name FROM o LEFT JOIN names FOR SYSTEM_TIME AS OF o.proc AS n ON n.k = o.k'

function planned(): { plan: QueryPlan; tables: Map<string, TableSpec> } {
  const catalog = new Catalog()
  for (const statement of parseStatements(DDL)) {
    if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog)!)
  }
  const [query] = parseStatements(SQL)
  if (query.kind !== 'select') throw new Error('no query')
  const { plan } = new Planner(catalog).planQuery(query, 'continuous', { id: 'q', name: 'q' })
  return { plan, tables: new Map(tablesOf(plan.root).map((table) => [table.name, table])) }
}

test('bounded and continuous, with epochs of a few rows', async () => {
  const folder = temporaryFolder()
  const producer = new Producer(folder.path)
  const subscriber = new Subscriber()
  const { plan, tables } = planned()
  const fill = async (name: string, rows: readonly (readonly [number, number | string])[]) => {
    const table = tables.get(name)!
    const builder = new BatchBuilder({ fields: table.schema.fields.slice(0, 2) })
    for (const row of rows) builder.append(row)
    await producer.append(table, 0, builder.finish())
  }
  const count = 2000
  await fill(
    'o',
    Array.from({ length: count }, (_, id) => [id, count - 1 - id] as const),
  )
  for (let from = 0; from < count; from += 100) {
    await fill(
      'names',
      Array.from({ length: 100 }, (_, i) => [from + i, `n${from + i}`] as const),
    )
  }
  const options = { dataFolder: folder.path, producer, subscriber, epochRowsMax: 64 }
  const { engine } = await startEngine(options)
  const { payloads } = await engine.bounded({ plan, given: {}, rowsMax: count })
  const named = (rows: readonly (readonly unknown[])[]) =>
    rows.filter(([id, name]) => name === `n${count - 1 - Number(id)}`).length
  expect(named(rowsOf(decodeBatch(payloads[0], plan.schema)))).toBe(count)
  await engine.attach(plan)
  await until(
    () => subscriber.rows(plan).length === count,
    () => 'all rows',
  )
  expect(named(subscriber.rows(plan))).toBe(count)
  await engine.stop()
  folder.remove()
})
