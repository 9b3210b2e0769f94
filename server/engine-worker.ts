/** The engine's thread: puts the engine, the connectors and the message port together. */

import { parentPort, workerData } from 'node:worker_threads'
import { sourceConnectors } from '../connectors/index.ts'
import { systemClock } from '../engine/base/clock.ts'
import { nodeDisk } from '../engine/base/disk.ts'
import { asSqlError } from '../engine/base/errors.ts'
import { Engine } from '../engine/graph/engine.ts'
import type { EngineConfig, FromEngine, ToEngine } from '../engine/graph/protocol.ts'
import { serve } from '../engine/graph/serve.ts'
import { Appended } from '../engine/source/appended.ts'

const port = parentPort!
const config = workerData as EngineConfig
const appended = new Appended()
const send = (message: FromEngine) => port.postMessage(message)

const connectors = sourceConnectors({
  disk: nodeDisk,
  dataFolder: config.dataFolder,
  appended,
})

try {
  const engine = new Engine({ config, disk: nodeDisk, clock: systemClock, connectors, send })
  port.on('message', async (message: ToEngine) => {
    await serve(engine, appended, message, send)
    if (message.request.kind === 'stop') port.close()
  })
  await engine.start()
} catch (error) {
  send({ kind: 'broken', error: asSqlError(error).toJSON() })
  port.close()
}
