/** Column pruning through joins, set operations, ranking and the nodes that multiply rows. */

import { columnsOf, type Expr } from '../../../engine/expr/ir.ts'
import type { SortKey } from '../../../engine/operator/nodes.ts'
import { changeCall, readByCall } from '../../logical/change-call.ts'
import { makeProject } from '../../logical/make.ts'
import { makeAsofJoin } from '../../logical/make-asof.ts'
import { makeJoin, makeTemporalJoin } from '../../logical/make-join.ts'
import {
  inputColumnsOf,
  keepOutputs,
  makeMatch,
  matchPartsOf,
  moveMatch,
} from '../../logical/make-match.ts'
import { makeOver, makeRank, rankPartsOf } from '../../logical/make-order.ts'
import {
  makeExpand,
  makeProcessingTime,
  makeTemporalFilter,
  makeUnnest,
} from '../../logical/make-rows.ts'
import { makeSetOperation, makeUnion } from '../../logical/make-set.ts'
import { addedTo, fieldsOf, type LogicalNode, type WideNode } from '../../logical/node.ts'
import { moveColumns } from '../../logical/substitute.ts'
import { keptOf, type Pruned, placesOf, readBy, union, type Wanted } from './pruned.ts'

type Prune = (node: LogicalNode, wanted: Wanted) => Pruned

export function pruneWide(node: WideNode, wanted: Wanted, prune: Prune): Pruned {
  switch (node.kind) {
    case 'join':
    case 'temporal-join':
    case 'asof-join':
      return pruneJoin(node, wanted, prune)
    case 'union': {
      const kept = keptOf(node, wanted)
      const fields = kept.map((i) => fieldsOf(node)[i])
      const sides = [node.left, node.right].map((side) => exactly(side, kept, prune))
      return { node: makeUnion(sides[0], sides[1], fields), moved: placesOf(kept) }
    }
    case 'set-operation': {
      // Rows are compared as a whole, so every column is read.
      const all = fieldsOf(node).map((_, i) => i)
      const [left, right] = [node.left, node.right].map((side) => exactly(side, all, prune))
      const { operator, all: every } = node
      return { node: makeSetOperation({ operator, all: every, left, right }), moved: (c) => c }
    }
    case 'rank':
      return pruneRank(node, wanted, prune)
    case 'over':
      return pruneOver(node, wanted, prune)
    case 'expand': {
      const { input, moved } = below(node, wanted, node.keys, prune)
      const parts = { keys: node.keys.map((key) => moveColumns(key, moved)), sets: node.sets }
      return { node: makeExpand(input, parts, addedTo(node)), moved }
    }
    case 'unnest': {
      const { input, moved } = below(node, wanted, [node.value], prune)
      const { outer, ordinality } = node
      const parts = { value: moveColumns(node.value, moved), outer, ordinality }
      return { node: makeUnnest(input, parts, addedTo(node)), moved }
    }
    case 'temporal-filter': {
      const bounds = [node.from, node.until].flatMap((bound) => bound ?? [])
      const { node: input, moved } = prune(node.input, union(wanted, readBy(bounds)))
      const move = (bound: Expr | undefined) => bound && moveColumns(bound, moved)
      const parts = { from: move(node.from), until: move(node.until) }
      return { node: makeTemporalFilter(input, parts), moved }
    }
    case 'processing-time': {
      const { node: input, moved } = prune(node.input, union(wanted, new Set([node.timeColumn])))
      return { node: makeProcessingTime(input, moved(node.timeColumn)), moved }
    }
    case 'match':
      return pruneMatch(node, wanted, prune)
  }
}

/** Outputs that nobody reads are not made, and what only they read goes with them. */
function pruneMatch(
  node: Extract<WideNode, { kind: 'match' }>,
  wanted: Wanted,
  prune: Prune,
): Pruned {
  const kept = keptOf(node, wanted)
  const parts = keepOutputs(matchPartsOf(node), kept)
  const { node: input, moved } = prune(node.input, inputColumnsOf(parts))
  const fields = kept.map((i) => fieldsOf(node)[i])
  return { node: makeMatch(input, moveMatch(parts, moved), fields), moved: placesOf(kept) }
}

/** A side with exactly these columns, in this order. */
function exactly(side: LogicalNode, kept: readonly number[], prune: Prune): LogicalNode {
  const { node, moved } = prune(side, new Set(kept))
  const isSame = kept.length === fieldsOf(node).length && kept.every((c, i) => moved(c) === i)
  if (isSame) return node
  const fields = kept.map((column) => fieldsOf(side)[column])
  const exprs = kept.map(
    (column, i): Expr => ({ kind: 'column', index: moved(column), ...fields[i] }),
  )
  return makeProject(node, exprs, fields)
}

