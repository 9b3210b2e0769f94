/** Everything between the HTTP socket and the engine's thread, put together. Loaded only when a
 *  server starts, while the engine's thread is loading too. */

import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { systemClock } from '../engine/base/clock.ts'
import { nodeDisk } from '../engine/base/disk.ts'
import { fail } from '../engine/base/errors.ts'
import type { RecoveryProgress } from '../engine/graph/protocol.ts'
import { createApp } from './app.ts'
import type { ServerConfig } from './config.ts'
import { Database } from './database.ts'
import type { Engine } from './engine.ts'
import { type Logger, serverLog } from './log.ts'
import { Subscriptions } from './sse/subscriptions.ts'

export interface AssembledServer {
  readonly log: Logger
  readonly subscriptions: Subscriptions
  readonly listener: RequestListener
  /** Raises UNAVAILABLE before `open`. */
  readonly database: () => Database
  /** Opens the data folder and resolves when everything in it is processed again. */
  readonly open: () => Promise<void>
  /** From now on the server is not ready; closes the database if it was opened, and the engine. */
  readonly stop: () => Promise<void>
}

export function assemble(config: ServerConfig, engine: Engine): AssembledServer {
  const log = serverLog(config.logLevel)
  const subscriptions = new Subscriptions(config.limits.subscriptionsMax)
  let opened: Database | undefined
  let stopping = false
  let progress: RecoveryProgress | undefined
  const database = () => opened ?? fail('UNAVAILABLE', 'The server is starting')
  const app = createApp({
    ...{ config, clock: systemClock, log, subscriptions },
    get database() {
      return database()
    },
    ready: () => opened?.isReady === true && !stopping,
    recovery: () => progress,
  })
  engine.listen({
    recovering: (reached) => {
      progress = reached
    },
    ready: () => {
      progress = undefined
    },
    failed: (queryId, error) => log.warn({ queryId, code: error.code }, error.message),
    broken: (error) => log.fatal({ err: error }, 'the engine cannot go on'),
  })
  return {
    ...{ log, subscriptions, database },
    listener: getRequestListener(app.fetch, { overrideGlobalObjects: false }),
    async open() {
      opened = new Database({ config, disk: nodeDisk, clock: systemClock, engine })
      await opened.ready
    },
    async stop() {
      stopping = true
      if (opened === undefined) await engine.terminate()
      else await opened.close()
    },
  }
}
