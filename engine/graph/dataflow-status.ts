/** How the running queries and the tables they read fare. */

import type { Dataflow } from './dataflow.ts'
import type { EngineStatus } from './protocol.ts'

export function dataflowStatus(
  { context, queries, main }: Dataflow,
  recovering: boolean,
): Pick<EngineStatus, 'epoch' | 'queries' | 'sources'> {
  return {
    epoch: context.clock.epoch,
    queries: [...queries.values()].map((query) => query.status(recovering, main)),
    sources: [...main.readers.values()].map((reader) => ({
      tableId: reader.table.id,
      rowsIn: reader.rowsIn,
      watermarkUs: reader.watermarkUs,
      lagRows: reader.lagRows(),
      badRecords: reader.badRecords,
    })),
  }
}
