/** Random tables: their columns, what kind they are, and a history of rows that come and go, out of
 *  the order of their times. */

import type { Random } from '../../../engine/base/random.ts'
import type { Value } from '../../../engine/expr/ir.ts'

export type ColumnKind = 'int' | 'bigint' | 'text' | 'double' | 'bool' | 'time' | 'ints'

export interface RandomColumn {
  readonly name: string
  readonly kind: ColumnKind
}

/** `append`: rows only come. `changes`: a stream of changes. `keyed`: a row replaces that of its
 *  id. */
export type TableKind = 'append' | 'changes' | 'keyed'

export interface RandomTable {
  readonly name: string
  readonly kind: TableKind
  /** `id` first; with event time `ts` second. */
  readonly columns: readonly RandomColumn[]
  readonly timed: boolean
  /** Rows are taken back. */
  readonly shrinks: boolean
  /** Seconds that rows may be late. */
  readonly latenessS: number
}

/** `-` of a keyed table brings the key alone. */
export interface TableEvent {
  readonly table: number
  readonly sign: 1 | -1
  readonly row: readonly Value[]
  /** The earliest time among this row and the one that it replaces; undefined without time. */
  readonly timeUs: number | undefined
}

export const T0_US = Date.UTC(2024, 0, 1) * 1000
export const SECOND_US = 1_000_000

export const pick = <T>(r: Random, list: readonly T[]): T => list[r.below(list.length)]
export const chance = (r: Random, percent: number): boolean => r.below(100) < percent

const EXTRA: readonly ColumnKind[] = ['int', 'bigint', 'text', 'double', 'bool', 'ints', 'text']

export function randomTables(r: Random): RandomTable[] {
  return ['t1', 't2', 't3'].map((name, i) => {
    const kind: TableKind = i === 0 ? 'append' : pick(r, ['append', 'changes', 'keyed'])
    const timed = i === 0 || chance(r, 70)
    const columns: RandomColumn[] = [{ name: 'id', kind: 'int' }]
    if (timed) columns.push({ name: 'ts', kind: 'time' })
    columns.push({ name: 'k', kind: 'int' }, { name: 'v', kind: pick(r, ['int', 'bigint']) })
    const more = 1 + r.below(3)
    for (let n = 0; n < more; n++) columns.push({ name: `c${n}`, kind: pick(r, EXTRA) })
    const latenessS = timed && chance(r, 25) ? 20 : 0
    return { name, kind, columns, timed, shrinks: kind !== 'append' && chance(r, 60), latenessS }
  })
}

const SQL_TYPES: Readonly<Record<ColumnKind, string>> = {
  int: 'INT',
  bigint: 'BIGINT',
  text: 'STRING',
  double: 'DOUBLE',
  bool: 'BOOLEAN',
  time: 'TIMESTAMP(3)',
  ints: 'ARRAY<INT>',
}

/** CREATE TABLE in our words. `delayS`: how far behind the rows the watermark stays. */
export function createTable(table: RandomTable, delayS = 0): string {
  const { name, kind, columns, timed, latenessS } = table
  const parts = columns.map(
    (column) =>
      `${column.name} ${SQL_TYPES[column.kind]}${column.name === 'id' ? ' NOT NULL' : ''}`,
  )
  if (timed) parts.push(`WATERMARK FOR ts AS ts - INTERVAL '${delayS}' SECOND`)
  if (kind === 'keyed') parts.push('PRIMARY KEY (id) NOT ENFORCED')
  const options = [
    ...(kind === 'changes' ? ["'format' = 'changelog-json'"] : []),
    ...(latenessS > 0 ? [`'late-rows.allowed-lateness' = '${latenessS} s'`] : []),
  ]
  const having = options.length === 0 ? '' : ` WITH (${options.join(', ')})`
  return `CREATE TABLE ${name} (${parts.join(', ')})${having}`
}

const DUCKDB_TYPES: Readonly<Record<ColumnKind, string>> = {
  ...SQL_TYPES,
  text: 'VARCHAR',
  time: 'TIMESTAMP',
  ints: 'INT[]',
}

export const duckdbTable = ({ name, columns }: RandomTable): string =>
  `CREATE OR REPLACE TABLE ${name} (${columns.map((c) => `${c.name} ${DUCKDB_TYPES[c.kind]}`).join(', ')})`

