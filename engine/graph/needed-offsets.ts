/** What must be kept of the embedded streams: for the queries as they run, and for a recovery that
 *  begins at any of the kept checkpoints. */

import type { TableReaderState } from '../source/table-reader.ts'
import type { Dataflow } from './dataflow.ts'
import type { NeededOffsets } from './protocol.ts'
import type { DataflowMeta } from './snapshot.ts'

/** The least position of any reader, now and in the checkpoints (oldest first). A recovery from the
 *  oldest one starts the queries that came later once more: their tables are needed from the
 *  beginning, until a later checkpoint is the oldest. */
export function neededOffsets(
  { cursors, queries }: Dataflow,
  checkpoints: readonly DataflowMeta[],
): NeededOffsets {
  const needed: Record<string, Record<string, number>> = {}
  const need = (table: string, { splits }: TableReaderState, most = Infinity) => {
    needed[table] ??= {}
    for (const [split, { offset }] of Object.entries(splits)) {
      const position = Math.min(offset === '' ? 0 : Number(offset), most)
      needed[table][split] = Math.min(needed[table][split] ?? Infinity, position)
    }
  }
  for (const { cursors } of checkpoints) {
    for (const { tables } of cursors) {
      for (const [table, state] of Object.entries(tables)) need(table, state)
    }
  }
  for (const { readers } of cursors.values()) {
    for (const [table, reader] of readers) need(table, reader.state())
  }
  const known = new Set(checkpoints[0]?.queries.map(({ id }) => id))
  for (const { id, transient, running, cursor, pipeline } of queries.values()) {
    if (transient || known.has(id) || !running) continue
    for (const { tableId } of pipeline.leaves) {
      const reader = cursor.readers.get(tableId)
      if (reader !== undefined) need(tableId, reader.state(), 0)
    }
  }
  return needed
}
