import { expect, it } from 'vitest'
import { BIGINT } from '../../../../engine/batch/types.ts'
import type { Expr } from '../../../../engine/expr/ir.ts'
import { makeWindow, makeWindowAggregate } from '../../../../sql/logical/make.ts'
import type { LogicalNode } from '../../../../sql/logical/node.ts'
import { fuseWindow } from '../../../../sql/optimize/rules/fuse-window.ts'
import { call, col, filter, int, lines, project, scan, text } from '../plan-builder.ts'

const MINUTE = { kind: 'tumble', sizeUs: 60_000_000, offsetUs: 0 } as const
const window = () => makeWindow(scan(), MINUTE, 3)
const fused = (node: LogicalNode) => text(fuseWindow.apply(node))

/** MAX of `arg` by `key` and window over `input`. */
function grouped(input: LogicalNode, key: Expr, arg: Expr): LogicalNode {
  const start = col(input, 'window_start')
  const max = { name: 'MAX', args: [arg], distinct: false, type: BIGINT }
  return makeWindowAggregate(
    {
      input,
      window: MINUTE,
      timeColumn: start.kind === 'column' ? start.index : -1,
      keys: [key],
      aggregates: [max],
      windowColumns: ['window_start', 'window_end'],
    },
    [
      { name: 'k', type: key.type, nullable: true },
      { name: 'm', type: BIGINT, nullable: true },
      { name: 'window_start', type: start.type, nullable: false },
      { name: 'window_end', type: start.type, nullable: false },
    ],
  )
}

it('reads the event time itself', () => {
  const input = window()
  expect(fused(grouped(input, col(input, 'name'), col(input, 'b')))).toBe(
    lines(`
      WindowAggregate tumble(ts, 1 min) by name: MAX(b) -> window_start, window_end
        Scan t (name, a, b, ts)
    `),
  )
})

it('goes through a projection', () => {
  const input = window()
  const middle = project(input, {
    n: col(input, 'name'),
    c: call('+', col(input, 'b'), int(1)),
    window_start: col(input, 'window_start'),
    window_end: col(input, 'window_end'),
  })
  expect(fused(grouped(middle, col(middle, 'n'), col(middle, 'c')))).toBe(
    lines(`
      WindowAggregate tumble(ts, 1 min) by name: MAX((b + 1)) -> window_start, window_end
        Scan t (name, a, b, ts)
    `),
  )
})

it('keeps the window when an argument or a key reads its columns', () => {
  const input = window()
  const minute = call('MINUTE', col(input, 'window_start'))
  for (const node of [
    grouped(input, minute, col(input, 'b')),
    grouped(input, col(input, 'name'), minute),
  ]) {
    expect(fused(node)).toBe(text(node))
  }
})

it('keeps the window below a filter on its columns', () => {
  const input = filter(window(), call('IS NOT NULL', col(window(), 'window_end')))
  const node = grouped(input, col(input, 'name'), col(input, 'b'))
  expect(fused(node)).toBe(text(node))
})
