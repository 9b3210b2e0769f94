/** Tables with a primary key and late rows, over kills and restarts: results are those of a plain
 *  map of the current rows, and every late row is kept exactly once. */

import { describe, expect, test } from 'vitest'
import { splitFolder } from '../../../connectors/log/source.ts'
import { nodeDisk } from '../../../engine/base/disk.ts'
import { type Random, random } from '../../../engine/base/random.ts'
import { Batch } from '../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { decodeBatch } from '../../../engine/batch/ipc.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import type { Value } from '../../../engine/expr/ir.ts'
import { LogReader } from '../../../engine/log/reader.ts'
import type { QueryPlan } from '../../../engine/plan/physical.ts'
import { lateTable } from '../../../engine/source/late-table.ts'
import { recordSchema } from '../../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { rowsBySplit } from '../../../server/split-of-row.ts'
import { Catalog, defineTable, Planner, parseStatements } from '../../../sql/index.ts'
import { seedOf } from '../../seed.ts'
import { until } from './harness.ts'
import { Lives } from './lives.ts'

const MINUTE = 60_000_000

interface Change {
  readonly key: number
  /** undefined: the row is removed. */
  readonly row:
    | { readonly ts: number; readonly city: string | null; readonly v: number }
    | undefined
}

function randomChanges(r: Random, count: number): Change[] {
  const cities = ['Oslo', 'Rome', 'Lima', null]
  return Array.from({ length: count }, (_, i) => {
    const key = r.below(40)
    if (r.below(6) === 0) return { key, row: undefined }
    const ts = 1000 * MINUTE + i * 2_000_000 - r.below(10) * (r.below(8) === 0 ? MINUTE : 1_000_000)
    return { key, row: { ts, city: cities[r.below(4)], v: r.below(5) } }
  })
}

const SQL = {
  keyed: `CREATE TABLE keyed (k INT, ts TIMESTAMP(6), city STRING, v INT NOT NULL, w AS 12 / (v + 1),
    PRIMARY KEY (k) NOT ENFORCED) WITH ('splits' = '2')`,
  timed: `CREATE TABLE timed (k INT, ts TIMESTAMP(6), city STRING, v INT NOT NULL,
    WATERMARK FOR ts AS ts, PRIMARY KEY (k) NOT ENFORCED)`,
  plain: `CREATE TABLE plain (k INT, ts TIMESTAMP(6), city STRING, v INT NOT NULL,
    WATERMARK FOR ts AS ts) WITH ('splits' = '2')`,
}

const QUERIES: Readonly<Record<string, string>> = {
  rows: 'SELECT k, city, v, w FROM keyed',
  per_city: 'SELECT city, COUNT(*) AS n, SUM(v) AS total, MAX(v) AS most FROM keyed GROUP BY city',
  pairs: 'SELECT a.k AS k, b.k AS other FROM keyed AS a JOIN keyed AS b ON a.v = b.v AND a.k < b.k',
  // Without the key: rows that are alike are several.
  cities: 'SELECT city FROM timed',
  per_minute: `SELECT window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(ts),
    INTERVAL '1' MINUTE)) GROUP BY window_start, window_end`,
  late: `SELECT window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE plain, DESCRIPTOR(ts),
    INTERVAL '1' MINUTE)) GROUP BY window_start, window_end`,
  of_late: 'SELECT k, ts, v, query FROM "plain$late"',
}

function tablesAndPlans() {
  const catalog = new Catalog()
  for (const sql of Object.values(SQL)) {
    const [statement] = parseStatements(sql)
    if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog)!)
  }
  const plans = Object.entries(QUERIES).map(([name, sql]): QueryPlan => {
    const [statement] = parseStatements(sql)
    if (statement.kind !== 'select') throw new Error(sql)
    return new Planner(catalog).planQuery(statement, 'continuous', { id: name, name }).plan
  })
  const table = (name: string): TableSpec =>
    catalog.expect('table', { text: name, at: { offset: 0, length: 0 } }).spec
  return { plans, keyed: table('keyed'), timed: table('timed'), plain: table('plain') }
}

function batchOf(changes: readonly Change[], table: TableSpec): Batch {
  const builder = new BatchBuilder(recordSchema(table))
  for (const { key, row } of changes) {
    builder.append([key, row?.ts ?? null, row?.city ?? null, row?.v ?? null])
  }
  const { schema, columns, rowCount } = builder.finish()
  const weights = Int32Array.from(changes, ({ row }) => (row === undefined ? -1 : 1))
  return new Batch(schema, columns, rowCount, weights.includes(-1) ? weights : null)
}

const printed = (rows: readonly (readonly Value[])[]): string[] =>
  rows.map((row) => row.map((value) => String(value)).join('|')).sort()

/** The rows of all frames of a log, with their epochs. */
function logRows(folder: string, table: TableSpec): string[] {
  const reader = new LogReader(nodeDisk, folder)
  const rows: (readonly Value[])[] = []
  for (let frame = reader.next(Infinity); frame !== null; frame = reader.next(Infinity)) {
    rows.push(...rowsOf(decodeBatch(frame.payload, table.schema)))
  }
  reader.close()
  return printed(rows)
}

/** What a stream's rows are late for, and the windows of the others: by each split's own mark. */
function lateness(bySplit: readonly (readonly Change[])[]) {
  const late: Change[] = []
  const counts = new Map<number, number>()
  for (const changes of bySplit) {
    let mark = -Infinity
    for (const change of changes) {
      const { ts } = change.row!
      const end = (Math.floor(ts / MINUTE) + 1) * MINUTE
      if (end <= mark) late.push(change)
      else counts.set(end, (counts.get(end) ?? 0) + 1)
      mark = Math.max(mark, ts)
    }
  }
  return { late, counts }
}

