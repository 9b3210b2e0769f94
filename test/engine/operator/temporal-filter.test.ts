import { describe, expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { BIGINT, TIMESTAMP_LTZ, VARCHAR } from '../../../engine/batch/types.ts'
import type { TemporalFilterNode } from '../../../engine/operator/nodes.ts'
import { seedOf } from '../../seed.ts'
import { columnOf, drive, fields, lines } from './run.ts'

const input = fields({ s: VARCHAR, a: TIMESTAMP_LTZ, b: TIMESTAMP_LTZ })
const between: TemporalFilterNode = { from: columnOf(input, 'a'), until: columnOf(input, 'b') }
const SECOND = 1_000_000
const at = (seconds: number) => `${new Date(seconds * 1000).toISOString()}`
const row = (s: string, a: number | null, b: number | null) =>
  `${s} ${a === null ? 'NULL' : at(a)} ${b === null ? 'NULL' : at(b)}`

test('rows come in and go out as the clock passes their bounds', () => {
  let op = drive('temporal-filter', between, input)
  op.batch(`${row('now', -5, 10)}\n ${row('soon', 5, 20)}\n ${row('never', 9, 9)}`)
  expect(op.epoch(0)).toBe(`+ ${row('now', -5, 10)}`)
  expect(op.operator.dueUs!()).toBe(5 * SECOND)
  expect(op.epoch(5 * SECOND - 1)).toBe('')
  op = op.restarted()
  expect(op.epoch(5 * SECOND)).toBe(`+ ${row('soon', 5, 20)}`)
  expect(op.epoch(10 * SECOND)).toBe(`- ${row('now', -5, 10)}`)
  expect(op.operator.dueUs!()).toBe(20 * SECOND)
  expect(op.epoch(30 * SECOND)).toBe(`- ${row('soon', 5, 20)}`)
  expect(op.operator.stateSize().rows).toBe(0)
  expect(op.operator.dueUs!()).toBe(Infinity)
})

test('NULL bounds are open; rows with nothing ahead are not kept', () => {
  const op = drive('temporal-filter', { from: between.from }, input)
  op.batch(`${row('old', 0, 0)}\n ${row('any', null, 0)}\n ${row('new', 7, 0)}`)
  expect(op.epoch(5 * SECOND)).toBe(lines(`${row('old', 0, 0)}\n ${row('any', null, 0)}`))
  expect(op.operator.stateSize().rows).toBe(1)
  expect(op.epoch(7 * SECOND)).toBe(row('new', 7, 0))
  expect(op.operator.stateSize().rows).toBe(0)
})

test('a retraction takes back a row that is in, waits, or has gone', () => {
  const op = drive('temporal-filter', between, input, { changelog: true })
  op.batch(`+ ${row('in', 0, 10)}\n + ${row('waits', 5, 10)}\n + ${row('gone', 0, 1)}`)
  op.epoch(0)
  op.epoch(2 * SECOND)
  op.batch(`- ${row('in', 0, 10)}\n - ${row('waits', 5, 10)}\n - ${row('gone', 0, 1)}`)
  expect(op.epoch(2 * SECOND)).toBe(`- ${row('in', 0, 10)}`)
  expect(op.epoch(20 * SECOND)).toBe('')
  op.batch(`- ${row('x', 0, 90)}\n + ${row('x', 0, 90)}`)
  expect(op.epoch(20 * SECOND)).toBe('')
  expect(op.operator.stateSize().rows).toBe(0)
})

test('the watermark follows the rows', () => {
  const op = drive('temporal-filter', between, input)
  op.watermark(5)
  expect(op.watermarks).toEqual([])
  op.epoch(0)
  expect(op.watermarks).toEqual([5])
})

describe('at random', () => {
  function runCase(seed: number): void {
    const r = random(seed)
    let op = drive('temporal-filter', between, input, { changelog: true })
    const rows: [string, number | null, number | null][] = []
    const sums = new Map<string, number>()
    let now = 0
    for (let epoch = 0; epoch < 12; epoch++) {
      for (let n = r.below(6); n > 0; n--) {
        if (rows.length > 0 && r.below(3) === 0) {
          const [gone] = rows.splice(r.below(rows.length), 1)
          op.batch(`- ${row(...gone)}`)
          continue
        }
        const bound = () => (r.below(5) === 0 ? null : now + r.below(14) - 5)
        const fresh: [string, number | null, number | null] = ['xy'[r.below(2)], bound(), bound()]
        rows.push(fresh)
        op.batch(`+ ${row(...fresh)}`)
      }
      now += r.below(6)
      for (const line of op
        .epoch(now * SECOND)
        .split('\n')
        .filter((text) => text !== '')) {
        const [sign, ...rest] = line.split(' ')
        const weight = Number(`${sign[0]}${sign.slice(1) || 1}`)
        const text = rest.join(' ')
        sums.set(text, (sums.get(text) ?? 0) + weight)
        if (sums.get(text) === 0) sums.delete(text)
      }
      const expected = new Map<string, number>()
      for (const [s, a, b] of rows) {
        if ((a ?? -Infinity) > now || now >= (b ?? Infinity)) continue
        expected.set(row(s, a, b), (expected.get(row(s, a, b)) ?? 0) + 1)
      }
      expect([...sums].sort(), `epoch ${epoch} of seed ${seed}`).toEqual([...expected].sort())
      if (r.below(3) === 0) op = op.restarted()
    }
  }

  test('equals the rows that are in by the clock', () => {
    const first = seedOf('temporal filter')
    const count = process.env.MILLRACE_LONG === undefined ? 200 : 4000
    for (let seed = first; seed < first + count; seed++) runCase(seed)
  })
})

test('state stays flat over a long run', () => {
  const n = fields({ n: BIGINT, a: TIMESTAMP_LTZ })
  const op = drive('temporal-filter', { until: columnOf(n, 'a') }, n)
  for (let second = 0; second < 5000; second++) {
    op.batch(`${second} ${at(second + 10)}`)
    op.epoch(second * SECOND)
    expect(op.operator.stateSize().rows).toBeLessThan(12)
  }
  expect(op.operator.stateSize().bytes).toBeLessThan(500_000)
})
