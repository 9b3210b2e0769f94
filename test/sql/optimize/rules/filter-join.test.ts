import { describe, expect, it } from 'vitest'
import type { Expr } from '../../../../engine/expr/ir.ts'
import type { JoinKind } from '../../../../engine/operator/nodes.ts'
import { makeJoin } from '../../../../sql/logical/make-join.ts'
import { fieldsOf, type LogicalNode } from '../../../../sql/logical/node.ts'
import { pushDownFilter } from '../../../../sql/optimize/rules/push-down-filter.ts'
import { call, filter, int, lines, scan, text } from '../plan-builder.ts'

/** Column `i` of a node. */
const at = (node: LogicalNode, index: number): Expr => ({
  kind: 'column',
  index,
  ...fieldsOf(node)[index],
})

/** Two readings of t on equal `a`: columns 0 to 3, then 4 to 7. */
function joined(join: JoinKind, more: (node: LogicalNode) => Expr[] = () => []): LogicalNode {
  const pairs = makeJoin({ join: 'inner', left: scan(), right: scan() })
  const on = [call('=', at(pairs, 1), at(pairs, 5)), ...more(pairs)].reduce((a, b) =>
    call('AND', a, b),
  )
  return makeJoin({ join, left: scan(), right: scan(), on })
}

const applied = (node: LogicalNode) => text(pushDownFilter.apply(node))

describe('a condition above a join', () => {
  it('goes to the side that it reads, or into the condition', () => {
    const node = joined('inner')
    const left = call('>', at(node, 2), int(1))
    const both = call('<', at(node, 2), at(node, 6))
    const right = call('<', at(node, 6), int(9))
    expect(applied(filter(node, call('AND', call('AND', left, both), right)))).toBe(
      lines(`
        Join inner on a = a where (b < b)
          Filter (b > 1)
            Scan t (name, a, b, ts)
          Filter (b < 9)
            Scan t (name, a, b, ts)
      `),
    )
  })

  it('stays above the side that can be missing', () => {
    const node = joined('left')
    const right = call('IS NULL', at(node, 6))
    const left = call('>', at(node, 2), int(1))
    expect(applied(filter(node, call('AND', right, left)))).toBe(
      lines(`
        Filter (b IS NULL)
          Join left on a = a
            Filter (b > 1)
              Scan t (name, a, b, ts)
            Scan t (name, a, b, ts)
      `),
    )
  })

  it('stays above a full join', () => {
    const node = joined('full')
    expect(applied(filter(node, call('>', at(node, 2), int(1))))).toMatch(/^Filter/)
  })
})

describe('a condition of ON', () => {
  const one = (column: number) => (node: LogicalNode) => [call('>', at(node, column), int(1))]

  it.each<[JoinKind, number, boolean]>([
    ['inner', 2, true],
    ['inner', 6, true],
    ['left', 2, false],
    ['left', 6, true],
    ['right', 2, true],
    ['right', 6, false],
    ['full', 2, false],
    ['full', 6, false],
    ['semi', 2, true],
    ['semi', 6, true],
    ['anti', 2, false],
    ['anti', 6, true],
  ])('of a %s join about column %i moves: %s', (join, column, moves) => {
    const plan = applied(joined(join, one(column)))
    expect(plan.includes('Filter')).toBe(moves)
    expect(plan.includes('where (b > 1)')).toBe(!moves)
  })
})
