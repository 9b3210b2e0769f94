/** Follows the demo's views over HTTP, like any user, and asks how the queries stand. */

import type { MillraceClient, QueryInfo, SubscriptionEvent } from '../../../client/index.ts'
import { sleep } from '../../../engine/base/clock.ts'
import { CliFailure } from '../failure.ts'
import type { DemoModel } from './model.ts'
import { ALL_VIEWS, VIEWS } from './statements.ts'

const POLL_MS = 400

export interface Following {
  /** Resolves when every view that is followed has had its last result; rejects if one fails. */
  readonly ended: Promise<void>
}

/** Begins to follow. `signal` ends all. */
export function followViews(
  client: MillraceClient,
  model: DemoModel,
  signal: AbortSignal,
): Following {
  const follow = async (name: string, take: (event: SubscriptionEvent) => void) => {
    for await (const event of client.subscribe(name, { signal, onSlow: 'block' })) {
      if (event.kind === 'error' && event.error.retry === 'never') throw event.error
      take(event)
    }
  }
  const ended = Promise.all([
    follow(VIEWS.hourly.name, (event) => model.takeHourly(event)),
    follow(VIEWS.airportWeeks.name, (event) => model.takeAirports(event)),
    follow(VIEWS.longDelays.name, (event) => model.takeAlerts(event)),
    pollStatus(client, model, signal),
  ]).then(() => {})
  ended.catch(() => {})
  return { ended }
}

/** Keeps lag and late rows up to date until all queries have ended. CliFailure if one fails. */
async function pollStatus(
  client: MillraceClient,
  model: DemoModel,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const queries = await demoQueries(client, signal)
    takeStatus(model, queries)
    const failed = queries.find(({ state }) => state === 'failed')
    if (failed) throw new CliFailure(`Query ${failed.name} failed: ${JSON.stringify(failed.error)}`)
    if (queries.length > 0 && queries.every(({ state }) => state === 'ended')) return
    await sleep(POLL_MS, signal)
  }
}

async function demoQueries(client: MillraceClient, signal: AbortSignal): Promise<QueryInfo[]> {
  try {
    const names: ReadonlySet<string> = new Set(ALL_VIEWS.map(({ name }) => name))
    return (await client.listQueries({ signal })).filter(({ name }) => names.has(name))
  } catch (error) {
    if (signal.aborted) return []
    throw error
  }
}

function takeStatus(model: DemoModel, queries: readonly QueryInfo[]): void {
  const lags = queries.map(({ lagRows }) => Number(lagRows ?? Number.NaN))
  const lag = Math.max(0, ...lags)
  model.lagRows = Number.isNaN(lag) ? undefined : lag
  model.lateRows = Math.max(0, ...queries.map(({ lateRows }) => Number(lateRows ?? 0)))
}
