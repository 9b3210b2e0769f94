/** `"s$late"`: the rows of a table that came too late for a window or a join, with the query that
 *  left them out. The engine writes it; it is read like any stream of the embedded queue. */

import { type Schema, schemaOf } from '../batch/schema.ts'
import { VARCHAR } from '../batch/types.ts'
import { lateLayout } from './layout.ts'
import type { SideSuffix } from './side-table.ts'
import { declaredColumns, type TableSpec } from './table.ts'

const SUFFIX: SideSuffix = '$late'

/** Of a table's id, and likewise of its name. */
export const lateName = (of: string): string => `${of}${SUFFIX}`

/** All columns of the table, then `query` (or `query_2`, … if it has such a column). */
export function lateSchema({ fields }: Schema): Schema {
  const taken = new Set(fields.map(({ name }) => name))
  let name = 'query'
  for (let n = 2; taken.has(name); n++) name = `query_${n}`
  return schemaOf([...fields, { name, type: VARCHAR, nullable: false }])
}

/** The late rows of a table as a table: append-only, without a watermark. */
export function lateTable(of: TableSpec): TableSpec {
  const { id, name, schema } = of
  const all = lateSchema(schema)
  return {
    id: lateName(id),
    name: lateName(name),
    schema: all,
    declared: [...declaredColumns(of), of.schema.fields.length],
    storedCount: all.fields.length,
    computed: [],
    connector: 'log',
    options: {},
    layout: lateLayout(of, VARCHAR),
  }
}
