/** Very many keys, very many rows of one key, very much that ends at once: queries over numbers,
 *  and what their answers come to. test/property/large-state.test.ts says whether the answers are
 *  right, large-state.bench.ts how long the longest epoch takes. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ResultFrame } from '../../engine/graph/protocol.ts'
import type { StateSize } from '../../engine/operator/operator.ts'
import type { QueryPlan } from '../../engine/plan/physical.ts'
import { planOver, runNexmark } from '../nexmark/run-query.ts'

export interface Scenario {
  readonly title: string
  /** How many numbers there are. */
  readonly count: number
  readonly sql: string
  /** What the rows of the result are, and the last column adds up to. */
  readonly rows: number
  readonly sum: number
}

export interface Sizes {
  /** Keys. */
  readonly keys: number
  /** Groups of a window, sessions, values, rows of a partition. */
  readonly groups: number
  /** Of a key of a join. */
  readonly partners: number
}

/** Numbers from 0 on; `k` is 0 for every other one; a millisecond apart. */
const numbers = (count: number): string => `CREATE TABLE g (
    n BIGINT NOT NULL, k AS CASE WHEN n % 2 = 0 THEN 0 ELSE n END,
    ts AS CAST(TO_TIMESTAMP_LTZ(n, 3) AS TIMESTAMP(3)), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'datagen', 'rows-per-second' = '0', 'fields.n.kind' = 'sequence',
    'fields.n.start' = '0', 'fields.n.end' = '${count - 1}')`

const windowed = (rows: string): string =>
  `SELECT n, window_end, COUNT(*) AS c FROM ${rows} GROUP BY n, window_start, window_end`

export function scenariosOf({ keys, groups, partners }: Sizes): Scenario[] {
  const ranked = 'ROW_NUMBER() OVER (PARTITION BY k ORDER BY n DESC)'
  const many = `SELECT n, 1 AS one FROM g WHERE n < ${partners}`
  const burst = `SELECT n, 1 AS one FROM g WHERE n >= ${2 * partners}`
  // A row of the hot key meets itself and the next five; at the end there are fewer.
  const near = groups / 2 + (groups / 2) * 6 - 15
  const all = { count: groups, rows: groups, sum: groups }
  return [
    {
      title: 'as many keys as rows',
      ...{ count: keys, rows: keys, sum: keys },
      sql: 'SELECT n, COUNT(*) AS c FROM g GROUP BY n',
    },
    {
      title: 'a key has half of the rows',
      ...{ count: keys, rows: keys / 2 + 1, sum: keys },
      sql: 'SELECT k, COUNT(*) AS c FROM g GROUP BY k',
    },
    {
      title: 'a key has half of the distinct values',
      ...{ count: groups, rows: groups / 2 + 1, sum: groups },
      sql: 'SELECT k, COUNT(DISTINCT n) AS c FROM g GROUP BY k',
    },
    {
      title: 'a partition of a ranking has half of the rows',
      ...{ count: groups, rows: groups / 2 + 3, sum: groups / 2 + 6 },
      sql: `SELECT k, n, r FROM (SELECT k, n, ${ranked} AS r FROM g) AS q WHERE r <= 3`,
    },
    {
      title: 'a window with many groups closes',
      ...all,
      sql: windowed("TUMBLE(g, ts, INTERVAL '1' DAY)"),
    },
    {
      title: 'two overlapping windows with many groups close',
      ...{ count: groups, rows: groups * 2, sum: groups * 2 },
      sql: windowed("HOP(g, ts, INTERVAL '12' HOUR, INTERVAL '24' HOUR)"),
    },
    {
      title: 'many sessions end together',
      ...all,
      sql: windowed("SESSION(TABLE g PARTITION BY n, DESCRIPTOR(ts), INTERVAL '1' DAY)"),
    },
    {
      title: 'a hundred rows come at once to a key with many partners',
      ...{ count: 2 * partners + 100, rows: partners * 100, sum: partners * 100 },
      sql: `SELECT a.n, 1 AS c FROM (${burst}) AS a JOIN (${many}) AS b ON a.one = b.one`,
    },
    {
      title: 'a key of an interval join has half of the rows',
      ...{ count: groups, rows: near, sum: near },
      sql: `SELECT a.n, 1 AS c FROM g AS a JOIN g AS b
        ON a.k = b.k AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '0.01' SECOND`,
    },
  ]
}

export interface ScenarioRun {
  readonly elapsedMs: number
  /** The longest time in which the thread did nothing else. */
  readonly longestMs: number
  readonly state: StateSize
  /** Of the whole process, at the end. */
  readonly residentBytes: number
}

/** Runs to the end; `onFrame` gets every result. */
export async function runScenario(
  { count, sql }: Scenario,
  onFrame: (frame: ResultFrame, plan: QueryPlan) => void = () => {},
): Promise<ScenarioRun> {
  const plan = planOver([numbers(count)], sql)
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const { elapsedMs, state } = await runNexmark(plan, (frame) => onFrame(frame, plan))
  delay.disable()
  const residentBytes = process.memoryUsage().rss
  return { elapsedMs, longestMs: delay.max / 1e6, state, residentBytes }
}
