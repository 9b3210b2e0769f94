/** One case of law 2: random tables, a history, some queries; DuckDB says what is right. */

import type { DuckDBConnection } from '@duckdb/node-api'
import { asSqlError } from '../../../engine/base/errors.ts'
import { type Random, random } from '../../../engine/base/random.ts'
import { asSlt } from './as-slt.ts'
import { type RandomQuery, randomQuery } from './queries.ts'
import { catalogOf, type Epoch, inEpochs, planOf, Running, rowText, waits } from './run.ts'
import {
  chance,
  currentRows,
  duckdbLiteral,
  duckdbTable,
  type RandomTable,
  randomHistory,
  randomTables,
  type TableEvent,
} from './tables.ts'

export interface Outcome {
  readonly compared: number
  readonly refused: number
}

/** What was found wrong, with the case as an .slt file. */
export class Wrong extends Error {
  readonly slt: string

  constructor(message: string, slt: string) {
    super(message)
    this.slt = slt
  }
}

interface One {
  readonly query: RandomQuery
  /** In one order, and in another one with other cuts. */
  readonly first: Running
  readonly second: Running
}

const QUERIES = 8

/** Raises `Wrong`. */
export async function runCase(connection: DuckDBConnection, seed: number): Promise<Outcome> {
  const r = random(seed)
  const tables = randomTables(r)
  const history = randomHistory(r, tables)
  const epochs = inEpochs(r, history)
  const others = inEpochs(r, history)
  const catalog = catalogOf(tables)
  const ones: One[] = []
  let refused = 0
  for (let n = 0; n < QUERIES; n++) {
    const query = randomQuery(r, tables)
    try {
      const optimized = chance(r, 85)
      const start = () =>
        new Running(planOf(query.ours, catalog, optimized), { r, tables, catalog })
      ones.push({ query, first: start(), second: start() })
    } catch (error) {
      if (asSqlError(error).code !== 'UNSUPPORTED') throw wrong(String(error), query)
      refused++
    }
  }
  function wrong(what: string, query: RandomQuery): Wrong {
    const text = `seed ${seed}: ${what}\n${query.ours}\n-- DuckDB\n${query.duckdb}`
    return new Wrong(text, asSlt({ seed, tables, epochs, query }))
  }
  const check = { connection, tables, history, wrong }
  await runFirst(ones, epochs, check)
  for (const one of ones) runSecond(one, others, wrong)
  return { compared: ones.length, refused }
}

interface Check {
  readonly connection: DuckDBConnection
  readonly tables: readonly RandomTable[]
  readonly history: readonly (readonly TableEvent[])[]
  readonly wrong: (what: string, query: RandomQuery) => Wrong
}

async function runFirst(ones: readonly One[], epochs: readonly Epoch[], check: Check) {
  const { wrong } = check
  const before: TableEvent[][] = check.tables.map(() => [])
  for (const [e, epoch] of epochs.entries()) {
    epoch.events.forEach((events, t) => {
      before[t].push(...events)
    })
    await loadTables(check, before)
    for (const { query, first } of ones) {
      guarded(query, wrong, () => first.epoch(epoch))
      const isLast = e === epochs.length - 1
      if (isLast) guarded(query, wrong, () => first.end())
      if (isLast || !waits(first.plan))
        await compare(query, first, epoch.nowUs, check, `epoch ${e}`)
    }
  }
  for (const { query, first } of ones) {
    if (query.time === undefined) continue
    const found = first.belowWatermark(query.time)
    if (found !== undefined) throw wrong(found, query)
  }
}

function guarded(query: RandomQuery, wrong: Check['wrong'], step: () => void): void {
  try {
    step()
  } catch (error) {
    throw wrong(String((error as Error).stack), query)
  }
}

/** The tables as they are after these events; of keyed ones also all rows that ever were. */
async function loadTables(
  { connection, tables }: Check,
  events: readonly (readonly TableEvent[])[],
): Promise<void> {
  for (const [t, table] of tables.entries()) {
    await load(connection, table, currentRows(table, events[t]))
    if (table.kind !== 'keyed') continue
    const ever = events[t].filter(({ sign }) => sign > 0).map(({ row }) => row)
    await load(connection, { ...table, name: `${table.name}_all` }, ever)
  }
}

async function load(
  connection: DuckDBConnection,
  table: RandomTable,
  rows: readonly (readonly unknown[])[],
): Promise<void> {
  await connection.run(duckdbTable(table))
  if (rows.length === 0) return
  const texts = rows.map((row) => {
    const cells = row.map((v, c) => duckdbLiteral(v as never, table.columns[c].kind))
    return `(${cells.join(', ')})`
  })
  await connection.run(`INSERT INTO ${table.name} VALUES ${texts.join(', ')}`)
}

async function compare(
  query: RandomQuery,
  running: Running,
  nowUs: number,
  { connection, wrong }: Check,
  when: string,
): Promise<void> {
  const sql = query.duckdb.replaceAll('{NOW}', `make_timestamp(${nowUs})`)
  const reader = await connection.runAndReadAll(sql).catch((error) => {
    throw wrong(`DuckDB: ${(error as Error).message}`, query)
  })
  const theirs = reader.getRows().map(rowText).sort()
  const rows = guardedRows(query, running, wrong)
  const difference = differenceOf(rows.map(rowText).sort(), theirs)
  if (difference !== '') throw wrong(`${when}: ${difference}`, query)
  const { key } = running.plan
  if (key === undefined) return
  const keys = rows.map((row) => rowText(key.map((column) => row[column])))
  if (new Set(keys).size < keys.length) throw wrong(`${when}: the key ${key} is not unique`, query)
}

function guardedRows(query: RandomQuery, running: Running, wrong: Check['wrong']) {
  try {
    return running.rows()
  } catch (error) {
    throw wrong(String(error), query)
  }
}

function differenceOf(ours: readonly string[], theirs: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const row of ours) counts.set(row, (counts.get(row) ?? 0) + 1)
  for (const row of theirs) counts.set(row, (counts.get(row) ?? 0) - 1)
  return [...counts]
    .filter(([, count]) => count !== 0)
    .map(([row, count]) => `\n  ${count > 0 ? 'too many' : 'missing '} ${row}`)
    .join('')
}

/** Another order and other cuts end with the same rows, but for what the clock lets in or out. */
function runSecond({ query, first, second }: One, epochs: readonly Epoch[], wrong: Check['wrong']) {
  guarded(query, wrong, () => {
    for (const epoch of epochs) second.epoch(epoch)
    second.end()
  })
  if (query.duckdb.includes('{NOW}')) return
  const [a, b] = [first, second].map((running) => guardedRows(query, running, wrong).map(rowText))
  const difference = differenceOf(b.sort(), a.sort())
  if (difference !== '') throw wrong(`in another order: ${difference}`, query)
}

export const seedOfCase = (r: Random): number => r.next()
