/** A table takes another form while queries read it. Nothing of this is in the journal: after a
 *  start all plans have the new form, in which the rows stored before are the same. */

import type { TableSpec } from '../source/table.ts'
import type { Dataflow } from './dataflow.ts'

/** All readers of the table go on where they stand, in the new form. Between two epochs. */
export function alterTable(dataflow: Dataflow, table: TableSpec): void {
  for (const { readers } of dataflow.cursors.values()) {
    const reader = readers.get(table.id)
    if (reader === undefined) continue
    readers.set(table.id, dataflow.openReader(table, reader.state()))
    void reader.close().catch(() => {})
  }
}
