/** The changes that the dataflow is ready for by itself: splits that were found join, answers
 *  from outside come in, and cursors have caught up. They are made here and go to the journal
 *  like those that were asked for. */

import { asSqlError } from '../base/errors.ts'
import type { TableReader } from '../source/table-reader.ts'
import { applyChange } from './apply-change.ts'
import type { Change } from './change.ts'
import type { Cursor } from './cursor.ts'
import type { Dataflow } from './dataflow.ts'

/** Makes them, at the time of the epoch to come, and returns them in order. */
export function makeOwnChanges(dataflow: Dataflow, nowUs: number): Change[] {
  const made: Change[] = []
  const make = (change: Change) => {
    applyChange(dataflow, change, () => undefined)
    made.push(change)
  }
  const found = findSplits(dataflow)
  if (found.length > 0) dataflow.context.clock.nowUs = nowUs
  for (const change of found) make(change)
  for (const change of dataflow.answers()) make(change)
  for (;;) {
    const [merge] = dataflow.mergeable()
    if (merge === undefined) return made
    make(merge)
  }
}

/** Splits that the readers of growing tables found since the last time. */
function findSplits(dataflow: Dataflow): Change[] {
  const changes: Change[] = []
  for (const cursor of dataflow.cursors.values()) {
    if (cursor.paused) continue
    for (const [table, reader] of cursor.readers) {
      const found = cursor.broken.has(table) ? undefined : lookIn(cursor, table, reader)
      if (found === undefined) continue
      changes.push({ kind: 'splits', cursor: cursor.id, table, found })
      // A cursor can only join the main one when both know the same splits.
      const main = dataflow.main.readers.get(table)
      if (main !== reader && found.splits.some(({ id }) => main?.offsetOf(id) === undefined)) {
        main?.lookAgain()
      }
    }
  }
  return changes
}

/** What no retry can help breaks the table: its queries fail with the next epoch. */
function lookIn(cursor: Cursor, table: string, reader: TableReader) {
  try {
    return reader.findSplits()
  } catch (error) {
    cursor.broken.set(table, asSqlError(error))
    return undefined
  }
}
