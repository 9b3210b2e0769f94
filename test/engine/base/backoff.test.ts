/** Pauses between tries: bounds, growth, and unevenness that a seed repeats. */

import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../../engine/base/backoff.ts'
import { pause, systemClock } from '../../../engine/base/clock.ts'
import { random } from '../../../engine/base/random.ts'

const BACKOFF = { firstMs: 100, maxMs: 1500 }

describe('backoffMs', () => {
  it('doubles up to the most, and takes between half and all of it', () => {
    const r = random(1)
    for (const [tries, longestMs] of [100, 200, 400, 800, 1500, 1500].entries()) {
      for (let n = 0; n < 100; n++) {
        const waitMs = backoffMs(tries, BACKOFF, r)
        expect(waitMs).toBeGreaterThanOrEqual(longestMs / 2)
        expect(waitMs).toBeLessThan(longestMs)
      }
    }
  })

  it('is finite after very many tries', () => {
    expect(backoffMs(5000, BACKOFF, random(2))).toBeLessThan(1500)
  })
})

describe('pause', () => {
  it('ends when the signal aborts, and at once if it has', async () => {
    const closing = new AbortController()
    const waiting = pause(systemClock, 1e9, closing.signal)
    closing.abort()
    await waiting
    await pause(systemClock, 1e9, closing.signal)
  })
})
