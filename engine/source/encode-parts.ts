/** What an encoder of a table's rows knows of the table beside its columns and options. */

import type { EncodeParts } from '../format/encode-rows.ts'
import { jsonPaths } from './json-paths.ts'
import { recordKey, type TableSpec } from './table.ts'

/** For the columns of the record. */
export const encodeParts = (table: TableSpec): EncodeParts => ({
  key: recordKey(table),
  paths: jsonPaths(table.options),
  alone: takesMoreOfRows(table),
})

/** Whether messages have something of their row beside the record: metadata that is written, or
 *  what an option reads from a column. */
export const takesMoreOfRows = ({ metadata = [], options }: TableSpec): boolean =>
  metadata.some(({ writable }) => writable) ||
  Object.keys(options).some((name) => name.endsWith('.column'))
