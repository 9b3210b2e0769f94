/** The order of an orderly stop, and that nobody outside can hold it up. The drain of a whole server:
 *  test/fault/sigterm.test.ts. */

import { expect, test } from 'vitest'
import type { DatabaseParts } from '../../server/database.ts'
import { shutDown } from '../../server/shut-down.ts'
import type { Views } from '../../server/views.ts'
import { ManualClock } from '../slt/runner/manual-clock.ts'

const never = () => new Promise<void>(() => {})
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Parts that tell what is asked of them; `read`: what each drain finds read so far. */
function partsWith(read: number[], others: Record<string, () => Promise<void>> = {}) {
  const done: string[] = []
  const does = (what: string) => async () => {
    done.push(what)
    await others[what]?.()
  }
  const clock = new ManualClock()
  const parts = {
    clock,
    intakes: { close: does('close intakes') },
    queues: { close: does('close queues') },
    sinks: { caughtUp: does('sinks'), close: does('close sinks') },
    streams: { idle: does('streams'), close: does('close streams') },
    engine: {
      request: async () => {
        await does('drain')()
        return read.shift() ?? 0
      },
      stop: does('stop'),
    },
  } as unknown as DatabaseParts
  const views = { allCaughtUp: does('views'), close: does('close views') } as unknown as Views
  return { clock, done, stopped: shutDown(parts, views) }
}

const ROUND = ['drain', 'sinks', 'views', 'streams']
const BEFORE = ['close intakes', 'close queues']
const AFTER = ['close sinks', 'close streams', 'stop', 'close views']

test('drains until nothing came while the last results were written', async () => {
  const { done, stopped } = partsWith([5, 7, 7])
  await stopped
  expect(done).toEqual([...BEFORE, ...ROUND, ...ROUND, ...ROUND, ...AFTER])
})

test('makes its checkpoint when a source does not let go, or a sink does not answer', async () => {
  for (const hanging of ['close intakes', 'sinks', 'views', 'streams', 'drain', 'close sinks']) {
    const { clock, done, stopped } = partsWith([], { [hanging]: never })
    for (let i = 0; i < 16; i++) {
      await turn()
      clock.forward(500_000)
    }
    await stopped
    expect(done.slice(-AFTER.length), hanging).toEqual(AFTER)
  }
})

test('makes its checkpoint when the disk is full', async () => {
  const full = () => Promise.reject(new Error('full'))
  const { done, stopped } = partsWith([], { drain: full })
  await stopped
  expect(done).toEqual([...BEFORE, 'drain', ...AFTER])
})
