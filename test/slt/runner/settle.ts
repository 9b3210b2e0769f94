/** Waits until the engine has nothing left to do with what it was given. */

import { setImmediate as turn } from 'node:timers/promises'
import type { Database } from '../../../server/database.ts'

const WAIT_MS = 20_000
/** Looks in a row that must find the same. */
const STILL = 4

/** Resolves when all records are read and all results are out; raises an Error after a while. */
export async function settle(db: Database): Promise<void> {
  const until = performance.now() + WAIT_MS
  let still = 0
  let before = ''
  for (;;) {
    const { epoch, queries } = await db.engineStatus()
    const busy = queries.filter(
      ({ state, lagRows }) =>
        ['recovering', 'backfilling', 'retrying'].includes(state) ||
        (state === 'running' && (lagRows ?? 0) > 0),
    )
    const behind = (await db.queries()).filter(
      ({ name, results }) => db.subscribable(name).feed.nextSeq < results,
    )
    const now = JSON.stringify([epoch, queries.map(({ nextSeq, state }) => [nextSeq, state])])
    still = busy.length + behind.length === 0 && now === before ? still + 1 : 0
    if (still >= STILL) return
    before = now
    if (performance.now() > until) {
      throw new Error(`not settled: ${JSON.stringify([...busy, ...behind])}`)
    }
    await turn()
  }
}

/** Waits until the condition holds; raises an Error after a while. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + WAIT_MS
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`waited in vain for ${what}`)
    await turn()
  }
}
