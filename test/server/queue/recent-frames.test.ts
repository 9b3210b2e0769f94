/** Which frames are remembered, beside a list that remembers all. */

import { expect, it } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import type { StreamFrame } from '../../../engine/source/stream-frame.ts'
import { type RecentFrame, RecentFrames } from '../../../server/queue/recent-frames.ts'
import { seedOf } from '../../seed.ts'

const MB = 1 << 20

const recent = (split: number, first: number, next: number, bytes = 100): RecentFrame => ({
  split,
  frame: { first, next } as StreamFrame,
  bytes,
})

it('finds the frame of a record, in any order of reading', () => {
  const choose = random(seedOf('recent frames'))
  const frames = new RecentFrames()
  const all: RecentFrame[] = []
  for (const split of [0, 1]) {
    for (let first = 0; first < 500; ) {
      const next = first + 1 + choose.below(4)
      if (choose.below(3) > 0) all.push(recent(split, first, next))
      first = next
    }
  }
  for (const one of all.toSorted(() => choose.below(3) - 1)) frames.add(one)
  for (let i = 0; i < 2000; i++) {
    const [split, offset] = [choose.below(3), choose.below(510)]
    const wanted = all.find(
      ({ split: of, frame }) => of === split && frame.first <= offset && offset < frame.next,
    )
    expect(frames.find(split, offset)).toBe(wanted)
  }
  frames.clear()
  expect(frames.find(0, all[0].frame.first)).toBeUndefined()
})

it('forgets what was not used for longest', () => {
  const frames = new RecentFrames()
  for (const first of [0, 1, 2]) frames.add(recent(0, first, first + 1, 5 * MB))
  frames.find(0, 0)
  frames.add(recent(1, 7, 8, 5 * MB))
  const here = [0, 1, 2].filter((offset) => frames.find(0, offset) !== undefined)
  expect(here).toEqual([0, 2])
  frames.add(recent(1, 9, 10, 40 * MB))
  expect(frames.find(1, 9)?.bytes).toBe(40 * MB)
  expect(frames.find(0, 0) ?? frames.find(0, 2) ?? frames.find(1, 7)).toBeUndefined()
})
