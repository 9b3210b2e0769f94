/** Conditions around a join: each goes to the side whose columns it reads, or into the join, where
 *  it can become a key or a bound in time. */

import { isDeterministic } from '../../../engine/expr/facts.ts'
import type { Expr } from '../../../engine/expr/ir.ts'
import { conjunction, conjunctsOf } from '../../logical/conjuncts.ts'
import { sideOf } from '../../logical/join-parts.ts'
import { makeFilter } from '../../logical/make.ts'
import { makeAsofJoin } from '../../logical/make-asof.ts'
import { makeJoin, makeTemporalJoin } from '../../logical/make-join.ts'
import {
  type AsofJoinNode,
  fieldsOf,
  type JoinNode,
  type LogicalNode,
  type TemporalJoinNode,
} from '../../logical/node.ts'
import { moveColumns } from '../../logical/substitute.ts'

/** Which sides of a join a condition above it may go to: those that are not made up of NULLs for
 *  rows without a partner. */
const KEPT: Readonly<Record<JoinNode['join'], readonly ('left' | 'right')[]>> = {
  inner: ['left', 'right'],
  left: ['left'],
  right: ['right'],
  full: [],
  semi: ['left'],
  anti: ['left'],
}

/** Likewise for a condition of ON: those whose rows without a partner do not stay. */
const DROPPED: Readonly<Record<JoinNode['join'], readonly ('left' | 'right')[]>> = {
  inner: ['left', 'right'],
  left: ['right'],
  right: ['left'],
  full: [],
  semi: ['left', 'right'],
  anti: ['right'],
}

interface Split {
  readonly left: Expr[]
  /** Over the right side's own columns. */
  readonly right: Expr[]
  readonly rest: Expr[]
}

function split(
  conditions: readonly Expr[],
  { left, right }: Pick<JoinNode, 'left' | 'right'>,
  sides: readonly ('left' | 'right')[],
): Split {
  const width = fieldsOf(left).length
  const end = width + fieldsOf(right).length
  const found: Split = { left: [], right: [], rest: [] }
  for (const condition of conditions) {
    const side = isDeterministic(condition) ? sideOf(condition, width, end) : undefined
    if (side === undefined || !sides.includes(side)) found.rest.push(condition)
    else if (side === 'left') found.left.push(condition)
    else found.right.push(moveColumns(condition, (index) => index - width))
  }
  return found
}

function filtered(node: LogicalNode, conditions: readonly Expr[]): LogicalNode {
  const predicate = conjunction(conditions)
  return predicate === undefined ? node : makeFilter(node, predicate)
}

/** The join under a filter of these conditions. */
export function filterJoin(
  node: JoinNode | TemporalJoinNode | AsofJoinNode,
  conditions: readonly Expr[],
): LogicalNode {
  // Only rows of the left side can be dropped before another row is looked up for them.
  const sides = node.kind === 'join' ? KEPT[node.join] : (['left'] as const)
  const { left, right, rest } = split(conditions, node, sides)
  const inputs = { left: filtered(node.left, left), right: filtered(node.right, right) }
  if (node.kind === 'temporal-join') {
    const { join, on, time } = node
    return filtered(makeTemporalJoin({ ...inputs, join, on, time }), rest)
  }
  if (node.kind === 'asof-join') {
    const { join, on } = node
    return filtered(makeAsofJoin({ ...inputs, join, on }), rest)
  }
  const inside = node.join === 'inner' ? rest.filter(isDeterministic) : []
  const on = conjunction([...(node.on === undefined ? [] : [node.on]), ...inside])
  const { join, nullAware } = node
  return filtered(
    makeJoin({ ...inputs, join, nullAware, on }),
    rest.filter((condition) => !inside.includes(condition)),
  )
}

/** The join with those conditions of ON that read one side only on that side. */
export function narrowJoin(node: JoinNode): JoinNode {
  const { join, nullAware } = node
  if (node.on === undefined || nullAware) return node
  const { left, right, rest } = split(conjunctsOf(node.on), node, DROPPED[join])
  if (left.length === 0 && right.length === 0) return node
  const inputs = { left: filtered(node.left, left), right: filtered(node.right, right) }
  return makeJoin({ ...inputs, join, nullAware, on: conjunction(rest) })
}
