/** How the running queries and the tables they read fare. */

import type { TableReader } from '../source/table-reader.ts'
import type { Dataflow } from './dataflow.ts'
import type { EngineStatus } from './protocol.ts'

export function dataflowStatus(
  dataflow: Dataflow,
  recovering: boolean,
): Pick<EngineStatus, 'epoch' | 'queries' | 'sources'> {
  const { context, queries } = dataflow
  return {
    epoch: context.clock.epoch,
    queries: [...queries.values()].map((query) => query.status(recovering, dataflow)),
    sources: [...readersOf(dataflow)].map((reader) => ({
      tableId: reader.table.id,
      rowsIn: reader.rowsIn,
      watermarkUs: reader.watermarkUs,
      lagRows: reader.lagRows(),
      badRecords: reader.badRecords,
    })),
  }
}

/** One reader for each table: the common one, or that of a query that keeps to itself. */
function readersOf({ main, cursors }: Dataflow): Iterable<TableReader> {
  const readers = new Map(main.readers)
  for (const cursor of cursors.values()) {
    if (!cursor.staysAlone) continue
    for (const [table, reader] of cursor.readers)
      if (!readers.has(table)) readers.set(table, reader)
  }
  return readers.values()
}
