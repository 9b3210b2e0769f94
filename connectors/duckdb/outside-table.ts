/** The file or the table of a database that one of our tables stands for, in SQL of DuckDB. */

import type { TableSpec } from '../../engine/source/table.ts'
import type { DuckdbLibrary } from '../duckdb-library.ts'
import { fileKindOf } from './spec.ts'

export interface OutsideTable {
  /** For FROM. */
  readonly from: string
  /** What to run before the query and after it. */
  readonly before?: string
  readonly after?: string
}

export function outsideTable(table: TableSpec, { literal, quoted }: DuckdbLibrary): OutsideTable {
  const { path, 'table-name': name = '' } = table.options
  switch (fileKindOf(table)) {
    case 'parquet':
      return { from: `read_parquet(${literal(path)})` }
    case 'csv':
      return { from: `read_csv(${literal(path)}, header = true, all_varchar = true)` }
    case 'json':
      return { from: `read_json(${literal(path)})` }
    default:
      return {
        from: `outside.${name.split('.').map(quoted).join('.')}`,
        before: `ATTACH ${literal(path)} AS outside (READ_ONLY)`,
        after: 'DETACH outside',
      }
  }
}
