/** A Parquet file. Places are row numbers; the file must be whole when it gets its name. Columns go
 *  by their names: what the file lacks is NULL, what the table lacks is not read. */

import { fail } from '../../engine/base/errors.ts'
import { type Schema, schemaOf } from '../../engine/batch/schema.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import type { Connection } from '../../engine/view/duckdb.ts'
import { duckdbLibrary } from '../duckdb-library.ts'
import { DuckdbRows, outsideError } from '../duckdb-rows.ts'
import type { SharedDuckdb } from '../shared-duckdb.ts'
import { type FileContent, NO_RECORDS, type Read, type ReadLimit } from './content.ts'

export interface ParquetParts {
  readonly duckdb: SharedDuckdb
  readonly path: string
  readonly table: TableSpec
  readonly onReady: () => void
}

export class ParquetFile implements FileContent {
  readonly #parts: ParquetParts
  readonly #schema: Schema
  #rows: DuckdbRows | undefined
  #rowCount: number | undefined
  #isCounting = false
  #failure: unknown
  readonly isReplaced = false
  growing = false

  constructor(parts: ParquetParts) {
    const { fields } = parts.table.schema
    this.#parts = parts
    this.#schema = schemaOf(recordColumns(parts.table).map((column) => fields[column]))
  }

  get waits(): boolean {
    return this.#rows?.isAtEnd !== true
  }

  end(): number | undefined {
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#isCounting) {
      this.#isCounting = true
      void this.#count()
    }
    return this.#rowCount
  }

  async #count(): Promise<void> {
    const { duckdb, path, onReady } = this.#parts
    try {
      const { connection, release } = await duckdb.lend()
      try {
        const { literal } = await duckdbLibrary()
        this.#rowCount = await connection.number(
          `SELECT count(*) FROM read_parquet(${literal(path)})`,
        )
      } finally {
        release()
      }
    } catch (error) {
      this.#failure = outsideError(error)
    }
    onReady()
  }

  read(from: number, { rowsMax, until }: ReadLimit): Read {
    const { duckdb, onReady } = this.#parts
    const prepare = (connection: Connection) => this.#select(connection)
    this.#rows ??= new DuckdbRows({ duckdb, schema: this.#schema, prepare, from, onReady })
    const read = this.#rows.read(rowsMax, until)
    if (read === undefined) return { to: from, rowCount: 0, records: NO_RECORDS }
    const { batch, to } = read
    return { to, rowCount: batch.rowCount, records: { batch } }
  }

  async #select(connection: Connection): Promise<string> {
    const { path } = this.#parts
    const { literal, quoted, duckdbType, fromOutside, selectExpression } = await duckdbLibrary()
    // Names of folders say nothing that the table does not ask for.
    const from = `read_parquet(${literal(path)}, hive_partitioning = false)`
    const there = await connection.texts(`SELECT column_name FROM (DESCRIBE SELECT * FROM ${from})`)
    const list = this.#schema.fields.map(({ name, type, nullable }) => {
      if (there.includes(name)) return selectExpression(fromOutside(quoted(name), type), type)
      if (!nullable) {
        fail('CONNECTOR_FAILED', `${path} has no column ${name}, which is NOT NULL`, {
          hint: `It has ${there.join(', ')}.`,
        })
      }
      return selectExpression(`CAST(NULL AS ${duckdbType(type)})`, type)
    })
    return `SELECT ${list.join(', ')} FROM ${from}`
  }

  close(): void {
    this.#rows?.close()
  }
}
