/** Random rows, what DuckDB says about them, and how its answers compare with ours. */

import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'
import { expect } from 'vitest'
import { formatDecimal } from '../../../engine/base/decimal-text.ts'
import type { Random } from '../../../engine/base/random.ts'
import type { DataType } from '../../../engine/batch/types.ts'
import { DATE_MAX, DATE_MIN, TIMESTAMP_MAX, TIMESTAMP_MIN } from '../../../engine/expr/calendar.ts'
import { formatValue } from '../../../engine/expr/cast.ts'
import { canonical, type Int64 } from '../../../engine/expr/int64.ts'
import type { Expr, Value } from '../../../engine/expr/ir.ts'
import { COLUMNS } from './duckdb-cases.ts'
import { batchOf, generatedRows, interpretRow, type Outcome } from './evaluate.ts'
import { randomValue } from './random-expression.ts'

const TYPES = COLUMNS.map(([, type]) => type)

/** Values DuckDB and we agree to compare: see the list above. */
function usable(type: DataType, value: Value): boolean {
  if (type.kind === 'double') return value === null || Number.isFinite(value)
  if (type.kind !== 'varchar' || value === null) return true
  return !/[İß]/.test(value as string)
}

function sqlLiteral(value: Value, type: DataType): string {
  if (value === null) return 'NULL'
  const shown =
    type.kind === 'decimal' ? formatDecimal(value as Int64, type.scale) : formatValue(value, type)
  return type.kind === 'double' ? `'${value}'::DOUBLE` : `'${shown.replaceAll("'", "''")}'`
}

/** A DuckDB value as ours. */
function fromDuckdb(value: DuckDBValue): Value {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value
  if (typeof value === 'bigint') return canonical(value)
  if (typeof value === 'string') return value
  const parts = value as unknown as Record<string, unknown>
  if (typeof parts.days === 'number' && !('months' in parts)) return parts.days
  if (typeof parts.micros === 'bigint' && !('months' in parts)) return canonical(parts.micros)
  if (typeof parts.scale === 'number')
    return formatDecimal(canonical(parts.value as bigint), parts.scale)
  throw new Error(`a DuckDB value of a kind unknown here: ${String(value)}`)
}

/** Ours in the same form: decimals as text, numbers as numbers. */
function comparable(value: Value, type: DataType): Value {
  if (value === null) return null
  return type.kind === 'decimal' ? formatDecimal(value as Int64, type.scale) : value
}

/** Decimals without the zeros at the end: the scales differ. */
const trimmed = (value: Value): Value =>
  typeof value === 'string' && /^-?\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, '') : value

const close = (a: Value, z: Value): boolean => {
  if (typeof a === 'number' && typeof z === 'number' && !Number.isInteger(a)) {
    return Math.abs(a - z) <= Math.abs(a) * 1e-15 || Object.is(a, z)
  }
  return Object.is(a, z) || a === z
}

function outsideYears(value: Value, { kind }: DataType): boolean {
  if (typeof value !== 'number' && typeof value !== 'bigint') return false
  if (kind === 'date') return value < DATE_MIN || value > DATE_MAX
  return kind === 'timestamp' && (value < TIMESTAMP_MIN || value > TIMESTAMP_MAX)
}

/** The rows of `COLUMNS`, in DuckDB and here. */
export class DuckdbOracle {
  readonly rows: readonly Value[][]
  readonly batch: ReturnType<typeof batchOf>
  readonly #connection: DuckDBConnection

  private constructor(rows: Value[][], connection: DuckDBConnection) {
    this.rows = rows
    this.batch = batchOf(TYPES, rows)
    this.#connection = connection
  }

  static async over(count: number, source: Random): Promise<DuckdbOracle> {
    const value = (type: DataType): Value => {
      const made = randomValue(source, type)
      return usable(type, made) ? made : value(type)
    }
    const rows = Array.from({ length: count }, () => TYPES.map(value))
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    // Its rewriting makes FALSE of `date_trunc('week', NULL) = TIMESTAMP '2000-02-29'`.
    await connection.run('PRAGMA disable_optimizer')
    const columns = COLUMNS.map(([name, , sql]) => `${name} ${sql}`)
    await connection.run(`CREATE TABLE t (id INTEGER, ${columns.join(', ')})`)
    const tuples = rows.map(
      (row, id) => `(${id}, ${row.map((cell, k) => sqlLiteral(cell, TYPES[k])).join(', ')})`,
    )
    await connection.run(`INSERT INTO t VALUES ${tuples.join(', ')}`)
    return new DuckdbOracle(rows, connection)
  }

  /** The values of each expression, row by row; NULL where it raises an error. */
  async answers(expressions: readonly string[]): Promise<Value[][]> {
    const list = expressions.map((sql) => `TRY(${sql})`).join(', ')
    const reader = await this.#connection.runAndReadAll(`SELECT ${list} FROM t ORDER BY id`)
    return reader.getRows().map((row) => row.map(fromDuckdb))
  }

  /** Generated code and the interpreter agree with each other and with `theirs`, row by row. The
   *  outcomes. */
  check(sql: string, expr: Expr, theirs: readonly Value[]): Outcome[] {
    const generated = generatedRows(expr, this.batch)
    return this.rows.map((row, id) => {
      const outcome = interpretRow(expr, row)
      const what = `${sql} of row ${JSON.stringify(row.map((cell, k) => formatValue(cell, TYPES[k])))}`
      expect(generated[id], what).toEqual(outcome)
      const ours = 'value' in outcome ? comparable(outcome.value, expr.type) : null
      if (outsideYears(theirs[id], expr.type)) {
        expect(outcome, what).toMatchObject({ error: 'OUT_OF_RANGE' })
      } else if (!close(trimmed(ours), trimmed(theirs[id]))) {
        expect(outcome, what).toEqual({ value: theirs[id] })
      }
      return outcome
    })
  }

  close(): void {
    this.#connection.closeSync()
  }
}
