/** Sinks that keep the row of each key. */

import { insertColumns, type TableSpec } from '../engine/source/table.ts'

/** Whether a result whose columns `key` are unique (positions among those that are written) has no
 *  two rows with the table's PRIMARY KEY. */
export function writesByKey(table: TableSpec, key: readonly number[] | undefined): boolean {
  const written = insertColumns(table)
  const own = table.primaryKey?.map((column) => written.indexOf(column)) ?? []
  return key?.every((column) => own.includes(column)) === true
}
