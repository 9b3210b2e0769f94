/** The tables of the Nexmark queries, and the queries themselves as they stand in their files. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const QUERIES = Array.from({ length: 24 }, (_, n) => n)

export interface NexmarkQuery {
  /** From the file's first line. */
  readonly title: string
  readonly sql: string
  /** What of it is compared: the query itself, or where that depends on more than the events, a
   *  query over it. */
  readonly compared: string
  /** The compared question for DuckDB. */
  readonly duckdb: string
}

/** Query n: after `-- DuckDB` stands that question in DuckDB's dialect, if it is another. */
export function nexmarkQuery(n: number): NexmarkQuery {
  const text = readFileSync(join(import.meta.dirname, `q${n}.sql`), 'utf8')
  const [both, theirs] = text.split(/^-- DuckDB$/m)
  const [ours, over] = both.split(/^-- Compared .*$/m)
  const title = /^-- (.*)\.$/m.exec(ours)?.[1] ?? ''
  const sql = plain(ours)
  const compared = over === undefined ? sql : plain(over).replace('{query}', sql)
  return { title, sql, compared, duckdb: theirs === undefined ? compared : plain(theirs) }
}

const plain = (text: string): string =>
  text
    .replace(/^-- .*$/gm, '')
    .trim()
    .replace(/;$/, '')

export interface EventsOfRun {
  readonly events: number
  /** Of event time. */
  readonly eventsPerSecond: number
}

const COLUMNS = {
  bid: `auction BIGINT NOT NULL, bidder BIGINT NOT NULL, price BIGINT NOT NULL, channel STRING NOT NULL,
    url STRING NOT NULL, dateTime TIMESTAMP(3) NOT NULL, extra STRING NOT NULL`,
  auction: `id BIGINT NOT NULL, itemName STRING NOT NULL, description STRING NOT NULL,
    initialBid BIGINT NOT NULL, reserve BIGINT NOT NULL, dateTime TIMESTAMP(3) NOT NULL,
    expires TIMESTAMP(3) NOT NULL, seller BIGINT NOT NULL, category BIGINT NOT NULL,
    extra STRING NOT NULL`,
  person: `id BIGINT NOT NULL, name STRING NOT NULL, emailAddress STRING NOT NULL,
    creditCard STRING NOT NULL, city STRING NOT NULL, state STRING NOT NULL,
    dateTime TIMESTAMP(3) NOT NULL, extra STRING NOT NULL`,
}

export type TableName = keyof typeof COLUMNS

export const TABLE_NAMES = Object.keys(COLUMNS) as TableName[]

/** CREATE TABLE of the three kinds of events, and of the side input of q13. */
export function createTables({ events, eventsPerSecond }: EventsOfRun): string[] {
  const generated = TABLE_NAMES.map((name) => {
    return `CREATE TABLE ${name} (${COLUMNS[name]},
      WATERMARK FOR dateTime AS dateTime - INTERVAL '4' SECOND)
    WITH ('connector' = 'nexmark', 'nexmark.table' = '${name}', 'nexmark.events' = '${events}',
      'nexmark.events-per-second' = '${eventsPerSecond}', 'rows-per-second' = '0')`
  })
  return [
    ...generated,
    // q12 and q13 ask for the time at which a bid is processed.
    generated[0]
      .replace('TABLE bid', 'TABLE bid_now')
      .replace('WATERMARK', 'p_time AS PROCTIME(), WATERMARK'),
    `CREATE TABLE side_input (key BIGINT, value STRING)
    WITH ('connector' = 'datagen', 'rows-per-second' = '0',
      'fields.key.kind' = 'sequence', 'fields.key.start' = '0', 'fields.key.end' = '9999',
      'fields.value.kind' = 'sequence', 'fields.value.start' = '0', 'fields.value.end' = '9999')`,
  ]
}
