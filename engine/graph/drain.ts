/** The engine's part of an orderly stop: whatever was acknowledged is computed first. */

import { sleep } from '../base/clock.ts'
import { isLogged } from '../source/table.ts'
import type { Cursor } from './cursor.ts'
import type { Engine } from './engine.ts'

const LOOK_MS = 1

/** Resolves when all that the embedded streams hold is read, and what it gave is released; or the
 *  engine stops. Replies how many records of them were read so far: if it was as many before,
 *  nothing has come since. Other sources always have more to come: from now on they keep it.
 *  DISK_FULL. */
export async function drained(engine: Engine): Promise<number> {
  for (;;) {
    const { heldCount } = engine
    if (heldCount === undefined) return 0
    const cursors = [...engine.still.cursors.values()]
    for (const cursor of cursors) cursor.onlyStreams = true
    if (heldCount === 0 && !cursors.some(isBehind)) return readBy(cursors)
    await sleep(LOOK_MS)
  }
}

const streamsOf = ({ readers }: Cursor) =>
  [...readers.values()].filter(({ table }) => isLogged(table))

function isBehind(cursor: Cursor): boolean {
  const { paused, troubles, broken } = cursor
  if (paused || troubles.size + broken.size > 0) return false
  return streamsOf(cursor).some((reader) => (reader.lagRows() ?? 0) > 0)
}

const readBy = (cursors: readonly Cursor[]): number =>
  cursors.flatMap(streamsOf).reduce((sum, { rowsIn }) => sum + rowsIn, 0)
