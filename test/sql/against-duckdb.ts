/** Runs queries from text to rows through the engine's own operators, in several epochs, beside
 *  DuckDB over the same prefix of the same rows. */

import { DuckDBInstance } from '@duckdb/node-api'
import type { Batch } from '../../engine/batch/batch.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { consolidate } from '../../engine/batch/consolidate.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import type { Value } from '../../engine/expr/ir.ts'
import { Pipeline } from '../../engine/graph/pipeline.ts'
import { Catalog, defineTable, defineView, Planner, parseStatements } from '../../sql/index.ts'
import { RULES } from '../../sql/optimize/optimizer.ts'
import type { Rule } from '../../sql/optimize/rule.ts'

const T0 = Date.UTC(2024, 0, 1) * 1000
const SECOND_US = 1_000_000

const DDL = `
  CREATE TABLE o (id INT NOT NULL, k INT, v INT, name STRING, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '10' SECOND);
  CREATE TABLE p (k INT, w INT, label STRING, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '10' SECOND);
  CREATE VIEW totals AS SELECT k, SUM(v) AS total, COUNT(*) AS n FROM o GROUP BY k;`

function catalogOf(): Catalog {
  const catalog = new Catalog()
  for (const statement of parseStatements(DDL)) {
    if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog)!)
    if (statement.kind === 'create-view') catalog.add(defineView(statement, catalog)!.entry)
  }
  return catalog
}

/** A small generator: the same rows on every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
}

const COUNT = { o: 60, p: 40 }

function rowsFor(table: 'o' | 'p'): Value[][] {
  const next = numbers(table === 'o' ? 7 : 11)
  const nullable = <T>(value: T, odds: number): T | null => (next(odds) === 0 ? null : value)
  return Array.from({ length: COUNT[table] }, (_, i) => {
    // No two rows at one moment: their order would be anybody's.
    const ts = T0 + (i * 5 + next(9)) * SECOND_US + i * 1000
    return table === 'o'
      ? [i, nullable(next(6), 9), nullable(next(40), 8), nullable(`n${next(4)}`, 7), ts]
      : [nullable(next(6), 9), nullable(next(40), 8), `l${next(5)}`, ts]
  })
}

const ROWS = { o: rowsFor('o'), p: rowsFor('p') }

/** How many rows of each table there are after each epoch. */
const PREFIXES: readonly { readonly o: number; readonly p: number }[] = [
  { o: 13, p: 5 },
  { o: 13, p: 21 },
  { o: 40, p: 21 },
  { o: COUNT.o, p: COUNT.p },
]

/** Result rows as sorted texts. */
const sorted = (rows: readonly (readonly unknown[])[]): string[] =>
  rows.map((row) => row.map(text).join(' | ')).sort()

function text(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'object' && 'micros' in value) return String(value.micros)
  return String(value)
}

/** A query's result after each epoch; the last one is after the end of the input. */
export function ours(
  sql: string,
  mode: 'bounded' | 'continuous',
  rules: readonly Rule[] = RULES,
): string[][] {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select') throw new Error('not a query')
  const catalog = catalogOf()
  const { plan } = new Planner(catalog, { rules }).planQuery(statement, mode, {
    id: 'q',
    name: 'q',
  })
  const clock = { epoch: 1, nowUs: T0, seed: 1 }
  const pipeline = new Pipeline(plan, { clock, batchRowsMax: 16 })
  const output: Batch[] = []
  const results: string[][] = []
  const endEpoch = () => {
    const batch = pipeline.endEpoch()
    if (batch !== null) output.push(batch)
  }
  const collect = () => {
    const rows = consolidate(output, plan.schema)
    results.push(rows === null ? [] : sorted(repeated(rows)))
  }
  let before = { o: 0, p: 0 }
  for (const prefix of PREFIXES) {
    clock.epoch++
    for (const leaf of pipeline.leaves) {
      const spec = catalog.byId(leaf.tableId)
      if (spec?.kind !== 'table') throw new Error('no table')
      const name = spec.name as 'o' | 'p'
      for (let from = before[name]; from < prefix[name]; from += 16) {
        const builder = new BatchBuilder(spec.spec.schema)
        for (const row of ROWS[name].slice(from, Math.min(from + 16, prefix[name]))) {
          builder.append(row)
        }
        leaf.batch(builder.finish())
      }
    }
    before = prefix
    endEpoch()
    if (prefix !== PREFIXES.at(-1)) collect()
  }
  clock.epoch++
  for (const leaf of pipeline.leaves) leaf.watermark(Number.POSITIVE_INFINITY)
  endEpoch()
  collect()
  return results
}

function repeated(batch: Batch): Value[][] {
  const { weights } = batch
  return rowsOf(batch).flatMap((row, i) => {
    const weight = weights === null ? 1 : weights[i]
    if (weight < 0) throw new Error(`weight ${weight} of ${row.map(text).join(' | ')}`)
    return Array.from({ length: weight }, () => row)
  })
}

const literal = (value: Value, isTime: boolean): string => {
  if (value === null) return 'NULL'
  if (isTime) return `make_timestamp(${value})`
  return typeof value === 'string' ? `'${value}'` : String(value)
}

/** DuckDB over prefixes of the same tables. */
export async function oracle(): Promise<(sql: string) => Promise<string[][]>> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await connection.run("SET default_null_order = 'nulls_first_on_asc_last_on_desc'")
  const columns = {
    o: 'seq INT, id INT, k INT, v INT, name VARCHAR, ts TIMESTAMP',
    p: 'seq INT, k INT, w INT, label VARCHAR, ts TIMESTAMP',
  }
  for (const table of ['o', 'p'] as const) {
    await connection.run(`CREATE TABLE all_${table} (${columns[table]})`)
    const values = ROWS[table].map(
      (row, i) => `(${[i, ...row].map((v, c) => literal(v, c === row.length)).join(', ')})`,
    )
    await connection.run(`INSERT INTO all_${table} VALUES ${values.join(', ')}`)
  }
  return async (sql) => {
    const results: string[][] = []
    for (const prefix of PREFIXES) {
      for (const table of ['o', 'p'] as const) {
        await connection.run(
          `CREATE OR REPLACE VIEW ${table} AS SELECT * EXCLUDE (seq) FROM all_${table} WHERE seq < ${prefix[table]}`,
        )
      }
      await connection.run(
        'CREATE OR REPLACE VIEW totals AS SELECT k, SUM(v) AS total, COUNT(*) AS n FROM o GROUP BY k',
      )
      const reader = await connection.runAndReadAll(sql)
      results.push(sorted(reader.getRows()))
    }
    return results
  }
}
