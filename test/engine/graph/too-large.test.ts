/** A result that no frame can hold fails its query; the others go on. */

import { expect, test, vi } from 'vitest'
import { SqlError } from '../../../engine/base/errors.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { ResultLog } from '../../../engine/graph/result-log.ts'
import type { QueryPlan } from '../../../engine/plan/physical.ts'
import { Catalog, defineTable, Planner, parseStatements } from '../../../sql/index.ts'
import { Producer, Subscriber, startEngine, temporaryFolder, until } from './harness.ts'

test('a result that is too large fails its query alone', async () => {
  const catalog = new Catalog()
  const [create] = parseStatements('CREATE TABLE t (id INT NOT NULL)')
  if (create.kind !== 'create-table') throw new Error('a table was expected')
  const table = defineTable(create, catalog)!
  catalog.add(table)
  const planOf = (id: string): QueryPlan => {
    const [statement] = parseStatements('SELECT id FROM t')
    if (statement.kind !== 'select') throw new Error('a query was expected')
    return new Planner(catalog).planQuery(statement, 'continuous', { id, name: id }).plan
  }
  const [large, small] = [planOf('large'), planOf('small')]
  const folder = temporaryFolder()
  const producer = new Producer(folder.path)
  const subscriber = new Subscriber()
  const { engine } = await startEngine({ dataFolder: folder.path, producer, subscriber })
  await engine.attach(large)
  await engine.attach(small)
  const append = ResultLog.prototype.append
  // What it does with a batch of more than a gibibyte.
  const spy = vi.spyOn(ResultLog.prototype, 'append').mockImplementation(function (
    this: ResultLog,
    ...args
  ) {
    if (args[3].schema === large.schema) throw new SqlError('LIMIT_EXCEEDED', 'too large')
    return append.apply(this, args)
  })
  for (let id = 0; id < 3; id++) {
    const builder = new BatchBuilder(table.spec.schema)
    builder.append([id])
    await producer.append(table.spec, 0, builder.finish())
    await until(
      () => subscriber.rows(small).length === id + 1,
      () => `row ${id}`,
    )
  }
  expect(subscriber.failures).toHaveLength(1)
  expect(subscriber.failures[0]).toContain('too large')
  const states = engine.status().queries.map(({ queryId, state }) => [queryId, state])
  expect(states).toEqual([
    ['large', 'failed'],
    ['small', 'running'],
  ])
  spy.mockRestore()
  await engine.stop()
  folder.remove()
})
