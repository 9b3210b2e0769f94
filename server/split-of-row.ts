/** Which split a record goes to. Where records can replace each other or take each other back,
 *  those that do must stay in order, and so the row decides. */

import type { Batch } from '../engine/batch/batch.ts'
import { hashRows } from '../engine/batch/row-hash.ts'
import { recordColumns, recordKey, type TableSpec } from '../engine/source/table.ts'

/** The columns of the record that decide: the key; all of them, if the table has none and its rows
 *  can be taken back; undefined if any split will do. */
export function placingColumns(table: TableSpec): readonly number[] | undefined {
  return (
    recordKey(table) ??
    (table.changelog === true ? recordColumns(table).map((_, i) => i) : undefined)
  )
}

/** The rows of each split by the records' own keys; those without one go to `keyless`. */
export function rowsByKey(
  batch: Batch,
  key: number,
  splitCount: number,
  keyless: number,
): (Batch | undefined)[] {
  const column = batch.columns[key]
  const hashes = hashRows([column], batch.rowCount)
  return cut(batch, splitCount, (row) =>
    column.isNull(row) ? keyless : (hashes[row] >>> 0) % splitCount,
  )
}

/** The rows of each split, in order; undefined for a split that gets none. `columns` are positions
 *  in the batch. */
export function rowsBySplit(
  batch: Batch,
  columns: readonly number[],
  splitCount: number,
): (Batch | undefined)[] {
  const hashes = hashRows(
    columns.map((column) => batch.columns[column]),
    batch.rowCount,
  )
  return cut(batch, splitCount, (row) => (hashes[row] >>> 0) % splitCount)
}

function cut(
  batch: Batch,
  splitCount: number,
  splitOf: (row: number) => number,
): (Batch | undefined)[] {
  const { rowCount } = batch
  const rows = Array.from({ length: splitCount }, (): number[] => [])
  for (let row = 0; row < rowCount; row++) rows[splitOf(row)].push(row)
  return rows.map((list) => {
    if (list.length === 0) return undefined
    return list.length === rowCount ? batch : batch.keep(Int32Array.from(list), list.length)
  })
}
