/** The engine asks for it before a checkpoint, where producers don't wait for the disk. */

import { asSqlError } from '../engine/base/errors.ts'
import type { Engine } from './engine.ts'
import type { Streams } from './streams.ts'

/** Makes all records durable and tells the engine, also of a failure. */
export async function syncStreams(streams: Streams, engine: Engine): Promise<void> {
  const error = await streams.sync().then(
    () => undefined,
    (thrown) => asSqlError(thrown).toJSON(),
  )
  await engine.request({ kind: 'streams-synced', error }).catch(() => {})
}
