/** What a Debezium event says beside its rows, as METADATA columns: the names are Flink's, behind
 *  `value.`. What an event does not have, or has in another form, is NULL. */

import { columnOf } from '../batch/builder.ts'
import type { Column } from '../batch/column.ts'
import { type DataType, TIMESTAMP_LTZ, VARCHAR } from '../batch/types.ts'
import type { Value } from '../batch/value.ts'
import { isObject } from '../batch/value-from-json.ts'
import { instantOf } from './intake.ts'
import type { FoundRanges, JsonRange } from './json-ranges.ts'

/** The types, by key. */
export const DEBEZIUM_METADATA: Readonly<Record<string, DataType>> = {
  'value.schema': VARCHAR,
  'value.ingestion-timestamp': TIMESTAMP_LTZ,
  'value.source.timestamp': TIMESTAMP_LTZ,
  'value.source.database': VARCHAR,
  'value.source.schema': VARCHAR,
  'value.source.table': VARCHAR,
  'value.source.properties': { kind: 'map', key: VARCHAR, value: VARCHAR },
}

/** Those that all events of a database's table have alike, so that a row that goes has what it had
 *  when it came. */
export const DEBEZIUM_CONSTANTS: readonly string[] = [
  'value.source.database',
  'value.source.schema',
  'value.source.table',
]

export interface DebeziumEvents {
  /** The keys that are wanted. */
  readonly keys: readonly string[]
  readonly found: FoundRanges
  /** Where events have a schema. */
  readonly wrapped: FoundRanges | undefined
  /** The event of each row. */
  readonly rows: Int32Array
}

/** A column for every key, with a value for every row. */
export function debeziumMetadata(events: DebeziumEvents): Record<string, Column> {
  const { keys, found, wrapped, rows } = events
  const sources = keys.some((key) => key.startsWith(SOURCE))
    ? jsonOfRows(found.bytes, found.fields.source, rows)
    : []
  const valuesOf = (key: string): Value[] => {
    if (key === 'value.schema') {
      return wrapped ? textsOfRows(wrapped.bytes, wrapped.fields.schema, rows) : nulls(rows)
    }
    if (key === 'value.ingestion-timestamp') {
      return jsonOfRows(found.bytes, found.fields.ts_ms, rows).map(instantOf)
    }
    const read = READERS[key.slice(SOURCE.length)]
    return sources.map((source) => (isObject(source) ? read(source) : null))
  }
  return Object.fromEntries(
    keys.map((key) => [key, columnOf(DEBEZIUM_METADATA[key], valuesOf(key))]),
  )
}

const SOURCE = 'value.source.'

type Source = Readonly<Record<string, unknown>>

const READERS: Readonly<Record<string, (source: Source) => Value>> = {
  timestamp: ({ ts_ms }) => instantOf(ts_ms),
  database: ({ db }) => text(db),
  schema: ({ schema }) => text(schema),
  table: ({ table }) => text(table),
  properties: (source) => Object.entries(source).map(([name, value]) => [name, property(value)]),
}

const text = (json: unknown): Value => (typeof json === 'string' ? json : null)

const property = (json: unknown): Value => {
  if (json === null || typeof json === 'string') return json
  return JSON.stringify(json)
}

const nulls = (rows: Int32Array): null[] => new Array<null>(rows.length).fill(null)

function textsOfRows(bytes: Uint8Array, { starts, ends }: JsonRange, rows: Int32Array) {
  return Array.from(rows, (i) =>
    starts[i] < 0 ? null : Buffer.from(bytes.subarray(starts[i], ends[i])).toString(),
  )
}

const jsonOfRows = (bytes: Uint8Array, range: JsonRange, rows: Int32Array): unknown[] =>
  textsOfRows(bytes, range, rows).map((json) => (json === null ? null : JSON.parse(json)))
