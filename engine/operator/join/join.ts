/** Joins of two inputs, of every kind, over any mix of append-only and updating inputs. */

import { schemaOf } from '../../batch/schema.ts'
import { printExpr } from '../../expr/ir.ts'
import type { JoinNode } from '../nodes.ts'
import { defineOperator } from '../operator.ts'
import { ChangeJoin } from './join-changes.ts'
import { DirectJoin } from './join-direct.ts'
import { checkJoin, joinAppends, joinPlan } from './join-plan.ts'

/** See join-direct.ts for append-only inner joins and join-changes.ts for all others: their state,
 *  their delta and their cost. */
export const join = defineOperator<'join', JoinNode>({
  kind: 'join',
  inputs: 2,
  check: checkJoin,
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: joinAppends,
  explain(node) {
    const { leftKeys, rightKeys, nullSafe, condition, interval, nullAware } = node
    const keys = leftKeys.map((key, i) => {
      const equals = nullSafe[i] ? 'IS NOT DISTINCT FROM' : '='
      return `${printExpr(key)} ${equals} ${printExpr(rightKeys[i])}`
    })
    const residual = condition === undefined ? [] : [printExpr(condition)]
    const on = [...keys, ...residual].join(' AND ') || 'every pair'
    const time =
      interval === undefined
        ? ''
        : ` within [${interval.lowerUs / 1e6} s, ${interval.upperUs / 1e6} s]`
    return `Join: ${node.join}${nullAware ? ' (NOT IN)' : ''} on ${on}${time}`
  },
  create(node, context) {
    const plan = joinPlan(node, context.inputs)
    const isDirect = node.join === 'inner' && plan.appendOnly
    return isDirect ? new DirectJoin(plan, context) : new ChangeJoin(plan, context)
  },
})