function pruneJoin(
  node: Extract<WideNode, { kind: 'join' | 'temporal-join' | 'asof-join' }>,
  wanted: Wanted,
  prune: Prune,
): Pruned {
  const width = fieldsOf(node.left).length
  const reads = union(wanted, node.on === undefined ? new Set() : columnsOf(node.on))
  if (node.kind === 'temporal-join' && node.time !== undefined) {
    reads.add(node.time.leftTime).add(width + node.time.rightTime)
  }
  const left = prune(node.left, new Set([...reads].filter((column) => column < width)))
  const right = prune(
    node.right,
    new Set([...reads].filter((column) => column >= width).map((column) => column - width)),
  )
  const narrow = fieldsOf(left.node).length
  const moved = (column: number) =>
    column < width ? left.moved(column) : narrow + right.moved(column - width)
  const sides = { left: left.node, right: right.node }
  if (node.kind === 'join') {
    const { join, nullAware, on } = node
    return {
      node: makeJoin({ ...sides, join, nullAware, on: on && moveColumns(on, moved) }),
      moved,
    }
  }
  if (node.kind === 'asof-join') {
    const { join, on } = node
    return { node: makeAsofJoin({ ...sides, join, on: moveColumns(on, moved) }), moved }
  }
  const time = node.time && {
    leftTime: left.moved(node.time.leftTime),
    rightTime: right.moved(node.time.rightTime),
  }
  const on = moveColumns(node.on, moved)
  return { node: makeTemporalJoin({ ...sides, join: node.join, on, time }), moved }
}

/** The input of a node that adds columns behind it, with what it reads. */
function below(
  node: Extract<WideNode, { kind: 'rank' | 'over' | 'expand' | 'unnest' }>,
  wanted: Wanted,
  reads: readonly Expr[],
  prune: Prune,
) {
  const width = fieldsOf(node.input).length
  const own = new Set([...wanted].filter((column) => column < width))
  const { node: input, moved } = prune(node.input, union(own, readBy(reads)))
  const narrow = fieldsOf(input).length
  return {
    input,
    moved: (column: number) => (column < width ? moved(column) : narrow + column - width),
  }
}

const keyExprs = (orderBy: readonly SortKey[]): Expr[] => orderBy.map((key) => key.expr)

const moveKeys = (orderBy: readonly SortKey[], moved: Pruned['moved']): SortKey[] =>
  orderBy.map((key) => ({ ...key, expr: moveColumns(key.expr, moved) }))

function pruneRank(
  node: Extract<WideNode, { kind: 'rank' }>,
  wanted: Wanted,
  prune: Prune,
): Pruned {
  const reads = [...node.partitionBy, ...keyExprs(node.orderBy)]
  const { input, moved } = below(node, wanted, reads, prune)
  const ranked = makeRank(input, {
    ...rankPartsOf(node),
    partitionBy: node.partitionBy.map((expr) => moveColumns(expr, moved)),
    orderBy: moveKeys(node.orderBy, moved),
    withRank: node.withRank && wanted.has(fieldsOf(node.input).length),
  })
  return { node: ranked, moved }
}

/** Calls that nobody reads are not computed; without any, neither is their order. */
function pruneOver(
  node: Extract<WideNode, { kind: 'over' }>,
  wanted: Wanted,
  prune: Prune,
): Pruned {
  const width = fieldsOf(node.input).length
  const kept = node.calls.flatMap((_, i) => (wanted.has(width + i) ? [i] : []))
  if (kept.length === 0) return prune(node.input, wanted)
  const calls = kept.map((i) => node.calls[i])
  const reads = calls.flatMap(readByCall)
  const { input, moved } = below(
    node,
    wanted,
    [...node.partitionBy, ...keyExprs(node.orderBy), ...reads],
    prune,
  )
  const move = (expr: Expr) => moveColumns(expr, moved)
  const over = makeOver(
    input,
    {
      partitionBy: node.partitionBy.map(move),
      orderBy: moveKeys(node.orderBy, moved),
      calls: calls.map((call) => changeCall(call, move)),
    },
    kept.map((i) => addedTo(node)[i]),
  )
  const narrow = fieldsOf(input).length
  return {
    node: over,
    moved: (column) => (column < width ? moved(column) : narrow + kept.indexOf(column - width)),
  }
}
