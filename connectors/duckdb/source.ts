/** Tables of DuckDB and files that it reads as a source of one split: their rows in the order in
 *  which they are stored. An offset is a row's number, so nobody may change the table before the
 *  queries that read it no longer need it. */

import type { SqlError } from '../../engine/base/errors.ts'
import { emptyBatch } from '../../engine/batch/batch.ts'
import { type Schema, schemaOf } from '../../engine/batch/schema.ts'
import type {
  Chunk,
  Offset,
  PollLimit,
  SourceConnector,
  SplitReader,
} from '../../engine/source/source.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import type { Connection } from '../../engine/view/duckdb.ts'
import { duckdbLibrary } from '../duckdb-library.ts'
import { DuckdbRows, outsideError } from '../duckdb-rows.ts'
import { SharedDuckdb } from '../shared-duckdb.ts'
import { outsideTable } from './outside-table.ts'
import { duckdb } from './spec.ts'

export const duckdbSource: SourceConnector = {
  name: duckdb.name,
  replay: 'offset',
  listSplits: () => [{ id: '0' }],
  open: (table, _split, from) => new TableRowsReader(table, from),
}

class TableRowsReader implements SplitReader {
  readonly #table: TableSpec
  readonly #schema: Schema
  #at: number
  #offset: Offset
  #rows: DuckdbRows | undefined
  #count: number | undefined
  #isCounting = false
  #failure: SqlError | undefined
  #onReady = () => {}

  constructor(table: TableSpec, from: Offset) {
    const { fields } = table.schema
    this.#table = table
    this.#schema = schemaOf(recordColumns(table).map((column) => fields[column]))
    this.#offset = from
    this.#at = Number(from)
  }

  poll({ rowsMax, until }: PollLimit): Chunk | null {
    const last = until === undefined ? undefined : Number(until)
    const rows = this.#open()
    const read = this.#read(rows, rowsMax, last)
    const from = this.#offset
    if (read !== undefined) {
      this.#at = read.to
      this.#offset = String(read.to)
      const { batch } = read
      return { from, to: this.#offset, rowCount: batch.rowCount, end: false, batch }
    }
    if (!rows.isAtEnd || last !== undefined) return null
    return { from, to: from, rowCount: 0, end: true, batch: emptyBatch(this.#schema) }
  }

  #open(): DuckdbRows {
    this.#rows ??= new DuckdbRows({
      // Of its own: a database can be attached once.
      duckdb: new SharedDuckdb(),
      schema: this.#schema,
      prepare: (connection) => this.#select(connection),
      from: this.#at,
      onReady: () => this.#onReady(),
    })
    return this.#rows
  }

  /** What failed is begun anew by the next try. */
  #read(rows: DuckdbRows, rowsMax: number, until: number | undefined) {
    try {
      return rows.read(rowsMax, until)
    } catch (error) {
      rows.close()
      this.#rows = undefined
      throw error
    }
  }

  async #select(connection: Connection): Promise<string> {
    const library = await duckdbLibrary()
    const { quoted, fromOutside, selectExpression } = library
    const { from, before } = outsideTable(this.#table, library)
    if (before !== undefined) await connection.run(before)
    const list = this.#schema.fields.map(({ name, type }) =>
      selectExpression(fromOutside(quoted(name), type), type),
    )
    return `SELECT ${list.join(', ')} FROM ${from}`
  }

  onReady(callback: () => void): void {
    this.#onReady = callback
  }

  /** undefined until the rows are counted. */
  end(): Offset | undefined {
    if (this.#failure !== undefined) {
      const failure = this.#failure
      this.#failure = undefined
      this.#isCounting = false
      throw failure
    }
    if (!this.#isCounting) {
      this.#isCounting = true
      void this.#countRows()
    }
    if (this.#count === undefined) return undefined
    return this.#count === 0 ? '' : String(this.#count)
  }

  async #countRows(): Promise<void> {
    try {
      const library = await duckdbLibrary()
      const { from, before } = outsideTable(this.#table, library)
      const { connection, release } = await new SharedDuckdb().lend()
      try {
        if (before !== undefined) await connection.run(before)
        this.#count = await connection.number(`SELECT count(*) FROM ${from}`)
      } finally {
        release()
      }
    } catch (error) {
      this.#failure = outsideError(error)
    }
    this.#onReady()
  }

  lagRows(): undefined {
    return undefined
  }

  /** The table is not ours to change. */
  async commit(): Promise<void> {}

  async close(): Promise<void> {
    this.#rows?.close()
  }
}
