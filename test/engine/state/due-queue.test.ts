import { expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { DueQueue } from '../../../engine/state/due-queue.ts'

test('items come when their time has come, wherever they were put in', () => {
  const queue = new DueQueue<number>()
  const r = random(5)
  const times = Array.from({ length: 1000 }, () => r.below(500))
  for (const [i, time] of times.entries()) queue.push(time, i)
  for (let now = 0; now <= 500; now += 50) {
    const taken = queue.take(now, (i) => times[i])
    expect(taken.map((i) => times[i]).every((time) => time < now && time >= now - 50)).toBe(true)
  }
  expect(queue.size).toBe(0)
})

test('an item that became due later is put back; one that is gone is not given', () => {
  const queue = new DueQueue<string>()
  const due = new Map<string, number | undefined>([
    ['late', 90],
    ['gone', undefined],
    ['now', 10],
  ])
  for (const item of due.keys()) queue.push(10, item)
  expect(queue.take(11, (item) => due.get(item))).toEqual(['now'])
  expect(queue.nextUs).toBe(90)
  expect(queue.take(91, (item) => due.get(item))).toEqual(['late'])
})
