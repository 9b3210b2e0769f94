import { expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { RowChains } from '../../../engine/state/row-chains.ts'

test('finds the rows of a stretch of time, the latest to come first', () => {
  const r = random(3)
  for (let round = 0; round < 20; round++) {
    const chains = new RowChains(true)
    const times = new Float64Array(2000)
    const heads = new Int32Array(3).fill(-1)
    const slots: number[][] = [[], [], []]
    const disorder = [1, 50, 5000][round % 3]
    for (let slot = 0; slot < times.length; slot++) {
      const group = r.below(10) === 0 ? 1 + r.below(2) : 0
      times[slot] = slot + r.below(disorder)
      chains.makeRoom(slot + 1)
      chains.link(heads, group, slot, times)
      slots[group].unshift(slot)
      if (slot % 97 !== 0) continue
      const fromUs = r.below(times.length)
      const toUs = fromUs + r.below(100)
      for (const [g, own] of slots.entries()) {
        const found: number[] = []
        let at = chains.seek(heads[g], fromUs, toUs, times)
        for (; at >= 0; at = chains.seek(chains.next[at], fromUs, toUs, times)) found.push(at)
        // What is too early may be among them, what is too late is not.
        const expected = own.filter((s) => times[s] >= fromUs && times[s] <= toUs)
        expect(found.filter((s) => times[s] >= fromUs)).toEqual(expected)
        expect(found.every((s) => times[s] <= toUs)).toBe(true)
      }
    }
    expect(chains.longest).toBe(Math.max(...slots.map(({ length }) => length)))
  }
})

test('jumps over many rows that are too late', () => {
  const chains = new RowChains(true)
  const count = 100_000
  const times = Float64Array.from({ length: count }, (_, slot) => slot)
  let asked = 0
  const counted = new Proxy(times, {
    get: (target, key) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) asked++
      return target[key as never]
    },
  })
  const heads = Int32Array.of(-1)
  chains.makeRoom(count)
  for (let slot = 0; slot < count; slot++) chains.link(heads, 0, slot, times)
  expect(chains.seek(heads[0], 7, 9, counted)).toBe(9)
  expect(asked).toBeLessThan(100)
})
