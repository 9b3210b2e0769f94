/** DuckDB over the same rows: its tables are made from the streams' schemas, its views from the same
 *  text. */

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { Batch } from '../../../engine/batch/batch.ts'
import { jsonValue } from '../../../engine/batch/json-value.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import type { Schema } from '../../../engine/batch/schema.ts'
import { type DataType, isInteger } from '../../../engine/batch/types.ts'
import type { Value } from '../../../engine/expr/ir.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { duckdbType } from '../../../engine/view/duckdb-type.ts'
import { readBatches, selectExpression } from '../../../engine/view/vector-reader.ts'
import { rowLines } from './answers.ts'

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

export class Oracle {
  readonly #connection: DuckDBConnection
  readonly #close: () => void

  private constructor(connection: DuckDBConnection, close: () => void) {
    this.#connection = connection
    this.#close = close
  }

  static async start(): Promise<Oracle> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    const connection = await instance.connect()
    await connection.run("SET default_null_order = 'nulls_first_on_asc_last_on_desc'")
    await connection.run('SET integer_division = true')
    await connection.run("SET TimeZone = 'UTC'")
    return new Oracle(connection, () => {
      connection.closeSync()
      instance.closeSync()
    })
  }

  async createTable(name: string, { schema: { fields }, primaryKey }: TableSpec): Promise<void> {
    const columns = fields.map(({ name, type }) => `${quoted(name)} ${duckdbType(type)}`)
    const keys = primaryKey?.map((column) => quoted(fields[column].name))
    const parts = keys === undefined ? columns : [...columns, `PRIMARY KEY (${keys.join(', ')})`]
    await this.#connection.run(`CREATE TABLE ${quoted(name)} (${parts.join(', ')})`)
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql)
  }

  /** In order: with a primary key a row replaces another, and weight -1 removes it. */
  async insert({ name, primaryKey }: TableSpec, batch: Batch): Promise<void> {
    if (primaryKey !== undefined) return this.#upsert(name, primaryKey, batch)
    const { fields } = batch.schema
    const rows = rowsOf(batch).map(
      (row) => `(${row.map((value, i) => literal(value, fields[i].type)).join(', ')})`,
    )
    if (rows.length > 0) await this.#connection.run(`INSERT INTO ${quoted(name)} VALUES ${rows}`)
  }

  async #upsert(name: string, primaryKey: readonly number[], batch: Batch): Promise<void> {
    const { fields } = batch.schema
    for (const [i, row] of rowsOf(batch).entries()) {
      const values = row.map((value, c) => literal(value, fields[c].type))
      const isKey = primaryKey.map((c) => `${quoted(fields[c].name)} = ${values[c]}`).join(' AND ')
      await this.#connection.run(
        batch.weights !== null && batch.weights[i] < 0
          ? `DELETE FROM ${quoted(name)} WHERE ${isKey}`
          : `INSERT OR REPLACE INTO ${quoted(name)} VALUES (${values.join(', ')})`,
      )
    }
  }

  /** The rows of a query, in the types that ours has. */
  async query(sql: string, schema: Schema): Promise<string[]> {
    const prepared = await this.#connection.prepare(sql)
    const theirs = Array.from({ length: prepared.columnCount }, (_, i) => prepared.columnType(i))
    if (theirs.length !== schema.fields.length)
      throw new Error(`DuckDB has ${theirs.length} columns`)
    const names = schema.fields.map((_, i) => `c${i}`)
    const select = schema.fields.map(({ name, type }, i) => {
      if (isInteger(type) && !/INT|NULL|BOOL/.test(String(theirs[i]))) {
        throw new Error(`${name} is ${type.kind}; DuckDB's is ${theirs[i]}`)
      }
      return selectExpression(`CAST(${names[i]} AS ${duckdbType(type)})`, type)
    })
    const text = `SELECT ${select.join(', ')} FROM (${sql}) AS answer(${names.join(', ')})`
    const batches: Batch[] = []
    const result = await this.#connection.run(text)
    for await (const batch of readBatches(result, schema, 1024)) batches.push(batch)
    return rowLines(batches)
  }

  close(): void {
    this.#close()
  }
}

function literal(value: Value, type: DataType): string {
  if (value === null) return 'NULL'
  if (type.kind === 'bytes') {
    const hex = Buffer.from(value as Uint8Array).toString('hex')
    return `from_hex('${hex}')`
  }
  const json = jsonValue(value, type)
  const text = typeof json === 'string' ? json : JSON.stringify(json)
  return `CAST('${text.replaceAll("'", "''")}' AS ${duckdbType(type)})`
}
