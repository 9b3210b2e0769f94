/** Starts queries that the catalog says should run, at a start of the server. */

import type { Clock } from '../base/clock.ts'
import { asSqlError } from '../base/errors.ts'
import type { QueryPlan } from '../plan/physical.ts'
import type { FromEngine } from './protocol.ts'

export interface AttachAgainContext {
  readonly attach: (plan: QueryPlan) => Promise<void>
  readonly clock: Clock
  readonly send: (message: FromEngine) => void
  readonly isStopping: () => boolean
}

const RETRY_MS = 1000

/** What the world outside refuses is tried again in a while; each failure is told. */
export function attachAgain(plans: readonly QueryPlan[], context: AttachAgainContext): void {
  for (const plan of plans) attachOne(plan, context)
}

function attachOne(plan: QueryPlan, context: AttachAgainContext): void {
  const { attach, clock, send, isStopping } = context
  attach(plan).catch((thrown) => {
    const error = asSqlError(thrown)
    if (isStopping()) return
    if (error.retry === 'backoff') clock.after(RETRY_MS, () => attachOne(plan, context))
    send({ kind: 'failed', queryId: plan.id, error: error.toJSON() })
  })
}