/** Windows over rows that replace each other: a row that leaves is late as the one that comes. */
function changingWindows(changes: readonly Change[]) {
  const current = new Map<number, Change['row']>()
  const counts = new Map<number, number>()
  let mark = -Infinity
  const add = (row: Change['row'], n: number) => {
    if (row === undefined) return
    const end = (Math.floor(row.ts / MINUTE) + 1) * MINUTE
    if (end > mark) counts.set(end, (counts.get(end) ?? 0) + n)
  }
  for (const { key, row } of changes) {
    const old = current.get(key)
    const same = old && row && old.ts === row.ts && old.city === row.city && old.v === row.v
    if (!same) {
      add(old, -1)
      add(row, 1)
    }
    if (row !== undefined) mark = Math.max(mark, row.ts)
    current.set(key, row)
  }
  return [...counts].filter(([, n]) => n > 0)
}

async function runCase(seed: number): Promise<void> {
  const r = random(seed)
  const { plans, keyed, timed, plain } = tablesAndPlans()
  const changes = randomChanges(r, 100 + r.below(1200))
  const lives = new Lives({
    ...{ epochRowsMax: 1 + r.below(300), checkpointIntervalMs: 1 + r.below(40) },
    streams: [
      [keyed, 2],
      [timed, 1],
      [plain, 2],
    ],
  })
  await lives.start()
  const ofPlain: Change[][] = [[], []]
  for (let at = 0; at < changes.length; ) {
    const piece = changes.slice(at, (at += 1 + r.below(150)))
    const plan = plans[lives.attached.length]
    if (plan !== undefined) await lives.attach(plan)
    for (const [split, rows] of rowsBySplit(
      batchOf(piece, keyed),
      keyed.primaryKey!,
      2,
    ).entries()) {
      if (rows !== undefined) await lives.producer.append(keyed, split, rows)
    }
    await lives.producer.append(timed, 0, batchOf(piece, timed))
    const split = r.below(2)
    const rows = piece.filter(({ row }) => row !== undefined)
    ofPlain[split].push(...rows)
    if (rows.length > 0) await lives.producer.append(plain, split, batchOf(rows, plain))
    const fate = r.below(6)
    if (fate === 0) await lives.restart()
    if (fate === 1) await lives.kill()
  }
  for (const plan of plans.slice(lives.attached.length)) await lives.attach(plan)
  for (const split of [0, 1]) {
    await lives.producer.end(keyed, split)
    await lives.producer.end(plain, split)
  }
  await lives.producer.end(timed, 0)
  const { late, counts } = lateness(ofPlain)
  const { subscriber } = lives
  const statusOf = (id: string) =>
    lives.engine.status().queries.find(({ queryId }) => queryId === id)
  await until(
    () =>
      (subscriber.ended.size === plans.length - 1 && statusOf('of_late')?.rowsIn === late.length) ||
      subscriber.failures.length > 0,
    () => `the end: ${JSON.stringify(lives.engine.status())}`,
  )
  await lives.stop()
  const lateFolder = splitFolder(lives.folder, lateTable(plain).id, '0')
  const kept = logRows(lateFolder, lateTable(plain))
  lives.remove()
  expect(subscriber.failures).toEqual([])

  const found = Object.fromEntries(plans.map((plan) => [plan.id, printed(subscriber.rows(plan))]))
  const current = new Map(changes.map(({ key, row }) => [key, row]))
  const rows = [...current].flatMap(([key, row]) => (row === undefined ? [] : [{ key, ...row }]))
  expect(found.rows, 'rows').toEqual(
    printed(rows.map(({ key, city, v }) => [key, city, v, Math.trunc(12 / (v + 1))])),
  )
  expect(found.cities, 'cities').toEqual(printed(rows.map(({ city }) => [city])))
  const perCity = Map.groupBy(rows, ({ city }) => city)
  expect(found.per_city, 'per_city').toEqual(
    printed(
      [...perCity].map(([city, of]) => [
        city,
        of.length,
        of.reduce((sum, { v }) => sum + v, 0),
        Math.max(...of.map(({ v }) => v)),
      ]),
    ),
  )
  expect(found.pairs, 'pairs').toEqual(
    printed(
      rows.flatMap((a) =>
        rows.filter((b) => a.v === b.v && a.key < b.key).map((b) => [a.key, b.key]),
      ),
    ),
  )
  expect(found.per_minute, 'per_minute').toEqual(printed(changingWindows(changes)))
  expect(found.late, 'late').toEqual(printed([...counts]))
  const lateRows = late.map(({ key, row }) => [key, row!.ts, row!.city, row!.v, 'late'])
  expect(kept, 'the late log').toEqual(printed(lateRows))
  expect(found.of_late, 'of_late').toEqual(
    printed(lateRows.map(([k, ts, , v, query]) => [k, ts, v, query])),
  )
}

describe('keyed tables and late rows, whatever the batches, kills and restarts', () => {
  const first = seedOf('upsert-laws')
  for (let seed = first; seed < first + (process.env.MILLRACE_LONG ? 200 : 4); seed++) {
    test(`seed ${seed} (replay: MILLRACE_SEED=${seed} npx vitest run test/engine/graph/upsert-laws.test.ts)`, () =>
      runCase(seed))
  }
})
