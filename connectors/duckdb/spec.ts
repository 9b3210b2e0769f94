/** The duckdb connector as data. */

import { fail } from '../../engine/base/errors.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { LOOKUP_OPTIONS } from '../../engine/source/lookup.ts'
import type { TableSpec } from '../../engine/source/table.ts'

/** What the file is, by its name. */
export function fileKindOf({ options }: Pick<TableSpec, 'options'>): string {
  const { path, format } = options
  if (format !== undefined) return format
  const ending = /\.(parquet|csv|json|ndjson|jsonl)(\.gz)?$/i.exec(path)?.[1].toLowerCase()
  if (ending === undefined) return 'duckdb'
  return ending === 'parquet' || ending === 'csv' ? ending : 'json'
}

function check(table: TableSpec): void {
  const { options, name } = table
  const isDatabase = fileKindOf(table) === 'duckdb'
  if (isDatabase === (options['table-name'] !== undefined)) return
  fail('INVALID_OPTION', `${name}: 'table-name' goes with a DuckDB database, and only with it`, {
    hint: isDatabase
      ? "Which table of the database? Or say what the file is: 'format' = 'parquet'."
      : 'A Parquet, CSV or JSON file is one table.',
  })
}

export const duckdb: ConnectorSpec = {
  name: 'duckdb',
  doc: 'A table of a DuckDB database, or a Parquet, CSV or JSON file. Read: its rows, once, while nobody changes it. Looked up by joins: as it is at that moment. Values are cast to the columns of the table. Not written: a database belongs to one process at a time, and readers would wait; write Parquet files with `filesystem`.',
  options: {
    path: {
      kind: 'string',
      required: true,
      doc: 'The file. A Parquet, CSV or JSON path may hold `*` and `?`.',
    },
    format: {
      kind: 'enum',
      values: ['duckdb', 'parquet', 'csv', 'json'],
      doc: 'What the file is. Absent: what its ending says; duckdb if it says nothing. csv: the first line has the names of the columns, and an empty field is NULL. json: an object a line, or an array of them.',
    },
    'table-name': {
      kind: 'string',
      doc: 'The table or view of the database: `name` or `schema.name`.',
    },
    ...LOOKUP_OPTIONS,
  },
  source: { replay: 'offset' },
  lookup: { keys: 'any', isRead: true },
  check,
}
