/** Rebuilding joins, set operations, ranking and the nodes that multiply rows. */

import { unreachable } from '../../engine/base/assert.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import type { SortKey } from '../../engine/operator/nodes.ts'
import { changeCall, changeKey } from './change-call.ts'
import { makeAsofJoin } from './make-asof.ts'
import { makeJoin, makeTemporalJoin } from './make-join.ts'
import { changeMatch, makeMatch, matchPartsOf } from './make-match.ts'
import { makeOver, makeRank, rankPartsOf } from './make-order.ts'
import { makeExpand, makeProcessingTime, makeTemporalFilter, makeUnnest } from './make-rows.ts'
import { makeSetOperation, makeUnion } from './make-set.ts'
import { addedTo, fieldsOf, type LogicalNode, type WideNode } from './node.ts'

/** What becomes of a node's parts when it is rebuilt. */
export interface Rebuild {
  input(node: LogicalNode): LogicalNode
  expr(expr: Expr): Expr
}

/** As `rebuild`, which this is a part of. */
export function rebuildWide(node: WideNode, { input, expr }: Rebuild): LogicalNode {
  const onKey = (key: SortKey) => changeKey(key, expr)
  switch (node.kind) {
    case 'join':
    case 'temporal-join':
    case 'asof-join':
      return rebuildJoin(node, { input, expr })
    case 'union':
      return makeUnion(input(node.left), input(node.right), fieldsOf(node))
    case 'set-operation':
      return makeSetOperation({
        operator: node.operator,
        all: node.all,
        left: input(node.left),
        right: input(node.right),
      })
    case 'rank':
      return makeRank(input(node.input), {
        ...rankPartsOf(node),
        partitionBy: node.partitionBy.map(expr),
        orderBy: node.orderBy.map(onKey),
      })
    case 'over':
      return makeOver(
        input(node.input),
        {
          partitionBy: node.partitionBy.map(expr),
          orderBy: node.orderBy.map(onKey),
          calls: node.calls.map((call) => changeCall(call, expr)),
        },
        fieldsOf(node).slice(-node.calls.length),
      )
    case 'expand': {
      const keys = node.keys.map(expr)
      return makeExpand(input(node.input), { keys, sets: node.sets }, addedTo(node))
    }
    case 'unnest': {
      const { outer, ordinality } = node
      const value = expr(node.value)
      return makeUnnest(input(node.input), { value, outer, ordinality }, addedTo(node))
    }
    case 'temporal-filter': {
      const { from, until } = node
      return makeTemporalFilter(input(node.input), {
        from: from && expr(from),
        until: until && expr(until),
      })
    }
    case 'processing-time':
      return makeProcessingTime(input(node.input), node.timeColumn)
    case 'match':
      return makeMatch(input(node.input), changeMatch(matchPartsOf(node), expr), fieldsOf(node))
    default:
      return unreachable(node)
  }
}

type AnyJoin = Extract<WideNode, { kind: 'join' | 'temporal-join' | 'asof-join' }>

function rebuildJoin(node: AnyJoin, { input, expr }: Rebuild): LogicalNode {
  const [left, right] = [input(node.left), input(node.right)]
  switch (node.kind) {
    case 'join': {
      const { join, on, nullAware } = node
      return makeJoin({ join, left, right, on: on && expr(on), nullAware })
    }
    case 'temporal-join': {
      const { join, on, time } = node
      return makeTemporalJoin({ join, left, right, on: expr(on), time })
    }
    case 'asof-join':
      return makeAsofJoin({ join: node.join, left, right, on: expr(node.on) })
  }
}
