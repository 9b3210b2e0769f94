/** State is freed as soon as no future row can need it: over a long run with ever new keys it stays
 *  as large as it was, whatever the query keeps it for. */

import { describe, expect, test } from 'vitest'
import { type Random, random } from '../../engine/base/random.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { Pipeline } from '../../engine/graph/pipeline.ts'
import type { StateSize } from '../../engine/operator/operator.ts'
import { Catalog, defineTable, Planner, parseStatements } from '../../sql/index.ts'
import { DEFAULT_SESSION } from '../../sql/session.ts'

const STEPS = process.env.MILLRACE_LONG === '1' ? 6000 : 900
const ROWS = 12
const SECOND_US = 1_000_000
const T0_US = Date.UTC(2024, 0, 1) * 1000
const DISORDER_S = 10

const COLUMNS = 'id BIGINT NOT NULL, k BIGINT, v INT, s STRING, ts TIMESTAMP(3), proc AS PROCTIME()'
const MARK = `WATERMARK FOR ts AS ts - INTERVAL '${DISORDER_S}' SECOND`
const TABLES = [
  `CREATE TABLE a (${COLUMNS}, ${MARK})`,
  `CREATE TABLE b (${COLUMNS}, ${MARK})`,
  `CREATE TABLE c (${COLUMNS}, ${MARK}) WITH ('format' = 'changelog-json')`,
  `CREATE TABLE late (${COLUMNS}, ${MARK}) WITH ('late-rows.allowed-lateness' = '20 s')`,
]

const HOP = "HOP(a, ts, INTERVAL '5' SECOND, INTERVAL '30' SECOND)"
const TUMBLE = "TUMBLE(a, ts, INTERVAL '20' SECOND)"
const counted = (window: string) =>
  `SELECT window_start, window_end, k, COUNT(*) AS n, COUNT(DISTINCT s) AS d FROM ${window} GROUP BY window_start, window_end, k`
const near = "a.k = b.k AND b.ts BETWEEN a.ts - INTERVAL '15' SECOND AND a.ts + INTERVAL '5' SECOND"
const ttl = { stateTtlUs: 60 * SECOND_US }

interface Flat {
  readonly name: string
  readonly sql: string
  readonly stateTtlUs?: number
}

const QUERIES: readonly Flat[] = [
  { name: 'TUMBLE', sql: counted(TUMBLE) },
  { name: 'TUMBLE, EMIT CHANGES', sql: `${counted(TUMBLE)} EMIT CHANGES` },
  { name: 'TUMBLE, EMIT EVERY', sql: `${counted(TUMBLE)} EMIT EVERY INTERVAL '7' SECOND` },
  { name: 'HOP', sql: counted(HOP) },
  { name: 'CUMULATE', sql: counted("CUMULATE(a, ts, INTERVAL '5' SECOND, INTERVAL '30' SECOND)") },
  {
    name: 'SESSION',
    sql: counted("SESSION(TABLE a PARTITION BY k, DESCRIPTOR(ts), INTERVAL '8' SECOND)"),
  },
  {
    name: 'SESSION, EMIT CHANGES',
    sql: `${counted("SESSION(TABLE a PARTITION BY k, DESCRIPTOR(ts), INTERVAL '8' SECOND)")} EMIT CHANGES`,
  },
  ...['', ' EMIT CHANGES'].map((emit) => ({
    name: `SESSION over changes${emit}`,
    sql: `${counted("SESSION(TABLE c PARTITION BY k, DESCRIPTOR(ts), INTERVAL '8' SECOND)")}${emit}`,
  })),
  { name: 'late rows', sql: counted("HOP(late, ts, INTERVAL '5' SECOND, INTERVAL '20' SECOND)") },
  { name: 'processing time', sql: counted("TUMBLE(a, proc, INTERVAL '20' SECOND)") },
  {
    name: 'processing time sessions',
    sql: counted("SESSION(TABLE a PARTITION BY k, DESCRIPTOR(proc), INTERVAL '8' SECOND)"),
  },
  {
    name: 'a window over windows',
    sql: `SELECT window_start, SUM(n) AS n FROM TUMBLE((SELECT window_time, k, COUNT(*) AS n FROM ${HOP} GROUP BY window_start, window_end, window_time, k), window_time, INTERVAL '1' MINUTE) GROUP BY window_start, window_end`,
  },
  {
    name: 'grouping sets in a window',
    sql: `SELECT window_start, k, s, COUNT(*) AS n FROM ${TUMBLE} GROUP BY window_start, window_end, ROLLUP (k, s)`,
  },
  ...['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'].map((join) => ({
    name: `interval ${join}`,
    sql: `SELECT a.id, b.id AS other FROM a ${join} b ON ${near}`,
  })),
  { name: 'interval EXISTS', sql: `SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE ${near})` },
  {
    name: 'interval NOT EXISTS',
    sql: `SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE ${near})`,
  },
  ...['JOIN', 'FULL JOIN'].map((join) => ({
    name: `window ${join}`,
    sql: `SELECT x.n, y.n AS m FROM (${counted(TUMBLE)}) AS x ${join} (${counted(TUMBLE.replace('a,', 'b,'))}) AS y ON x.window_start = y.window_start AND x.window_end = y.window_end AND x.k = y.k`,
  })),
  {
    name: 'rows with the best of their window',
    sql: `SELECT a.id FROM a JOIN (SELECT MAX(v) AS best, window_end AS e FROM ${TUMBLE} GROUP BY window_start, window_end) AS m ON a.v = m.best AND a.ts BETWEEN m.e - INTERVAL '20' SECOND AND m.e`,
  },
  ...['ROW_NUMBER', 'RANK'].map((ranking) => ({
    name: `window top-N by ${ranking}`,
    sql: `SELECT id, r FROM (SELECT *, ${ranking}() OVER (PARTITION BY window_start, window_end, k ORDER BY v) AS r FROM ${HOP}) AS q WHERE r <= 3`,
  })),
  {
    name: 'window deduplication',
    sql: `SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY ts DESC) AS r FROM ${TUMBLE}) AS q WHERE r = 1`,
  },
  {
    name: 'OVER in a window',
    sql: `SELECT id, SUM(v) OVER (PARTITION BY window_start, window_end, k ORDER BY v, id) AS n FROM ${TUMBLE}`,
  },
  {
    name: 'OVER a stretch of time',
    sql: "SELECT id, SUM(v) OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW) AS n FROM a",
  },
  {
    name: 'OVER rows by time, in a window',
    sql: `SELECT id, COUNT(*) OVER (PARTITION BY window_start, window_end, k ORDER BY ts) AS n FROM ${TUMBLE}`,
  },
  {
    name: 'MATCH_RECOGNIZE with WITHIN',
    sql: "SELECT * FROM a MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES X.id AS x, Y.id AS y ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (X Z* Y) WITHIN INTERVAL '20' SECOND DEFINE X AS X.v < 10, Y AS Y.v > 90)",
  },
  {
    name: 'rows that age out',
    sql: "SELECT id FROM a WHERE ts > LOCALTIMESTAMP - INTERVAL '30' SECOND",
  },
  {
    name: 'GROUP BY with a time to live',
    sql: 'SELECT k, COUNT(*) AS n FROM a GROUP BY k',
    ...ttl,
  },
  { name: 'DISTINCT with a time to live', sql: 'SELECT DISTINCT k FROM a', ...ttl },
  ...['ts', 'ts DESC', 'proc', 'proc DESC', 'v, id'].map((order) => ({
    name: `deduplication by ${order} with a time to live`,
    sql: `SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ${order}) AS r FROM a) AS q WHERE r = 1`,
    ...ttl,
  })),
  {
    name: 'top-N with a time to live',
    sql: 'SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v, id) AS r FROM a) AS q WHERE r <= 3',
    ...ttl,
  },
  { name: 'a join with a time to live', sql: 'SELECT a.id FROM a JOIN b ON a.k = b.k', ...ttl },
]

