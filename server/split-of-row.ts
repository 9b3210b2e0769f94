/** Which split a record goes to. Where records can replace each other or take each other back,
 *  those that do must stay in order, and so the row decides. */

import type { Batch } from '../engine/batch/batch.ts'
import { hashRows } from '../engine/batch/row-hash.ts'
import { recordColumns, type TableSpec } from '../engine/source/table.ts'

/** The columns that decide: the key; all of the record, if the table has none and its rows can be
 *  taken back; undefined if any split will do. */
export function placingColumns(table: TableSpec): readonly number[] | undefined {
  return table.primaryKey ?? (table.changelog === true ? recordColumns(table) : undefined)
}

/** The rows of each split, in order; undefined for a split that gets none. `columns` are positions
 *  in the batch. */
export function rowsBySplit(
  batch: Batch,
  columns: readonly number[],
  splitCount: number,
): (Batch | undefined)[] {
  const { rowCount } = batch
  const hashes = hashRows(
    columns.map((column) => batch.columns[column]),
    rowCount,
  )
  const rows = Array.from({ length: splitCount }, (): number[] => [])
  for (let row = 0; row < rowCount; row++) rows[(hashes[row] >>> 0) % splitCount].push(row)
  return rows.map((list) => {
    if (list.length === 0) return undefined
    return list.length === rowCount ? batch : batch.keep(Int32Array.from(list), list.length)
  })
}
