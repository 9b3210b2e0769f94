/** Which columns a table's stored rows have. A table can be altered while rows of an earlier form
 *  lie in its log: each column has a number for good, whatever becomes of its name and place, and
 *  each segment of the log says which columns its rows have. */

import { Batch } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import type { DataType } from '../batch/types.ts'
import { recordColumns, type TableSpec } from './table.ts'

/** Of a table that was altered. Before, column i of the schema has the number i. */
export interface TableLayout {
  /** The number of each column of the schema. */
  readonly ids: readonly number[]
  /** Has never been a column's number. */
  readonly nextId: number
  /** All columns before the first ALTER. */
  readonly first: StoredColumns
  /** The numbers of those that were in a record, in order. */
  readonly record: readonly number[]
}

/** The number of each column of the schema. */
export const columnIds = ({ layout, schema }: TableSpec): readonly number[] =>
  layout?.ids ?? schema.fields.map((_, i) => i)

/** The numbers of the columns that a record has. */
export function recordIds(table: TableSpec): number[] {
  const ids = columnIds(table)
  return recordColumns(table).map((column) => ids[column])
}

/** Columns of stored rows, by number. */
export interface StoredColumns {
  readonly ids: readonly number[]
  readonly types: readonly DataType[]
}

/** What a log segment's header says of its rows: nothing before the first ALTER. */
export function layoutHeader(table: TableSpec, columns = recordColumns(table)): Uint8Array {
  if (table.layout === undefined) return NO_HEADER
  const ids = columnIds(table)
  const stored: StoredColumns = {
    ids: columns.map((column) => ids[column]),
    types: columns.map((column) => table.schema.fields[column].type),
  }
  return Buffer.from(JSON.stringify(stored))
}

const NO_HEADER = new Uint8Array(0)

/** The columns of the rows below a segment's header; undefined if they are those of the table as it
 *  is. */
export function storedColumns(table: TableSpec, header: Uint8Array): StoredColumns | undefined {
  if (header.length > 0) return JSON.parse(Buffer.from(header).toString()) as StoredColumns
  const { layout } = table
  if (layout === undefined) return undefined
  const { first, record } = layout
  return { ids: record, types: record.map((id) => first.types[first.ids.indexOf(id)]) }
}

/** The number of the column that late rows have beside those of their table. */
const QUERY_ID = -1

/** Of the late rows of a table, which have all its columns and one more. */
export function lateLayout({ layout }: TableSpec, added: DataType): TableLayout | undefined {
  if (layout === undefined) return undefined
  const ids = [...layout.first.ids, QUERY_ID]
  return {
    ids: [...layout.ids, QUERY_ID],
    nextId: layout.nextId,
    first: { ids, types: [...layout.first.types, added] },
    record: ids,
  }
}

/** A schema to decode such rows by. */
export const storedSchema = ({ ids, types }: StoredColumns): Schema =>
  schemaOf(types.map((type, i) => ({ name: `c${ids[i]}`, type, nullable: true })))

/** The rows with the columns that the table has now: what they do not have is NULL. */
export function adapted(
  rows: Batch,
  { ids }: StoredColumns,
  wanted: { readonly ids: readonly number[]; readonly schema: Schema },
): Batch {
  const { fields } = wanted.schema
  const columns = wanted.ids.map((id, i) => {
    const from = ids.indexOf(id)
    if (from >= 0) return rows.columns[from]
    return columnOf(fields[i].type, new Array<null>(rows.rowCount).fill(null))
  })
  return new Batch(wanted.schema, columns, rows.rowCount, rows.weights, rows.watermarks)
}
