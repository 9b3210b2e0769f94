import { expect, it } from 'vitest'
import { BIGINT } from '../../../../engine/batch/types.ts'
import { makeAggregate, makeSort, makeWindow } from '../../../../sql/logical/make.ts'
import { pushDownFilter } from '../../../../sql/optimize/rules/push-down-filter.ts'
import { call, col, filter, int, lines, project, scan, text } from '../plan-builder.ts'

const pushed = (node: Parameters<typeof text>[0]) => text(pushDownFilter.apply(node))

it('goes through a projection, with its expressions put in', () => {
  const below = project(scan(), { x: call('+', col(scan(), 'a'), int(1)), n: col(scan(), 'name') })
  expect(pushed(filter(below, call('>', col(below, 'x'), int(5))))).toBe(
    lines(`
      Project (a + 1) AS x, name AS n
        Filter ((a + 1) > 5)
          Scan t (name, a, b, ts)
    `),
  )
})

it('does not copy what reads the clock', () => {
  const below = project(scan(), { now: call('CURRENT_TIMESTAMP') })
  const node = filter(below, call('IS NOT NULL', col(below, 'now')))
  expect(pushed(node)).toBe(text(node))
})

it('passes a window unless it reads the window', () => {
  const below = makeWindow(scan(), { kind: 'tumble', sizeUs: 60_000_000, offsetUs: 0 }, 3)
  const own = call('>', col(below, 'a'), int(5))
  const windows = call('IS NOT NULL', col(below, 'window_start'))
  expect(pushed(filter(below, call('AND', own, windows)))).toBe(
    lines(`
      Filter (window_start IS NOT NULL)
        Window tumble(ts, 1 min)
          Filter (a > 5)
            Scan t (name, a, b, ts)
    `),
  )
})

it('passes an aggregate with conditions on keys only', () => {
  const input = scan()
  const count = { name: 'COUNT', args: [], distinct: false, type: BIGINT }
  const grouped = makeAggregate({ input, keys: [col(input, 'name')], aggregates: [count] }, [
    input.schema.fields[0],
    { name: 'n', type: BIGINT, nullable: false },
  ])
  const key = call('=', col(grouped, 'name'), col(grouped, 'name'))
  const value = call('>', col(grouped, 'n'), int(5))
  expect(pushed(filter(grouped, call('AND', key, value)))).toBe(
    lines(`
      Filter (n > 5)
        Aggregate by name: COUNT(*)
          Filter (name = name)
            Scan t (name, a, b, ts)
    `),
  )
})

it('leaves a global aggregate alone: it has a row even without input', () => {
  const count = { name: 'COUNT', args: [], distinct: false, type: BIGINT }
  const grouped = makeAggregate({ input: scan(), keys: [], aggregates: [count] }, [
    { name: 'n', type: BIGINT, nullable: false },
  ])
  for (const condition of [call('>', col(grouped, 'n'), int(5)), call('>', int(1), int(2))]) {
    const node = filter(grouped, condition)
    expect(pushed(node)).toBe(text(node))
  }
})

it('joins neighbours, first conditions first', () => {
  const inner = filter(scan(), call('<>', col(scan(), 'a'), int(0)))
  expect(pushed(filter(inner, call('>', call('/', int(1), col(inner, 'a')), int(2))))).toBe(
    lines(`
      Filter ((a <> 0) AND ((1 / a) > 2))
        Scan t (name, a, b, ts)
    `),
  )
})

it('does not pass LIMIT', () => {
  const node = filter(makeSort(scan(), { keys: [], limit: 3 }), call('>', col(scan(), 'a'), int(5)))
  expect(pushed(node)).toBe(text(node))
})
