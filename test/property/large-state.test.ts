/** Many groups, and one that has half of all rows: the answers stay right; how long the longest epoch
 *  was and how much memory the state took is printed, not asserted. MILLRACE_LONG=1 for five million
 *  keys and a window of a million groups. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import { planOver, runNexmark } from '../../bench/nexmark/run-query.ts'
import { decodeBatch } from '../../engine/batch/ipc.ts'
import { valueAt } from '../../engine/batch/rows.ts'

const LONG = process.env.MILLRACE_LONG === '1'
const MANY = LONG ? 5_000_000 : 60_000
const GROUPS = LONG ? 1_000_000 : 50_000

/** Numbers from 0 on; `k` is 0 for every other one; a millisecond apart. */
const numbers = (count: number): string => `CREATE TABLE g (
    n BIGINT NOT NULL, k AS CASE WHEN n % 2 = 0 THEN 0 ELSE n END,
    ts AS CAST(TO_TIMESTAMP_LTZ(n, 3) AS TIMESTAMP(3)), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'datagen', 'rows-per-second' = '0', 'fields.n.kind' = 'sequence',
    'fields.n.start' = '0', 'fields.n.end' = '${count - 1}')`

interface Answer {
  readonly rows: number
  /** Of the last column. */
  readonly sum: number
}

async function run(title: string, count: number, sql: string): Promise<Answer> {
  const plan = planOver([numbers(count)], sql)
  const last = plan.schema.fields.length - 1
  let [rows, sum] = [0, 0]
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const { elapsedMs, state } = await runNexmark(plan, ({ payload }) => {
    const batch = decodeBatch(payload, plan.schema)
    for (let row = 0; row < batch.rowCount; row++) {
      const weight = batch.weights === null ? 1 : batch.weights[row]
      rows += weight
      sum += weight * Number(valueAt(batch.columns[last], row))
    }
  })
  delay.disable()
  const mb = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`
  if (LONG) {
    console.log(
      `${title}: ${Math.round(elapsedMs)} ms, longest epoch ${Math.round(delay.max / 1e6)} ms, ` +
        `${state.rows} rows of state in ${mb(state.bytes)}, resident ${mb(process.memoryUsage().rss)}`,
    )
  }
  return { rows, sum }
}

const options = { timeout: 600_000 }

test('as many keys as rows', options, async () => {
  const found = await run('distinct keys', MANY, 'SELECT n, COUNT(*) AS c FROM g GROUP BY n')
  expect(found).toEqual({ rows: MANY, sum: MANY })
})

test('one key has half of the rows', options, async () => {
  const sql = 'SELECT k, COUNT(*) AS c FROM g GROUP BY k'
  expect(await run('hot key', MANY, sql)).toEqual({ rows: MANY / 2 + 1, sum: MANY })
})

test('one key has half of the distinct values', options, async () => {
  const sql = 'SELECT k, COUNT(DISTINCT n) AS c FROM g GROUP BY k'
  expect(await run('hot set', GROUPS, sql)).toEqual({ rows: GROUPS / 2 + 1, sum: GROUPS })
})

test('one partition of a ranking has half of the rows', options, async () => {
  const ranked = 'ROW_NUMBER() OVER (PARTITION BY k ORDER BY n DESC)'
  const sql = `SELECT k, n, r FROM (SELECT k, n, ${ranked} AS r FROM g) AS q WHERE r <= 3`
  expect(await run('hot partition', GROUPS, sql)).toEqual({
    rows: GROUPS / 2 + 3,
    sum: GROUPS / 2 + 6,
  })
})

test('a window with many groups closes at once', options, async () => {
  const sql =
    "SELECT n, window_end, COUNT(*) AS c FROM TUMBLE(g, ts, INTERVAL '1' DAY) GROUP BY n, window_start, window_end"
  expect(await run('one window', GROUPS, sql)).toEqual({ rows: GROUPS, sum: GROUPS })
})

test('many groups in overlapping windows', options, async () => {
  const sql =
    "SELECT n, window_end, COUNT(*) AS c FROM HOP(g, ts, INTERVAL '12' HOUR, INTERVAL '24' HOUR) GROUP BY n, window_start, window_end"
  expect(await run('two windows', GROUPS, sql)).toEqual({ rows: GROUPS * 2, sum: GROUPS * 2 })
})

test('many sessions end together', options, async () => {
  const sql =
    "SELECT n, window_end, COUNT(*) AS c FROM SESSION(TABLE g PARTITION BY n, DESCRIPTOR(ts), INTERVAL '1' DAY) GROUP BY n, window_start, window_end"
  expect(await run('sessions', GROUPS, sql)).toEqual({ rows: GROUPS, sum: GROUPS })
})
