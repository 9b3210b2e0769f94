/** The end of an orderly stop: nothing new is taken, what was acknowledged is processed and handed
 *  on, then a checkpoint is made and the files are closed. */

import { within } from '../engine/base/clock.ts'
import type { DatabaseParts } from './database.ts'
import type { Views } from './views.ts'

/** Whatever takes longer goes on after the next start; the checkpoint needs its time too. */
const DRAIN_MS = 4000
/** To take leave of what is outside. Who does not answer is left as a crash would leave them. */
const LEAVE_MS = 1500

export async function shutDown(parts: DatabaseParts, views: Views | undefined): Promise<void> {
  const { clock, engine, intakes, queues, sinks, streams } = parts
  await Promise.all([within(clock, LEAVE_MS, intakes.close()), queues.close()])
  // A disk that is full, or an engine that is broken, gives up what cannot be finished.
  const drained = drain(parts, views).catch(() => {})
  await within(clock, DRAIN_MS, drained)
  await within(clock, LEAVE_MS, sinks.close())
  await streams.close()
  await engine.stop().catch(() => {})
  await views?.close()
}

/** What queries write may be what other queries read: it is over when nothing came in between. */
async function drain(
  { engine, sinks, streams }: DatabaseParts,
  views: Views | undefined,
): Promise<void> {
  for (let before = -1; ; ) {
    const read = await engine.request({ kind: 'drain' })
    await Promise.all([sinks.caughtUp(), views?.allCaughtUp()])
    await streams.idle()
    if (read === before) return
    before = read
  }
}
