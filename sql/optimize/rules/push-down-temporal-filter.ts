/** Lets rows age out before a join keeps them: a condition on the passing of time moves to the side
 *  whose rows it is about. Not into a join that is bounded in time already, which relies on its
 *  inputs' watermarks. */

import { isDeterministic } from '../../../engine/expr/facts.ts'
import type { Expr } from '../../../engine/expr/ir.ts'
import { sideOf } from '../../logical/join-parts.ts'
import { makeProject } from '../../logical/make.ts'
import { makeJoin } from '../../logical/make-join.ts'
import { makeTemporalFilter } from '../../logical/make-rows.ts'
import {
  fieldsOf,
  type JoinNode,
  type LogicalNode,
  type TemporalFilterNode,
} from '../../logical/node.ts'
import { moveColumns, substituteSmall } from '../../logical/substitute.ts'
import { rebuild } from '../../logical/visit.ts'
import type { Rule } from '../rule.ts'

export const pushDownTemporalFilter: Rule = {
  name: 'push-down-temporal-filter',
  apply: pushAll,
}

function pushAll(node: LogicalNode): LogicalNode {
  const moved = node.kind === 'temporal-filter' ? push(node) : node
  return rebuild(moved, { input: pushAll })
}

function push(node: TemporalFilterNode): LogicalNode {
  const { input, from, until } = node
  const bounds = [from, until].flatMap((bound) => bound ?? [])
  if (input.kind === 'project') {
    if (!input.exprs.every(isDeterministic)) return node
    const inline = (bound: Expr | undefined) =>
      bound && substituteSmall(bound, (index) => input.exprs[index])
    const moved = { from: inline(from), until: inline(until) }
    if ([moved.from, moved.until].filter((bound) => bound !== undefined).length < bounds.length)
      return node
    const below = makeTemporalFilter(input.input, moved)
    return makeProject(below, input.exprs, fieldsOf(input))
  }
  if (input.kind !== 'join' || input.parts.interval !== undefined) return node
  const width = fieldsOf(input.left).length
  const end = width + fieldsOf(input.right).length
  const sides = new Set(bounds.map((bound) => sideOf(bound, width, end)))
  const [side] = sides
  return sides.size === 1 && side !== undefined ? into(input, node, side) : node
}

function into(join: JoinNode, node: TemporalFilterNode, side: 'left' | 'right'): LogicalNode {
  const keeps = side === 'left' ? join.join !== 'right' : ['inner', 'right'].includes(join.join)
  if (!keeps || join.join === 'full') return node
  const shift = side === 'left' ? 0 : fieldsOf(join.left).length
  const move = (bound: Expr | undefined) => bound && moveColumns(bound, (index) => index - shift)
  const parts = { from: move(node.from), until: move(node.until) }
  return makeJoin({ ...join, [side]: makeTemporalFilter(join[side], parts) })
}
