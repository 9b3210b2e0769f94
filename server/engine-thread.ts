/** The engine's thread: puts the engine, the connectors and the message port together. */

import { type MessagePort, parentPort } from 'node:worker_threads'
import { lookupConnectors, sourceConnectors } from '../connectors/index.ts'
import { systemClock } from '../engine/base/clock.ts'
import { nodeDisk } from '../engine/base/disk.ts'
import { asSqlError } from '../engine/base/errors.ts'
import { Engine } from '../engine/graph/engine.ts'
import type { EngineConfig, FromEngine, ToEngine } from '../engine/graph/protocol.ts'
import { serve } from '../engine/graph/serve.ts'
import { Appended } from '../engine/source/appended.ts'

/** Waits for the configuration, which is the first message, then runs until it is told to stop. The
 *  data folder is not touched before. */
export function runEngine(): void {
  const port = parentPort!
  let thread: EngineThread | undefined
  port.on('message', (message: EngineConfig | ToEngine) => {
    if ('dataFolder' in message) thread = new EngineThread(message, port)
    else thread?.receive(message)
  })
}

class EngineThread {
  readonly #port: MessagePort
  readonly #appended = new Appended()
  readonly #engine: Engine

  constructor(config: EngineConfig, port: MessagePort) {
    this.#port = port
    const { dataFolder } = config
    const parts = { disk: nodeDisk, clock: systemClock }
    const context = { ...parts, dataFolder, appended: this.#appended }
    const connectors = sourceConnectors(context)
    const lookups = lookupConnectors(context)
    try {
      const send = (message: FromEngine) => this.#send(message)
      const appended = this.#appended
      this.#engine = new Engine({ config, ...parts, connectors, lookups, appended, send })
    } catch (error) {
      this.#break(error)
      throw error
    }
    this.#engine.start().catch((error) => this.#break(error))
  }

  async receive(message: ToEngine): Promise<void> {
    await serve(this.#engine, this.#appended, message, (answer) => this.#send(answer))
    if (message.request.kind === 'stop') this.#port.close()
  }

  #send(message: FromEngine): void {
    this.#port.postMessage(message)
  }

  #break(error: unknown): void {
    this.#send({ kind: 'broken', error: asSqlError(error).toJSON() })
    this.#port.close()
  }
}
