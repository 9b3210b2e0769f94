/** A table as the engine knows it. Plain data: it crosses threads inside a plan. */

import { type Schema, schemaOf } from '../batch/schema.ts'
import type { Expr } from '../expr/ir.ts'
import type { TableLayout } from './layout.ts'

/** A table as the engine needs it: where its records come from and what they mean. */
export interface TableSpec {
  /** Never reused, also not after DROP and CREATE: names the folder of an embedded stream. */
  readonly id: string
  readonly name: string
  /** All columns: first those that are stored, then the computed ones, each in DDL order. */
  readonly schema: Schema
  /** All columns in DDL order, by position in `schema`; absent: that is their order. */
  readonly declared?: readonly number[] | undefined
  /** How many leading columns are stored (read from the record); the rest are `computed`. */
  readonly storedCount: number
  /** Over the columns before it; one per computed column. */
  readonly computed: readonly Expr[]
  /** Stored columns that are not in the record itself: what the connector knows of it, by the
   *  connector's name for it. */
  readonly metadata?: readonly MetadataColumn[] | undefined
  /** Stored columns with what the messages' format knows beside the record, by the format's name
   *  for it. */
  readonly formatMetadata?: readonly MetadataColumn[] | undefined
  /** The connector has no source side: only INSERT INTO can name the table. */
  readonly writeOnly?: boolean | undefined
  /** Rows can be looked up, by any columns or by those of the primary key. */
  readonly lookup?: 'any' | 'primary' | undefined
  /** 'log' is the embedded queue. */
  readonly connector: string
  /** The connector's messages go through the embedded log: see intake.ts. */
  readonly intake?: boolean | undefined
  readonly options: Readonly<Record<string, string>>
  readonly watermark?: WatermarkSpec | undefined
  /** Stored columns by which a row replaces the one before it. The source's rows are then not the
   *  table's: weight +1 puts a row in the place of its key's, -1 removes that one and brings the
   *  key alone (the other columns mean nothing). */
  readonly primaryKey?: readonly number[] | undefined
  /** Stored columns whose values are in the names of folders, in the order of these. They are
   *  metadata as well, by `partitionKey`. */
  readonly partitionedBy?: readonly number[] | undefined
  /** Without a key: the source brings a changelog, and a row of weight -1 takes back an equal
   *  one. */
  readonly changelog?: boolean | undefined
  /** Set once the table was altered. */
  readonly layout?: TableLayout | undefined
}

/** All columns by position in the schema, in the order in which `SELECT *` shows them. */
export const declaredColumns = ({ declared, schema }: TableSpec): readonly number[] =>
  declared ?? schema.fields.map((_, i) => i)

/** The columns as users see them. */
export const declaredSchema = (table: TableSpec): Schema =>
  schemaOf(declaredColumns(table).map((column) => table.schema.fields[column]))

/** Whether no row of the table is ever taken back. */
export const isAppendOnly = ({ primaryKey, changelog }: TableSpec): boolean =>
  primaryKey === undefined && changelog !== true

/** Whether the engine reads the table's records from the embedded log. */
export const isLogged = ({ connector, intake }: TableSpec): boolean =>
  connector === 'log' || intake === true

export interface MetadataColumn {
  /** Position among the stored columns. */
  readonly column: number
  /** For example `timestamp`, `offset`, `key`. */
  readonly key: string
  /** INSERT INTO … SELECT gives it a value. */
  readonly writable?: boolean | undefined
  /** It is read only. */
  readonly virtual?: boolean | undefined
}

/** How a connector knows the value of a column that is in the names of folders. */
export const partitionKey = (column: string): string => `partition ${column}`

/** The stored columns that are not in the record itself, whoever knows them. */
export const allMetadata = ({ metadata = [], formatMetadata = [] }: TableSpec) => [
  ...metadata,
  ...formatMetadata,
]

/** The columns that are in the record itself, by position: the stored ones without metadata. */
export function recordColumns(table: TableSpec): number[] {
  const taken = new Set(allMetadata(table).map(({ column }) => column))
  return Array.from({ length: table.storedCount }, (_, i) => i).filter((i) => !taken.has(i))
}

/** The columns that INSERT INTO … SELECT gives a value, by position: those of the record, and the
 *  metadata that the connector can write. */
export function insertColumns(table: TableSpec): number[] {
  const fixed = allMetadata(table).filter(({ writable }) => !writable)
  const taken = new Set(fixed.map(({ column }) => column))
  return Array.from({ length: table.storedCount }, (_, i) => i).filter((i) => !taken.has(i))
}

/** What the table wants of its format beside the record. */
export const valueMetadata = ({ formatMetadata = [] }: TableSpec): string[] => [
  ...new Set(formatMetadata.map(({ key }) => key)),
]

/** The primary key's columns by position in the record; undefined if there is none. */
export function recordKey(table: TableSpec): number[] | undefined {
  const record = recordColumns(table)
  return table.primaryKey?.map((column) => record.indexOf(column))
}

/** WATERMARK FOR column AS expr. `expr` is over the table's columns, of the column's type. */
export interface WatermarkSpec {
  readonly column: number
  readonly expr: Expr
  /** After this long without a record a split no longer holds the watermark back, and a wholly
   *  silent stream closes its windows. 0: never. */
  readonly idleTimeoutMs: number
  /** The watermark stays this far behind what `expr` says, so that rows up to so late still count.
   *  Absent: 0. */
  readonly latenessMs?: number | undefined
}
