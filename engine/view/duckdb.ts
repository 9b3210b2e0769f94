/** The home of DuckDB: opens databases, runs statements and turns DuckDB's errors into ours. Other
 *  files of this folder take the library's types from here; nothing outside it sees them. */

import {
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBType,
} from '@duckdb/node-api'
import { crashPoint } from '../base/crash-point.ts'
import { fail, SqlError } from '../base/errors.ts'

export {
  ARRAY,
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  type DuckDBAppender,
  DuckDBBlobValue,
  DuckDBBlobVector,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  type DuckDBVector,
  FLOAT,
  INTEGER,
  LIST,
  MAP,
  SMALLINT,
  STRUCT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  TINYINT,
  VARCHAR,
} from '@duckdb/node-api'

export interface DatabaseOptions {
  /** A file, or ':memory:'. */
  readonly path: string
  readonly memoryBytesMax: number
  readonly threads: number
  /** Whether statements may read files (Parquet). Off for the database that holds views. */
  readonly externalAccess: boolean
}

/** A database and its connections. Statements of one connection run one after another. */
export class DuckdbDatabase {
  readonly #instance: DuckDBInstance
  readonly #path: string
  readonly #connections: Connection[] = []

  private constructor(instance: DuckDBInstance, path: string) {
    this.#instance = instance
    this.#path = path
  }

  /** Opens the database; its settings are locked afterwards, whatever SQL it is given.
   *  Errors: DATA_IN_USE if another process has it, DATA_DAMAGED, DISK_FULL. */
  static open(options: DatabaseOptions): Promise<DuckdbDatabase> {
    return translated(options.path, async () => {
      const instance = await DuckDBInstance.create(options.path, {
        memory_limit: `${Math.ceil(options.memoryBytesMax / 1048576)}MiB`,
        threads: String(options.threads),
        enable_external_access: String(options.externalAccess),
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
        lock_configuration: 'true',
      })
      return new DuckdbDatabase(instance, options.path)
    })
  }

  async connect(): Promise<Connection> {
    const opened = await translated(this.#path, () => this.#instance.connect())
    const connection = new Connection(opened, this.#path)
    this.#connections.push(connection)
    return connection
  }

  /** Waits for the calls that are under way; later ones are refused. The library does not look: to
   *  close a connection that one of its threads is using takes the process down. */
  async close(): Promise<void> {
    await Promise.all(this.#connections.splice(0).map((connection) => connection.close()))
    this.#instance.closeSync()
  }
}

/** The rows of a query that runs, in chunks. */
export interface StreamedRows {
  columnNames(): string[]
  columnType(column: number): DuckDBType
  /** null, or a chunk of no rows: there are no more. */
  fetchChunk(): Promise<DuckDBDataChunk | null>
}

/** Every call raises UNAVAILABLE once the database is being closed. */
export class Connection {
  readonly #connection: DuckDBConnection
  readonly #path: string
  readonly #underWay = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(connection: DuckDBConnection, path: string) {
    this.#connection = connection
    this.#path = path
  }

  /** Runs one statement and returns the rows it changed. */
  run(sql: string): Promise<number> {
    return this.#use(async (connection) => (await connection.run(sql)).rowsChanged)
  }

  /** Starts a query; its chunks come as they are fetched. */
  async stream(sql: string): Promise<StreamedRows> {
    const result = await this.#use((connection) => connection.stream(sql))
    return {
      columnNames: () => result.columnNames(),
      columnType: (column) => result.columnType(column),
      fetchChunk: () => this.#use(() => result.fetchChunk()),
    }
  }

  /** The only value of a query's only row, as a number; undefined if there is no row. */
  async number(sql: string): Promise<number | undefined> {
    const value = (await this.#rows(sql))[0]?.[0]
    return value === undefined || value === null ? undefined : Number(value)
  }

  /** The values of a query's only column, as text. */
  async texts(sql: string): Promise<string[]> {
    return (await this.#rows(sql)).map(([value]) => String(value))
  }

  #rows(sql: string) {
    return this.#use(async (connection) => (await connection.runAndReadAll(sql)).getRows())
  }

  /** Runs `fill` on an appender for the table and flushes it. */
  append(
    table: string,
    temporary: boolean,
    fill: (appender: DuckDBAppender) => Promise<void>,
  ): Promise<void> {
    return this.#use(async (connection) => {
      const catalog = temporary ? 'temp' : null
      const appender = await connection.createAppender(table, 'main', catalog)
      try {
        await fill(appender)
        appender.flushSync()
      } finally {
        appender.closeSync()
      }
    })
  }

  /** Runs `body` in one transaction: all of it or nothing. */
  async transaction<T>(body: () => Promise<T>): Promise<T> {
    await this.run('BEGIN TRANSACTION')
    try {
      const result = await body()
      const committed = this.run('COMMIT')
      crashPoint('view.committing')
      await committed
      return result
    } catch (error) {
      await this.run('ROLLBACK').catch(() => {})
      throw error
    }
  }

  /** Resolves when nothing uses the connection any more and it is closed. */
  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#underWay).then(() => this.#connection.closeSync())
    return this.#closing
  }

  async #use<T>(action: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) fail('UNAVAILABLE', 'The database is closed')
    const call = translated(this.#path, () => action(this.#connection))
    this.#underWay.add(call)
    try {
      return await call
    } finally {
      this.#underWay.delete(call)
    }
  }
}

/** `name` as an SQL identifier. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** `text` as an SQL string. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

async function translated<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw duckdbError(error, path)
  }
}

/** Any error of the library as ours, its text kept. `path`: of the database. */
function duckdbError(error: unknown, path: string): SqlError {
  if (error instanceof SqlError) return error
  const message = error instanceof Error ? error.message : String(error)
  const info = { cause: error }
  if (/lock on file|already attached|being used by another/i.test(message)) {
    return new SqlError('DATA_IN_USE', message, info)
  }
  if (/no space left|disk is full/i.test(message)) return new SqlError('DISK_FULL', message, info)
  if (/not a valid DuckDB|corrupt|checksum/i.test(message)) {
    // A file that a database in memory reads is named in the message.
    if (path === ':memory:') return new SqlError('DATA_DAMAGED', message, info)
    const position = Number(/at location (\d+)/.exec(message)?.[1] ?? 0)
    return new SqlError('DATA_DAMAGED', `${path} is damaged at byte ${position}: ${message}`, {
      hint: 'Restore the data folder from a backup.',
      details: { file: path, position },
      cause: error,
    })
  }
  if (/^IO Error/.test(message)) return new SqlError('DISK_FAILED', message, info)
  return new SqlError('INTERNAL', message, info)
}