function catalogOf(): Catalog {
  const catalog = new Catalog()
  for (const text of TABLES) {
    const [statement] = parseStatements(text)
    if (statement.kind !== 'create-table') throw new Error('a table was expected')
    catalog.add(defineTable(statement, catalog)!)
  }
  return catalog
}

/** The sizes after each step. A key lives for some twenty seconds, and never comes again. */
function sizesOf({ sql, stateTtlUs = 0 }: Flat): StateSize[] {
  const r = random(7)
  const catalog = catalogOf()
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select') throw new Error('a query was expected')
  const planner = new Planner(catalog, { session: { ...DEFAULT_SESSION, stateTtlUs } })
  const { plan } = planner.planQuery(statement, 'continuous', { id: 'q', name: 'q' })
  const clock = { epoch: 0, nowUs: T0_US, seed: 1 }
  const pipeline = new Pipeline(plan, { clock, batchRowsMax: 64 })
  return Array.from({ length: STEPS }, (_, step) => {
    clock.epoch++
    clock.nowUs = T0_US + step * SECOND_US
    for (const leaf of pipeline.leaves) {
      const entry = catalog.byId(leaf.tableId)
      if (entry?.kind !== 'table') throw new Error('a table was expected')
      const builder = new BatchBuilder(entry.spec.schema)
      for (let i = 0; i < ROWS; i++) builder.append(rowAt(r, step, i, clock.nowUs))
      leaf.batch(builder.finish())
    }
    for (const leaf of pipeline.leaves) {
      const latenessS = catalog.byId(leaf.tableId)?.name === 'late' ? 20 : 0
      leaf.watermark(T0_US + (step - DISORDER_S - latenessS) * SECOND_US)
    }
    pipeline.endEpoch()
    return pipeline.stateSize()
  })
}

function rowAt(r: Random, step: number, i: number, nowUs: number) {
  const second = step - r.below(DISORDER_S)
  const key = Math.max(0, step - 20) * 3 + r.below(60)
  return [
    step * ROWS + i,
    key,
    r.below(100),
    `s${r.below(1000)}`,
    T0_US + second * SECOND_US,
    nowUs,
  ]
}

const most = (sizes: readonly StateSize[], of: keyof StateSize): number =>
  Math.max(...sizes.map((size) => size[of]))

describe('the state stays flat', () => {
  for (const query of QUERIES) {
    test(query.name, { timeout: 60_000 }, () => {
      const sizes = sizesOf(query)
      const early = sizes.slice(STEPS / 8, STEPS / 4)
      const late = sizes.slice(STEPS / 2)
      expect(most(late, 'rows')).toBeLessThanOrEqual(most(early, 'rows') * 1.3 + 50)
      // Memory grows in doublings, and is tidied when half of it is waste: four times as long a run
      // would take four times as much if nothing were freed.
      expect(most(late, 'bytes')).toBeLessThanOrEqual(most(early, 'bytes') * 3)
    })
  }
})
