/** FOR SYSTEM_TIME AS OF: each left row with what the right side was at its time. */

import { fail } from '../../base/errors.ts'
import { schemaOf } from '../../batch/schema.ts'
import { isTimestamp, typeName } from '../../batch/types.ts'
import { printExpr } from '../../expr/ir.ts'
import type { TemporalJoinNode } from '../nodes.ts'
import { defineOperator, type InputInfo } from '../operator.ts'
import { checkJoinKeys } from './join-keys.ts'
import { keptJoin } from './kept-join.ts'
import { EventTimeJoin } from './temporal-join-event.ts'
import { ProcessingTimeJoin } from './temporal-join-processing.ts'

/** See temporal-join-event.ts and temporal-join-processing.ts for state, delta and cost. */
export const temporalJoin = defineOperator<'temporal-join', TemporalJoinNode>({
  kind: 'temporal-join',
  inputs: 2,
  check: checkTemporalJoin,
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: (_node, [left]) => left.appendOnly,
  explain({ join, time, leftKeys, rightKeys, condition }) {
    const keys = leftKeys.map((key, i) => `${printExpr(key)} = ${printExpr(rightKeys[i])}`)
    const residual = condition === undefined ? [] : [printExpr(condition)]
    return `TemporalJoin: ${join} in ${time.kind} time on ${[...keys, ...residual].join(' AND ')}`
  },
  create: (node, context) =>
    node.time.kind === 'event'
      ? new EventTimeJoin(node, node.time, context)
      : keptJoin(node, context, (...parts) => new ProcessingTimeJoin(...parts)),
})

function checkTemporalJoin(node: TemporalJoinNode, [left, right]: readonly InputInfo[]): void {
  checkJoinKeys(node.leftKeys, node.rightKeys)
  const { time } = node
  if (time.kind === 'processing') return
  for (const { name, type } of [
    left.schema.fields[time.leftTime],
    right.schema.fields[time.rightTime],
  ]) {
    if (!isTimestamp(type)) {
      fail('TYPE_MISMATCH', `A temporal join needs a TIMESTAMP; ${name} is ${typeName(type)}`)
    }
  }
}
