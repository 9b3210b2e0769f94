/** A table as the engine knows it. Plain data: it crosses threads inside a plan. */

import type { Schema } from '../batch/schema.ts'
import type { Expr } from '../expr/ir.ts'

/** A table as the engine needs it: where its records come from and what they mean. */
export interface TableSpec {
  /** Never reused, also not after DROP and CREATE: names the folder of an embedded stream. */
  readonly id: string
  readonly name: string
  /** All columns in DDL order: first those that are stored, then the computed ones. */
  readonly schema: Schema
  /** How many leading columns are stored (read from the record); the rest are `computed`. */
  readonly storedCount: number
  /** Over the columns before it; one per computed column. */
  readonly computed: readonly Expr[]
  /** Stored columns that are not in the record itself: what the connector knows of it, by the
   *  connector's name for it. */
  readonly metadata?: readonly MetadataColumn[] | undefined
  /** The connector has no source side: only INSERT INTO can name the table. */
  readonly writeOnly?: boolean | undefined
  /** 'log' is the embedded queue. */
  readonly connector: string
  readonly options: Readonly<Record<string, string>>
  readonly watermark?: WatermarkSpec | undefined
  /** Stored columns by which a row replaces the one before it. The source's rows are then not the
   *  table's: weight +1 puts a row in the place of its key's, -1 removes that one and brings the
   *  key alone (the other columns mean nothing). */
  readonly primaryKey?: readonly number[] | undefined
  /** Without a key: the source brings a changelog, and a row of weight -1 takes back an equal
   *  one. */
  readonly changelog?: boolean | undefined
}

/** Whether no row of the table is ever taken back. */
export const isAppendOnly = ({ primaryKey, changelog }: TableSpec): boolean =>
  primaryKey === undefined && changelog !== true

export interface MetadataColumn {
  /** Position among the stored columns. */
  readonly column: number
  /** For example `timestamp`, `offset`, `key`. */
  readonly key: string
}

/** The columns that are in the record itself, by position: the stored ones without metadata. */
export function recordColumns({ storedCount, metadata = [] }: TableSpec): number[] {
  const taken = new Set(metadata.map(({ column }) => column))
  return Array.from({ length: storedCount }, (_, i) => i).filter((i) => !taken.has(i))
}

/** WATERMARK FOR column AS expr. `expr` is over the table's columns, of the column's type. */
export interface WatermarkSpec {
  readonly column: number
  readonly expr: Expr
  /** After this long without a record a split no longer holds the watermark back, and a wholly
   *  silent stream closes its windows. 0: never. */
  readonly idleTimeoutMs: number
}
