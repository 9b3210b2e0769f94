/** Queries about the passing of time: rows age out, and joins look up what is there now. */

import { expect, it } from 'vitest'
import type { Batch } from '../../engine/batch/batch.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { consolidate } from '../../engine/batch/consolidate.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import type { Value } from '../../engine/expr/ir.ts'
import { Pipeline } from '../../engine/graph/pipeline.ts'
import { Catalog, defineTable, Planner, parseStatements } from '../../sql/index.ts'

const MINUTE_US = 60_000_000
const T0 = Date.UTC(2024, 0, 1) * 1000

const DDL = `
  CREATE TABLE t (id INT, ts TIMESTAMP(3), items ARRAY<STRING>);
  CREATE TABLE r (id INT, rate INT);`

function start(sql: string) {
  const catalog = new Catalog()
  for (const statement of parseStatements(DDL)) {
    if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog)!)
  }
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select') throw new Error('not a query')
  const { plan } = new Planner(catalog).planQuery(statement, 'continuous', { id: 'q', name: 'q' })
  const clock = { epoch: 0, nowUs: T0, seed: 1 }
  const pipeline = new Pipeline(plan, { clock, batchRowsMax: 16 })
  const output: Batch[] = []
  return {
    dueUs: () => pipeline.dueUs(),
    /** An epoch at a time in minutes, with rows for the tables; the result after it. */
    at(minute: number, rows: Readonly<Record<string, readonly (readonly Value[])[]>> = {}) {
      clock.epoch++
      clock.nowUs = T0 + minute * MINUTE_US
      for (const leaf of pipeline.leaves) {
        const entry = catalog.byId(leaf.tableId)
        const given = entry === undefined ? [] : (rows[entry.name] ?? [])
        if (entry?.kind !== 'table' || given.length === 0) continue
        const builder = new BatchBuilder(entry.spec.schema)
        for (const row of given) builder.append(row)
        leaf.batch(builder.finish())
      }
      const batch = pipeline.endEpoch()
      if (batch !== null) output.push(batch)
      const all = consolidate(output, plan.schema)
      return all === null ? [] : rowsOf(all).sort((a, b) => (String(a) < String(b) ? -1 : 1))
    },
  }
}

const time = (minute: number): number => T0 + minute * MINUTE_US

it('rows age out when their hour is over', () => {
  const query = start(`SELECT COUNT(*) AS n FROM t WHERE ts > NOW() - INTERVAL '1' HOUR`)
  expect(
    query.at(0, {
      t: [
        [1, time(0), null],
        [2, time(-30), null],
        [3, null, null],
      ],
    }),
  ).toEqual([[2]])
  expect(query.dueUs()).toBe(time(30))
  expect(query.at(29)).toEqual([[2]])
  expect(query.at(30)).toEqual([[1]])
  expect(query.at(45, { t: [[4, time(-20), null]] })).toEqual([[1]])
  expect(query.at(60)).toEqual([[0]])
})

it('rows come in at their time and go out after it, the bounds as written', () => {
  const query = start(
    `SELECT id FROM t WHERE ts <= CURRENT_TIMESTAMP AND CURRENT_TIMESTAMP - INTERVAL '2' MINUTE <= ts`,
  )
  expect(query.at(0, { t: [[1, time(1), null]] })).toEqual([])
  expect(query.at(1)).toEqual([[1]])
  expect(query.at(3)).toEqual([[1]])
  expect(query.at(3.001)).toEqual([])
})

it('ages rows out of a join', () => {
  const query = start(
    `SELECT t.id, r.rate FROM t JOIN r ON t.id = r.id WHERE t.ts > NOW() - INTERVAL '1' HOUR`,
  )
  expect(query.at(0, { t: [[1, time(0), null]] })).toEqual([])
  expect(query.at(10, { r: [[1, 5]] })).toEqual([[1, 5]])
  expect(query.at(61)).toEqual([])
  expect(query.at(62, { r: [[1, 6]] })).toEqual([])
})

it('looks up what is there when the row comes', () => {
  const query = start(
    'SELECT t.id, r.rate FROM t LEFT JOIN r FOR SYSTEM_TIME AS OF PROCTIME() ON t.id = r.id',
  )
  expect(query.at(0, { t: [[1, time(0), null]] })).toEqual([[1, null]])
  expect(query.at(1, { r: [[1, 5]] })).toEqual([[1, null]])
  expect(query.at(2, { t: [[1, time(2), null]] })).toEqual([
    [1, null],
    [1, 5],
  ])
})

it('unnests arrays beside their rows', () => {
  const query = start(
    `SELECT id, item, place FROM t LEFT JOIN UNNEST(items) WITH ORDINALITY AS u (item, place) ON TRUE`,
  )
  const rows = [
    [1, time(0), ['a', 'b']],
    [2, time(0), []],
  ]
  expect(query.at(0, { t: rows })).toEqual([
    [1, 'a', 1],
    [1, 'b', 2],
    [2, null, null],
  ])
})
