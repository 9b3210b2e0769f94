/** `"s$late"` in the catalog: not an entry of its own, but made of that of `s` when it is named. */

import { fail } from '../../engine/base/errors.ts'
import { lateName, lateTable } from '../../engine/source/late-table.ts'
import type { Name } from '../ast.ts'
import type { TableEntry } from './entry.ts'

/** UNKNOWN_TABLE if no row of the table can be late. */
export function lateEntry(table: TableEntry, { text, at }: Name): TableEntry {
  const { id, name, spec } = table
  if (spec.watermark === undefined) {
    fail('UNKNOWN_TABLE', `There is no ${text}: no row of ${name} can be late`, {
      at,
      hint: 'Only tables with a WATERMARK have late rows.',
    })
  }
  return {
    ...table,
    id: lateName(id),
    name: lateName(name),
    comment: `Rows of ${name} that came too late, and the query that left them out`,
    columnComments: new Map(),
    spec: lateTable(spec),
    lateOf: id,
  }
}