/** A value as DuckDB reads it. */
export function duckdbLiteral(value: Value, kind: ColumnKind): string {
  if (value === null) return 'NULL'
  if (kind === 'time') return `make_timestamp(${value})`
  if (kind === 'ints') return `[${(value as Value[]).map((v) => v ?? 'NULL').join(', ')}]::INT[]`
  return typeof value === 'string' ? `'${value}'` : String(value)
}

const EVENTS_MAX = 28
/** Event times are whole seconds of this stretch. */
const SPAN_S = 150

/** The events of all tables, each table's in its order. */
export function randomHistory(r: Random, tables: readonly RandomTable[]): TableEvent[][] {
  return tables.map((table, t) => {
    const count = 4 + r.below(EVENTS_MAX)
    const seconds = distinctSeconds(r, count)
    const live: (readonly Value[])[] = []
    return Array.from({ length: count }, (_, i) => {
      if (live.length > 2 && table.shrinks && chance(r, 30)) return retraction(r, live, table, t)
      const again = table.kind === 'changes' && live.length > 0 && chance(r, 10)
      if (again) return insertion(live[live.length - 1], live, table, t)
      const row = table.columns.map((column) => randomValue(r, column, { i, second: seconds[i] }))
      if (table.kind === 'keyed') row[0] = r.below(Math.max(3, count >> 1))
      return insertion(row, live, table, t)
    })
  })
}

/** Rising on the whole, out of order in places. */
function distinctSeconds(r: Random, count: number): number[] {
  const taken = new Set<number>()
  while (taken.size < count) taken.add(r.below(SPAN_S))
  return [...taken]
    .sort((a, b) => a - b)
    .map((second) => ({ second, at: second + r.below(30) }))
    .sort((a, b) => a.at - b.at)
    .map(({ second }) => second)
}

const timeOf = (row: readonly Value[], { timed }: RandomTable): number | undefined =>
  timed ? Number(row[1]) : undefined

function retraction(
  r: Random,
  live: (readonly Value[])[],
  table: RandomTable,
  t: number,
): TableEvent {
  // Later rows rather than earlier ones: the watermark must wait for what is still to go.
  const at = Math.max(0, live.length - 1 - r.below(6))
  const [row] = live.splice(at, 1)
  return { table: t, sign: -1, row, timeUs: timeOf(row, table) }
}

function insertion(
  row: readonly Value[],
  live: (readonly Value[])[],
  table: RandomTable,
  t: number,
): TableEvent {
  const own = timeOf(row, table)
  const at = table.kind === 'keyed' ? live.findIndex((other) => other[0] === row[0]) : -1
  const replaced = at < 0 ? undefined : timeOf(live.splice(at, 1)[0], table)
  live.push(row)
  const timeUs = own === undefined ? undefined : Math.min(own, replaced ?? own)
  return { table: t, sign: 1, row, timeUs }
}

function randomValue(
  r: Random,
  { name, kind }: RandomColumn,
  { i, second }: { i: number; second: number },
): Value {
  if (name === 'id') return i
  if (name === 'ts') return T0_US + second * SECOND_US
  if (chance(r, 12)) return null
  switch (kind) {
    case 'int':
      return name === 'k' ? r.below(5) : r.below(40) - 5
    case 'bigint':
      return r.below(30) * 3_000_000_000
    case 'text':
      return pick(r, ['a', 'b', 'bc', 'ärger', '', 'x y'])
    case 'double':
      return r.below(40) / 4 - 2
    case 'bool':
      return chance(r, 50)
    case 'time':
      return T0_US + r.below(SPAN_S) * SECOND_US
    case 'ints':
      return Array.from({ length: r.below(4) }, () => (chance(r, 15) ? null : r.below(5)))
  }
}

/** The rows of a table after some of its events. */
export function currentRows(
  table: RandomTable,
  events: readonly TableEvent[],
): (readonly Value[])[] {
  const rows: (readonly Value[])[] = []
  for (const { sign, row } of events) {
    const at = rows.findIndex((other) => isSame(other, row, table))
    if (at >= 0 && (sign < 0 || table.kind === 'keyed')) rows.splice(at, 1)
    if (sign > 0) rows.push(row)
  }
  return rows
}

const isSame = (a: readonly Value[], b: readonly Value[], { kind }: RandomTable): boolean =>
  kind === 'keyed' ? a[0] === b[0] : JSON.stringify(a) === JSON.stringify(b)
