/** DuckDB over the same events, and the comparison of its answer with a changelog. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { decodeBatch } from '../../engine/batch/ipc.ts'
import { jsonRowTexts } from '../../engine/batch/json-rows.ts'
import { type JsonValue, jsonValue } from '../../engine/batch/json-value.ts'
import { valueAt } from '../../engine/batch/rows.ts'
import type { ResultFrame } from '../../engine/graph/protocol.ts'
import type { QueryPlan } from '../../engine/plan/physical.ts'
import { planNexmark, runNexmark } from './run-query.ts'
import { type EventsOfRun, TABLE_NAMES } from './tables.ts'

/** How often each row is in a result, by its text. */
export type RowCounts = Map<string, number>

/** A database that holds the events in tables of the same names. */
export async function oracleWith(events: EventsOfRun): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  const folder = mkdtempSync(join(tmpdir(), 'millrace-events-'))
  try {
    for (const table of TABLE_NAMES) {
      const plan = planNexmark(`SELECT * FROM ${table}`, events)
      const lines: string[] = []
      await runNexmark(plan, ({ payload }) => {
        lines.push(...jsonRowTexts(decodeBatch(payload, plan.schema)))
      })
      const path = join(folder, `${table}.ndjson`)
      writeFileSync(path, lines.join('\n'))
      const types = duckdbColumns(plan)
      await connection.run(
        `CREATE TABLE ${table} AS SELECT * FROM read_json('${path}', columns = ${types})`,
      )
    }
    return connection
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The columns for DuckDB's JSON reader. */
function duckdbColumns({ schema }: QueryPlan): string {
  const columns = schema.fields.map(({ name, type }) => {
    const theirs = type.kind === 'varchar' ? 'VARCHAR' : type.kind.toUpperCase()
    return `'${name}': '${theirs}'`
  })
  return `{${columns.join(', ')}}`
}

export async function countsOfDuckdb(
  connection: DuckDBConnection,
  sql: string,
): Promise<RowCounts> {
  const counts: RowCounts = new Map()
  const reader = await connection.runAndReadAll(
    `SELECT COLUMNS(*)::VARCHAR FROM (${sql}) AS answer`,
  )
  for (const row of reader.getRows()) {
    add(counts, row.map((cell) => cellText(cell as string | null)).join('|'), 1)
  }
  return counts
}

/** Adds up results as they come. */
export function countsOfFrames(plan: QueryPlan): {
  counts: RowCounts
  take: (f: ResultFrame) => void
} {
  const counts: RowCounts = new Map()
  const take = ({ payload }: ResultFrame) => {
    const { columns, rowCount, weights } = decodeBatch(payload, plan.schema)
    for (let row = 0; row < rowCount; row++) {
      const cells = columns.map((c) => cellText(jsonValue(valueAt(c, row), c.type)))
      add(counts, cells.join('|'), weights === null ? 1 : weights[row])
    }
  }
  return { counts, take }
}

function add(counts: RowCounts, row: string, weight: number): void {
  const sum = (counts.get(row) ?? 0) + weight
  if (sum === 0) counts.delete(row)
  else counts.set(row, sum)
}

/** One text for the forms that both sides have: numbers by value, times to the millisecond. */
function cellText(cell: JsonValue): string {
  if (cell === null) return 'NULL'
  const text = String(cell)
  if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return String(Number(Number(text).toPrecision(12)))
  const time = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?Z?$/.exec(text)
  if (time === null) return text
  return `${time[1]} ${time[2]}${(time[3] ?? '').replace(/\.?0+$/, '')}`
}

/** undefined if the counts are equal, else what is different. */
export function difference(ours: RowCounts, theirs: RowCounts): string | undefined {
  for (const [row, count] of theirs) {
    if (ours.get(row) !== count) return `DuckDB has ${count}, we ${ours.get(row) ?? 0} of ${row}`
  }
  for (const [row, count] of ours) {
    if (!theirs.has(row)) return `DuckDB has none, we have ${count} of ${row}`
  }
  return undefined
}
