/** Hourly count, sum and average of delays by origin: Millrace, DuckDB, and two incremental engines
 *  in JavaScript, over the same flights, one thread each. All answers are compared. */

import type { DuckDBConnection } from '@duckdb/node-api'
import type { Batch } from '../engine/batch/batch.ts'
import { decodeBatch, encodeBatch } from '../engine/batch/ipc.ts'
import {
  duckdbWithFlights,
  FLIGHTS_SCHEMA,
  type FlightRow,
  type Flights,
  flightBatches,
  flightRows,
  loadFlights,
} from './flights.ts'
import { measure, rate, type Timing } from './measure.ts'
import { groupsOfChanges, type PeerChange } from './peers/changes.ts'
import { d2tsInput, groupByD2ts } from './peers/d2ts.ts'
import { dbIvmInput, groupByDbIvm } from './peers/db-ivm.ts'
import { groupByDuckdb, groupsOfDuckdb } from './peers/duckdb.ts'
import { type Groups, mustEqual } from './peers/groups.ts'
import { groupByMillrace, groupsOfMillrace } from './peers/millrace.ts'
import { milliseconds, type Report, ratio, say, shortCount, type Topic } from './topic.ts'

/** Rows of a batch, for everyone who takes batches. */
const BATCH_ROWS = 8192
/** The row-wise peers get fewer rows: they are slower, and their rate falls with more. */
const PEER_ROWS = 300_000
const PLAN = { warmUps: 2, runs: 7 }
const PEER_PLAN = { warmUps: 1, runs: 3 }

interface Result {
  readonly name: string
  readonly rows: number
  readonly timing: Timing
}

export const tumble: Topic = {
  name: 'tumble',
  title: 'TUMBLE: hourly count, sum and average of delays by origin',
  async run() {
    const connection = await duckdbWithFlights()
    try {
      const flights = await loadFlights(connection)
      const results = [
        await millrace(connection, flights),
        await duckdb(connection, flights),
        ...(await peers(connection, flights)),
      ]
      return report(flights, results)
    } finally {
      connection.closeSync()
    }
  },
}

async function expected(connection: DuckDBConnection, rows: number): Promise<Groups> {
  return groupsOfDuckdb(await groupByDuckdb(connection, rows))
}

async function millrace(connection: DuckDBConnection, flights: Flights): Promise<Result> {
  // Through the bytes of the embedded log and back: what a source reads.
  const batches = flightBatches(flights, BATCH_ROWS).map((batch) =>
    decodeBatch(encodeBatch(batch), FLIGHTS_SCHEMA),
  )
  let results: Batch[] = []
  const timing = await measure(
    PLAN,
    () => batches,
    (input) => {
      results = groupByMillrace(input, BATCH_ROWS)
    },
  )
  say(`Millrace: ${milliseconds(timing.medianMs)}`)
  mustEqual('Millrace', groupsOfMillrace(results), await expected(connection, flights.rowCount))
  return {
    name: 'Millrace, continuous, windows close as the watermark passes',
    rows: flights.rowCount,
    timing,
  }
}

async function duckdb(connection: DuckDBConnection, { rowCount }: Flights): Promise<Result> {
  const timing = await measure(
    PLAN,
    () => rowCount,
    (rows) => groupByDuckdb(connection, rows),
  )
  say(`DuckDB: ${milliseconds(timing.medianMs)}`)
  return { name: 'DuckDB 1 thread, one batch GROUP BY over its own table', rows: rowCount, timing }
}

async function peers(connection: DuckDBConnection, flights: Flights): Promise<Result[]> {
  const rows = flightRows(flights, PEER_ROWS)
  const want = await expected(connection, PEER_ROWS)
  return [
    await peer('@electric-sql/d2ts, continuous', rows, want, d2tsInput, groupByD2ts),
    await peer('@tanstack/db-ivm, continuous', rows, want, dbIvmInput, groupByDbIvm),
  ]
}

async function peer<Input>(
  name: string,
  rows: readonly FlightRow[],
  want: Groups,
  prepare: (rows: readonly FlightRow[], batchRows: number) => Input,
  work: (input: Input) => PeerChange[][],
): Promise<Result> {
  let changes: PeerChange[][] = []
  const timing = await measure(
    PEER_PLAN,
    () => prepare(rows, BATCH_ROWS),
    (input) => {
      changes = work(input)
    },
  )
  say(`${name}: ${milliseconds(timing.medianMs)} for ${shortCount(rows.length)} rows`)
  mustEqual(name, groupsOfChanges(changes), want)
  return { name, rows: rows.length, timing }
}

function report(flights: Flights, results: readonly Result[]): Report {
  const [base] = results.map(({ rows, timing }) => rate(rows, timing))
  return {
    notes: [
      `${flights.rowCount.toLocaleString('en')} flights in order of their date, in memory before the clock starts.`,
      `Batches of ${BATCH_ROWS.toLocaleString('en')} rows; Millrace reads them as the embedded log gives them.`,
      `The JavaScript peers take rows as objects and get the first ${PEER_ROWS.toLocaleString('en')}.`,
      'All answers were compared group by group and are equal.',
    ],
    header: ['engine', 'rows', 'median', 'best', 'rows/s', 'Millrace is'],
    rows: results.map(({ name, rows, timing }) => {
      const own = rate(rows, timing)
      return [
        name,
        shortCount(rows),
        milliseconds(timing.medianMs),
        milliseconds(timing.bestMs),
        shortCount(own),
        own === base ? '1' : ratio(base, own),
      ]
    }),
  }
}
