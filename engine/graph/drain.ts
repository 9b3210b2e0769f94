/** The engine's part of an orderly stop: whatever was acknowledged is computed first. */

import { sleep } from '../base/clock.ts'
import { isLogged } from '../source/table.ts'
import type { Cursor } from './cursor.ts'
import type { Dataflow } from './dataflow.ts'
import type { Engine } from './engine.ts'

const LOOK_MS = 1

/** Resolves when all that the embedded streams hold is read, and what it gave is released; or the
 *  engine stops. True if there was something to wait for. Other sources always have more to come,
 *  and keep it. DISK_FULL. */
export async function drained(engine: Engine): Promise<boolean> {
  let waited = false
  for (;;) {
    const { heldCount } = engine
    if (heldCount === undefined || (heldCount === 0 && !hasRecords(engine.still))) return waited
    waited = true
    await sleep(LOOK_MS)
  }
}

const hasRecords = ({ cursors }: Dataflow): boolean => [...cursors.values()].some(isBehind)

function isBehind({ paused, readers, troubles, broken }: Cursor): boolean {
  if (paused || troubles.size + broken.size > 0) return false
  return [...readers.values()].some(
    (reader) => isLogged(reader.table) && (reader.lagRows() ?? 0) > 0,
  )
}
