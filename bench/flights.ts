/** The flights of the benchmarks: 3 million real US flights of 2001 (vega-datasets), in order of
 *  their date, in memory in the forms that the contenders take. */

import { fileURLToPath } from 'node:url'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { Batch } from '../engine/batch/batch.ts'
import { Column } from '../engine/batch/column.ts'
import { type Schema, schemaOf } from '../engine/batch/schema.ts'
import { BIGINT, type DataType, TIMESTAMP, VARCHAR } from '../engine/batch/types.ts'

export const FLIGHTS_FILE = fileURLToPath(
  new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')),
)

/** The table in memory, once, as plain columns. */
export interface Flights {
  readonly rowCount: number
  /** Microseconds since 1970. */
  readonly date: BigInt64Array
  readonly delay: BigInt64Array
  readonly distance: BigInt64Array
  readonly origin: readonly string[]
  readonly destination: readonly string[]
}

export interface FlightRow {
  /** Milliseconds since 1970. */
  readonly date: number
  readonly delay: number
  readonly origin: string
}

const field = (name: string, type: DataType) => ({ name, type, nullable: true })

export const FLIGHTS_SCHEMA: Schema = schemaOf([
  field('date', TIMESTAMP),
  field('delay', BIGINT),
  field('distance', BIGINT),
  field('origin', VARCHAR),
  field('destination', VARCHAR),
])

/** A DuckDB on one thread with the flights in a table of its own format. */
export async function duckdbWithFlights(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await connection.run(`CREATE TABLE flights AS FROM '${FLIGHTS_FILE}' ORDER BY date`)
  return connection
}

export async function loadFlights(connection: DuckDBConnection): Promise<Flights> {
  const counted = await connection.runAndReadAll('SELECT count(*)::INTEGER FROM flights')
  const rowCount = Number(counted.getRows()[0][0])
  const query = 'SELECT date, delay, distance, origin, destination FROM flights ORDER BY rowid'
  const result = await connection.stream(query)
  const [date, delay, distance] = [0, 1, 2].map(() => new BigInt64Array(rowCount))
  const [origin, destination]: string[][] = [[], []]
  for (let at = 0; ; ) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) break
    const dates = chunk.getColumnValues(0) as { micros: bigint }[]
    const integers = [chunk.getColumnValues(1), chunk.getColumnValues(2)] as bigint[][]
    for (let i = 0; i < chunk.rowCount; i++) date[at + i] = dates[i].micros
    delay.set(integers[0], at)
    distance.set(integers[1], at)
    origin.push(...(chunk.getColumnValues(3) as string[]))
    destination.push(...(chunk.getColumnValues(4) as string[]))
    at += chunk.rowCount
  }
  return { rowCount, date, delay, distance, origin, destination }
}

/** The flights as batches of `batchRows` rows in the engine's own layout. */
export function flightBatches(flights: Flights, batchRows: number): Batch[] {
  const batches: Batch[] = []
  for (let from = 0; from < flights.rowCount; from += batchRows) {
    const to = Math.min(from + batchRows, flights.rowCount)
    const fixed = (type: DataType, values: BigInt64Array) =>
      new Column({ type, length: to - from, values: values.slice(from, to) })
    const columns = [
      fixed(TIMESTAMP, flights.date),
      fixed(BIGINT, flights.delay),
      fixed(BIGINT, flights.distance),
      textColumn(flights.origin, from, to),
      textColumn(flights.destination, from, to),
    ]
    batches.push(new Batch(FLIGHTS_SCHEMA, columns, to - from))
  }
  return batches
}

function textColumn(texts: readonly string[], from: number, to: number): Column {
  const length = to - from
  const bytes = Buffer.from(texts.slice(from, to).join(''))
  const starts = new Int32Array(length)
  const ends = new Int32Array(length)
  for (let i = 0, at = 0; i < length; i++) {
    starts[i] = at
    at += Buffer.byteLength(texts[from + i])
    ends[i] = at
  }
  return new Column({ type: VARCHAR, length, values: new Uint8Array(bytes), starts, ends })
}

/** The first `count` flights as objects: what row-wise libraries take. */
export function flightRows(flights: Flights, count: number): FlightRow[] {
  return Array.from({ length: count }, (_, i) => ({
    date: Number(flights.date[i] / 1000n),
    delay: Number(flights.delay[i]),
    origin: flights.origin[i],
  }))
}
