/** Nexmark q0 to q23: each query over generated events through the whole engine. Its answer over
 *  fewer events is compared with DuckDB's first. */

import type { DuckDBConnection } from '@duckdb/node-api'
import { asSqlError } from '../engine/base/errors.ts'
import { countsOfDuckdb, countsOfFrames, difference, oracleWith } from './nexmark/oracle.ts'
import { planNexmark, runNexmark } from './nexmark/run-query.ts'
import { nexmarkQuery, QUERIES } from './nexmark/tables.ts'
import { milliseconds, type Report, say, shortCount, type Topic } from './topic.ts'

const CHECKED = { events: 20_000, eventsPerSecond: 400 }
/** The `steady` profile; MILLRACE_NEXMARK_EVENTS for a shorter run. */
const TIMED = {
  events: Number(process.env.MILLRACE_NEXMARK_EVENTS ?? 10_000_000),
  eventsPerSecond: 100_000,
}
/** Joins whose result grows with the square of the events get fewer. */
const EXPLOSIVE: ReadonlySet<number> = new Set([23])
const TIMED_EXPLOSIVE = { events: 100_000, eventsPerSecond: 100_000 }

export const nexmark: Topic = {
  name: 'nexmark',
  title: 'Nexmark: generated events through sources, epochs, operators and result log',
  async run() {
    const connection = await oracleWith(CHECKED)
    const rows: string[][] = []
    try {
      for (const n of QUERIES) rows.push(await rowOf(connection, n))
    } finally {
      connection.closeSync()
    }
    return report(rows)
  },
}

async function rowOf(connection: DuckDBConnection, n: number): Promise<string[]> {
  const { title, sql } = nexmarkQuery(n)
  const name = `q${n} ${title}`
  try {
    const checked = await checkNexmark(connection, n)
    const timed = EXPLOSIVE.has(n) ? TIMED_EXPLOSIVE : TIMED
    const { elapsedMs, status, state } = await runNexmark(planNexmark(sql, timed), () => {})
    const rate = shortCount((timed.events * 1000) / elapsedMs)
    const kept = `${shortCount(state.rows)} rows, ${(state.bytes / 2 ** 20).toFixed(1)} MB`
    say(`q${n}: ${milliseconds(elapsedMs)}, ${rate}/s, state ${kept}, ${checked}`)
    const out = shortCount(status.rowsOut)
    return [name, shortCount(timed.events), milliseconds(elapsedMs), rate, out, kept, checked]
  } catch (error) {
    const [reason] = asSqlError(error).message.split('\n')
    say(`q${n}: ${reason}`)
    return [name, '', '', '', '', '', reason.replaceAll('|', '/')]
  }
}

/** Runs the query over few events; `equal` if its answer is DuckDB's. Raises an error that shows a
 *  difference. */
export async function checkNexmark(connection: DuckDBConnection, n: number): Promise<string> {
  const { compared, duckdb } = nexmarkQuery(n)
  const plan = planNexmark(compared, CHECKED)
  const { counts, take } = countsOfFrames(plan)
  await runNexmark(plan, take)
  const found = difference(counts, await countsOfDuckdb(connection, duckdb))
  if (found !== undefined) throw new Error(`DIFFERENT: ${found}`)
  return 'equal'
}

export const oracleOfChecks = (): Promise<DuckDBConnection> => oracleWith(CHECKED)

function report(rows: readonly string[][]): Report {
  return {
    notes: [
      'Events a second count all three kinds of events of the stretch of time, as Nexmark reports do; a query reads the tables it names.',
      'One thread makes the events, runs the operators and writes the result log; profile steady, 100 k events a second of event time.',
      'State is what the operators kept shortly before the end of the events.',
      `Answers over ${shortCount(CHECKED.events)} events at ${shortCount(CHECKED.eventsPerSecond)} a second are compared with DuckDB's, row by row.`,
    ],
    header: ['query', 'events', 'time', 'events/s', 'rows out', 'state', 'answer'],
    rows,
  }
}
