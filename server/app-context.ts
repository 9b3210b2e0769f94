/** What the routes work with. */

import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Clock } from '../engine/base/clock.ts'
import type { RecoveryProgress } from '../engine/graph/protocol.ts'
import type { ServerConfig } from './config.ts'
import type { Database } from './database.ts'
import type { Logger } from './log.ts'
import type { Subscriptions } from './sse/subscriptions.ts'

/** The raw request and response of Node are at hand: bodies are read with limits, event streams
 *  are written with back-pressure. */
export interface AppBindings {
  readonly Bindings: HttpBindings
}

export type App = OpenAPIHono<AppBindings>

export interface AppContext {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly log: Logger
  readonly subscriptions: Subscriptions
  /** Raises UNAVAILABLE before the server is ready, or after it broke. */
  readonly database: Database
  readonly ready: () => boolean
  /** How far the start is; undefined before that is known, and when it is over. */
  readonly recovery: () => RecoveryProgress | undefined
}
