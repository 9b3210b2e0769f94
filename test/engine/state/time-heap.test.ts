import { expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { TimeHeap } from '../../../engine/state/time-heap.ts'

test('gives slots by time, the lowest slot first among equal times', () => {
  const r = random(7)
  const heap = new TimeHeap()
  const rest: { time: number; slot: number }[] = []
  for (let step = 0; step < 5000; step++) {
    if (rest.length > 0 && r.below(5) < 2) {
      rest.sort((a, b) => a.time - b.time || a.slot - b.slot)
      const [first] = rest.splice(0, 1)
      expect([heap.firstUs, heap.firstSlot]).toEqual([first.time, first.slot])
      heap.pop()
    } else {
      const entry = { time: r.below(200) - 100, slot: step }
      rest.push(entry)
      heap.push(entry.time, entry.slot)
    }
    expect(heap.size).toBe(rest.length)
  }
})

test('is empty at Infinity', () => {
  const heap = new TimeHeap()
  expect(heap.firstUs).toBe(Infinity)
  heap.push(-5, 1)
  heap.clear()
  expect(heap.firstUs).toBe(Infinity)
})
