/** The end of an orderly stop: nothing new is taken, what was acknowledged is processed and handed
 *  on, then a checkpoint is made and the files are closed. */

import type { DatabaseParts } from './database.ts'
import type { Views } from './views.ts'

/** Whatever takes longer goes on after the next start; the checkpoint needs its time too. */
const DRAIN_MS = 4000

export async function shutDown(parts: DatabaseParts, views: Views | undefined): Promise<void> {
  const { clock, engine, intakes, queues, sinks, streams } = parts
  await Promise.all([intakes.close(), queues.close()])
  let cancel = () => {}
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(DRAIN_MS, resolve)
  })
  // A disk that is full, or an engine that is broken, gives up what cannot be finished.
  const drained = drain(parts, views).catch(() => {})
  await Promise.race([drained, late])
  cancel()
  await sinks.close()
  await streams.close()
  await engine.stop().catch(() => {})
  await views?.close()
  await drained
}

/** What queries write may be what other queries read. */
async function drain(
  { engine, sinks, streams }: DatabaseParts,
  views: Views | undefined,
): Promise<void> {
  do {
    await Promise.all([sinks.caughtUp(), views?.allCaughtUp()])
    await streams.idle()
  } while (await engine.request({ kind: 'drain' }))
}
