/** Parquet files as batches, read by a DuckDB of their own that holds nothing. */

import { fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import type { Field, Schema } from '../batch/schema.ts'
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  type DataType,
  DOUBLE,
  FLOAT,
  INT,
  SMALLINT,
  TINYINT,
  VARCHAR,
} from '../batch/types.ts'
import {
  type Connection,
  type DuckDBType,
  DuckDBTypeId,
  DuckdbDatabase,
  literal,
  quoted,
} from './duckdb.ts'
import { duckdbType } from './duckdb-type.ts'
import { readBatches, selectExpression } from './vector-reader.ts'

export interface ParquetOptions {
  /** Columns to read, in this order. Default: all. */
  readonly columns?: readonly string[]
  /** Sort by these columns, ascending. Default: the file's order. */
  readonly orderBy?: readonly string[]
  /** Read at most so many rows. */
  readonly rowsMax?: number
}

const MEMORY_BYTES = 1 << 30

export class ParquetFile {
  readonly schema: Schema
  readonly rowCount: number
  readonly #database: DuckdbDatabase
  readonly #connection: Connection
  readonly #select: string

  private constructor(
    database: DuckdbDatabase,
    connection: Connection,
    parts: { readonly schema: Schema; readonly rowCount: number; readonly select: string },
  ) {
    this.#database = database
    this.#connection = connection
    this.schema = parts.schema
    this.rowCount = parts.rowCount
    this.#select = parts.select
  }

  /** Errors: NOT_FOUND if there is no such file, INVALID_VALUE if it is not Parquet,
   *  UNKNOWN_COLUMN, UNSUPPORTED for a column type that Millrace does not have. */
  static async open(path: string, options: ParquetOptions = {}): Promise<ParquetFile> {
    const memory = { path: ':memory:', memoryBytesMax: MEMORY_BYTES, threads: 1 }
    const database = await DuckdbDatabase.open({ ...memory, externalAccess: true })
    try {
      const connection = await database.connect()
      const from = `read_parquet(${literal(path)})`
      const found = await fileColumns(connection, path, from)
      const columns = options.columns?.map((name) => pick(found, name)) ?? found
      const order = options.orderBy?.map((name) => quoted(pick(found, name).name)) ?? []
      const tail =
        (order.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`) +
        (options.rowsMax === undefined ? '' : ` LIMIT ${Math.floor(options.rowsMax)}`)
      const list = columns.map(({ name, type }) =>
        selectExpression(`CAST(${quoted(name)} AS ${duckdbType(type)})`, type),
      )
      const total = (await connection.number(`SELECT count(*) FROM ${from}`)) ?? 0
      return new ParquetFile(database, connection, {
        schema: { fields: columns },
        rowCount: Math.min(total, options.rowsMax ?? total),
        select: `SELECT ${list.join(', ')} FROM ${from}${tail}`,
      })
    } catch (error) {
      await database.close()
      throw error
    }
  }

  /** The rows in batches of `batchRows`; the last one may be smaller. Can be called again. */
  async *batches(batchRows: number): AsyncGenerator<Batch> {
    yield* readBatches(await this.#connection.stream(this.#select), this.schema, batchRows)
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}

export interface ReadParquetOptions extends ParquetOptions {
  /** Rows per batch. */
  readonly batchRows: number
}

/** The rows of a Parquet file as batches; the file is open while they are read. */
export async function* readParquet(
  path: string,
  { batchRows, ...options }: ReadParquetOptions,
): AsyncGenerator<Batch, void, void> {
  const file = await ParquetFile.open(path, options)
  try {
    yield* file.batches(batchRows)
  } finally {
    await file.close()
  }
}

async function fileColumns(connection: Connection, path: string, from: string): Promise<Field[]> {
  try {
    const result = await connection.stream(`SELECT * FROM ${from} LIMIT 0`)
    return result.columnNames().map((name, i) => ({
      name,
      type: typeOf(result.columnType(i), name),
      nullable: true,
    }))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (/No files found|does not exist/i.test(message)) fail('NOT_FOUND', `No file ${path}`)
    if (/UNSUPPORTED/.test((error as { code?: string }).code ?? '')) throw error
    return fail('INVALID_VALUE', `${path} cannot be read as Parquet: ${message.split('\n')[0]}`)
  }
}

function pick(columns: readonly Field[], name: string): Field {
  const column = columns.find((field) => field.name === name)
  return (
    column ??
    fail('UNKNOWN_COLUMN', `The file has no column ${name}`, {
      hint: `It has ${columns.map((field) => field.name).join(', ')}.`,
    })
  )
}

/** Our type for a column of the file; values are cast to it. */
function typeOf(type: DuckDBType, column: string): DataType {
  const simple = SIMPLE[type.typeId]
  if (simple !== undefined) return simple
  if (type.typeId === DuckDBTypeId.DECIMAL) {
    const { width: precision, scale } = type as unknown as { width: number; scale: number }
    return { kind: 'decimal', precision, scale }
  }
  if (type.typeId === DuckDBTypeId.LIST) {
    const { valueType } = type as unknown as { valueType: DuckDBType }
    return { kind: 'array', element: typeOf(valueType, column) }
  }
  return fail('UNSUPPORTED', `Column ${column} of the file has the type ${type}`, {
    hint: 'Read the other columns by naming them.',
  })
}

const MICROS: DataType = { kind: 'timestamp', precision: 6 }

const SIMPLE: Readonly<Partial<Record<DuckDBTypeId, DataType>>> = {
  [DuckDBTypeId.BOOLEAN]: BOOLEAN,
  [DuckDBTypeId.TINYINT]: TINYINT,
  [DuckDBTypeId.SMALLINT]: SMALLINT,
  [DuckDBTypeId.INTEGER]: INT,
  [DuckDBTypeId.BIGINT]: BIGINT,
  [DuckDBTypeId.UTINYINT]: SMALLINT,
  [DuckDBTypeId.USMALLINT]: INT,
  [DuckDBTypeId.UINTEGER]: BIGINT,
  [DuckDBTypeId.UBIGINT]: { kind: 'decimal', precision: 20, scale: 0 },
  [DuckDBTypeId.FLOAT]: FLOAT,
  [DuckDBTypeId.DOUBLE]: DOUBLE,
  [DuckDBTypeId.VARCHAR]: VARCHAR,
  [DuckDBTypeId.UUID]: VARCHAR,
  [DuckDBTypeId.ENUM]: VARCHAR,
  [DuckDBTypeId.BLOB]: BYTES,
  [DuckDBTypeId.DATE]: DATE,
  [DuckDBTypeId.TIME]: { kind: 'time', precision: 6 },
  [DuckDBTypeId.TIMESTAMP]: MICROS,
  [DuckDBTypeId.TIMESTAMP_S]: MICROS,
  [DuckDBTypeId.TIMESTAMP_MS]: MICROS,
  [DuckDBTypeId.TIMESTAMP_NS]: MICROS,
  [DuckDBTypeId.TIMESTAMP_TZ]: { kind: 'timestamp_ltz', precision: 6 },
}
