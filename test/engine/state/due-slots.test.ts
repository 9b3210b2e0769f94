import { expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { DueSlots } from '../../../engine/state/due-slots.ts'

test('slots come when their time has come, in the order of time, whoever had their number before', () => {
  for (const span of [50, 100_000, 2 ** 52]) {
    const r = random(span)
    const slots = new DueSlots()
    const dues = new Float64Array(6000)
    const waiting = new Set<number>()
    const free = Array.from(dues.keys())
    for (let now = 0, step = 0; step < 40; step++, now += span / 20) {
      for (let n = r.below(2 ** r.below(12)); n > 0 && free.length > 0; n--) {
        const slot = free.splice(r.below(free.length), 1)[0]
        dues[slot] = Math.floor(now + (r.below(1000) * span) / 1000)
        slots.put(slot, dues[slot])
        waiting.add(slot)
      }
      for (const slot of waiting) {
        if (r.below(4) === 0) dues[slot] += Math.floor(span / 7)
        else if (r.below(20) === 0) {
          slots.drop(slot)
          waiting.delete(slot)
          free.push(slot)
        }
      }
      const expected = [...waiting].filter((slot) => dues[slot] < now)
      expected.sort((a, b) => dues[a] - dues[b] || a - b)
      expect([...slots.take(now, dues)]).toEqual(expected)
      for (const slot of expected) {
        waiting.delete(slot)
        free.push(slot)
      }
      expect(slots.nextUs).toBeGreaterThanOrEqual(now)
    }
  }
})
