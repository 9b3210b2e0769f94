/** Windows in both dialects: ours by table functions and GROUP BY functions, DuckDB's by arithmetic
 *  on the times. */

import type { Random } from '../../../engine/base/random.ts'
import { type Both, join, type Relation, same } from './relation.ts'
import { chance, pick } from './tables.ts'

/** Seconds. */
export type RandomWindow =
  | { readonly kind: 'TUMBLE'; readonly size: number; readonly offset: number }
  | {
      readonly kind: 'HOP' | 'CUMULATE'
      /** Slide or step. */
      readonly step: number
      readonly size: number
      readonly offset: number
    }
  | { readonly kind: 'SESSION'; readonly gap: number; readonly by: readonly string[] }

export function randomAligned(r: Random): RandomWindow {
  const offset = chance(r, 25) ? pick(r, [3, 7, -4]) : 0
  switch (r.below(4)) {
    case 0: {
      const step = pick(r, [4, 5, 10])
      return { kind: 'CUMULATE', step, size: step * (2 + r.below(3)), offset }
    }
    case 1:
      return { kind: 'HOP', step: pick(r, [4, 6, 10]), size: pick(r, [6, 12, 20, 30]), offset }
    default:
      return { kind: 'TUMBLE', size: pick(r, [5, 10, 30]), offset }
  }
}

const interval = (seconds: number): string => `INTERVAL '${seconds}' SECOND`

function lengthsOf(window: RandomWindow): string[] {
  if (window.kind === 'SESSION') return [interval(window.gap)]
  const lengths = window.kind === 'TUMBLE' ? [window.size] : [window.step, window.size]
  return [...lengths, ...(window.offset === 0 ? [] : [window.offset])].map(interval)
}

/** What tells one window from another. */
export const windowName = (window: RandomWindow): string => JSON.stringify(window)

/** The rows with window_start, window_end and window_time behind their columns: for FROM. */
export function windowRows(relation: Relation, window: RandomWindow): Both {
  const time = relation.time!
  const { ours } = relation
  const bare = /^SELECT [^()]* FROM (t\d)$/.exec(ours)
  const lengths = lengthsOf(window).join(', ')
  const by =
    window.kind === 'SESSION' && window.by.length > 0 ? ` PARTITION BY ${window.by.join(', ')}` : ''
  const table = bare === null ? `(${ours})` : `TABLE ${bare[1]}`
  return {
    ours:
      by !== '' || (bare !== null && ours.length % 2 === 0)
        ? `TABLE(${window.kind}(${bare === null ? table : table}${by}, DESCRIPTOR(${time}), ${lengths}))`
        : `${window.kind}(${bare === null ? `(${ours})` : bare[1]}, ${time}, ${lengths})`,
    duckdb: `(SELECT *, window_end - INTERVAL '1' MILLISECOND AS window_time FROM (${duckdbWindow(relation, window)}) AS w1) AS w2`,
  }
}

function duckdbWindow({ duckdb, time }: Relation, window: RandomWindow): string {
  const us = `epoch_us(${time})`
  if (window.kind === 'SESSION') return duckdbSession({ duckdb, time }, window)
  const [size, offset] = [window.size * 1e6, window.offset * 1e6]
  // The quotient of positive numbers: times are far above zero.
  const grid = (length: number) => `(((${us} - ${offset}) // ${length}) * ${length} + ${offset})`
  switch (window.kind) {
    case 'TUMBLE':
      return bounds(duckdb, `[${grid(size)}]`, 's', `s + ${size}`, 'TRUE', us)
    case 'HOP': {
      const step = window.step * 1e6
      const count = Math.ceil(size / step)
      const starts = `[${grid(step)} - n * ${step} FOR n IN range(${count})]`
      return bounds(duckdb, starts, 's', `s + ${size}`, `s + ${size} > ${us}`, us)
    }
    case 'CUMULATE': {
      const step = window.step * 1e6
      const ends = `[${grid(size)} + (n + 1) * ${step} FOR n IN range(${size / step})]`
      const start = `((s - 1 - ${offset}) // ${size}) * ${size} + ${offset}`
      return bounds(duckdb, ends, start, 's', `s > ${us}`, us)
    }
  }
}

function bounds(
  rows: string,
  list: string,
  start: string,
  end: string,
  where: string,
  _us: string,
): string {
  return `SELECT * EXCLUDE (s), make_timestamp(${start}) AS window_start, make_timestamp(${end}) AS window_end FROM (SELECT *, unnest(${list}) AS s FROM (${rows}) AS w3) AS w4 WHERE ${where}`
}

function duckdbSession(
  { duckdb, time }: Pick<Relation, 'duckdb' | 'time'>,
  { gap, by }: Extract<RandomWindow, { kind: 'SESSION' }>,
): string {
  const keys = by.join(', ')
  const per = by.length === 0 ? '' : `PARTITION BY ${keys}`
  const fresh = `CASE WHEN ${time} - LAG(${time}) OVER (${per} ORDER BY ${time}) <= ${interval(gap)} THEN 0 ELSE 1 END`
  const marked = `SELECT *, ${fresh} AS fresh_ FROM (${duckdb}) AS w3`
  const numbered = `SELECT * EXCLUDE (fresh_), SUM(fresh_) OVER (${per} ORDER BY ${time}) AS session_ FROM (${marked}) AS w4`
  const whole = `OVER (PARTITION BY ${[...by, 'session_'].join(', ')})`
  return `SELECT * EXCLUDE (session_), MIN(${time}) ${whole} AS window_start, MAX(${time}) ${whole} + ${interval(gap)} AS window_end FROM (${numbered}) AS w5`
}

/** `TUMBLE(ts, …)` and its kin over the same rows: for GROUP BY and the list. */
export function windowCalls(time: string, window: RandomWindow) {
  const args = [time, ...lengthsOf(window)].join(', ')
  const call = (suffix: string) => `${window.kind}${suffix}(${args})`
  return { group: call(''), start: call('_START'), end: call('_END'), time: call('_ROWTIME') }
}

export const boundsEqual = (a: string, b: string): Both =>
  join('{0}', same(`${a}.window_start = ${b}.window_start AND ${a}.window_end = ${b}.window_end`))
