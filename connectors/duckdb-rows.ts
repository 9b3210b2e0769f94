/** The rows of a query of DuckDB whose order never changes, for readers that may not wait: they are
 *  fetched in the background, a few batches ahead. A place is a row's number. */

import { SqlError } from '../engine/base/errors.ts'
import type { Batch } from '../engine/batch/batch.ts'
import type { Schema } from '../engine/batch/schema.ts'
import type { Connection } from '../engine/view/duckdb.ts'
import type { SharedDuckdb } from './shared-duckdb.ts'

export interface RowsOptions {
  readonly duckdb: SharedDuckdb
  readonly schema: Schema
  /** Runs before the query, in the connection that is only ours; gives the query, whose columns are
   *  those of the schema, each by `selectExpression`. What it raises is raised by `read`. */
  readonly prepare: (connection: Connection) => Promise<string>
  /** The first row. */
  readonly from: number
  /** Rows have come, or the end, or a failure. */
  readonly onReady: () => void
}

export interface RowsRead {
  readonly batch: Batch
  readonly to: number
}

const ROWS_AT_ONCE = 8192
const BATCHES_AHEAD = 4

export class DuckdbRows {
  readonly #options: RowsOptions
  #waiting: Batch[] = []
  #at: number
  #isClosed = false
  #failure: SqlError | undefined
  #wake = () => {}
  /** All rows have come. */
  #isComplete = false

  constructor(options: RowsOptions) {
    this.#options = options
    this.#at = options.from
    void this.#run()
  }

  /** No row will come after those that were read. */
  get isAtEnd(): boolean {
    return this.#isComplete && this.#waiting.length === 0
  }

  /** The next rows, before row `until`; undefined if there are none at hand. Raises why there will
   *  be none: these rows are then of no more use. */
  read(rowsMax: number, until = Infinity): RowsRead | undefined {
    const [batch] = this.#waiting
    if (batch === undefined && this.#failure !== undefined) throw this.#failure
    const count = Math.min(batch?.rowCount ?? 0, rowsMax, until - this.#at)
    if (count <= 0) return undefined
    if (count === batch.rowCount) this.#waiting.shift()
    else this.#waiting[0] = batch.slice(count, batch.rowCount)
    this.#at += count
    this.#wake()
    return { batch: batch.slice(0, count), to: this.#at }
  }

  async #run(): Promise<void> {
    const { duckdb, onReady } = this.#options
    try {
      const { connection, release } = await duckdb.lend()
      try {
        await this.#fetch(connection)
      } finally {
        release()
      }
    } catch (error) {
      this.#failure = outsideError(error)
    }
    if (!this.#isClosed) onReady()
  }

  async #fetch(connection: Connection): Promise<void> {
    const { schema, prepare, from, onReady } = this.#options
    const { readBatches } = await import('../engine/view/vector-reader.ts')
    const select = await prepare(connection)
    const result = await connection.stream(`${select} OFFSET ${from}`)
    for await (const batch of readBatches(result, schema, ROWS_AT_ONCE)) {
      while (this.#waiting.length >= BATCHES_AHEAD && !this.#isClosed) await this.#room()
      if (this.#isClosed) return
      refuseNulls(batch)
      this.#waiting.push(batch)
      onReady()
    }
    this.#isComplete = true
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  close(): void {
    this.#isClosed = true
    this.#waiting = []
    this.#wake()
  }
}

function refuseNulls({ schema, columns, rowCount }: Batch): void {
  for (const [i, { name, nullable }] of schema.fields.entries()) {
    if (nullable || columns[i].validity === null) continue
    for (let row = 0; row < rowCount; row++) {
      if (!columns[i].isNull(row)) continue
      throw new SqlError('CONNECTOR_FAILED', `The column ${name} is NOT NULL, but has a NULL`)
    }
  }
}

/** What DuckDB says of a file is not our fault: it may be there the next time, or written to. */
export function outsideError(error: unknown): SqlError {
  if (!(error instanceof SqlError)) {
    const message = error instanceof Error ? error.message : String(error)
    return new SqlError('CONNECTOR_FAILED', message, { cause: error })
  }
  const isOfDuckdb = ['INTERNAL', 'DISK_FAILED', 'DATA_IN_USE', 'DATA_DAMAGED'].includes(error.code)
  if (!isOfDuckdb) return error
  const [message] = error.message.split('\n')
  return new SqlError('CONNECTOR_FAILED', message, { cause: error })
}
