/** ASOF JOIN: each left row with the right row of its key whose value is nearest on one side. */

import { fail } from '../../base/errors.ts'
import { schemaOf } from '../../batch/schema.ts'
import { isTimestamp, sameType, typeName } from '../../batch/types.ts'
import { printExpr } from '../../expr/ir.ts'
import type { AsofJoinNode, TemporalJoinNode } from '../nodes.ts'
import { defineOperator, type InputInfo } from '../operator.ts'
import { AsofChanges } from './asof-join-changes.ts'
import { checkJoinKeys } from './join-keys.ts'
import { EventTimeJoin } from './temporal-join-event.ts'

const appends = ({ time }: AsofJoinNode, inputs: readonly InputInfo[]): boolean =>
  time !== undefined && inputs.every((input) => input.appendOnly)

/** See asof-join-changes.ts for state, delta and cost. Append-only inputs by their times, looked
 *  back, are what a temporal join does. */
export const asofJoin = defineOperator<'asof-join', AsofJoinNode>({
  kind: 'asof-join',
  inputs: 2,
  check: checkAsofJoin,
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: appends,
  explain({ join, comparison, leftKeys, rightKeys, leftValue, rightValue, time }) {
    const keys = leftKeys.map((key, i) => `${printExpr(key)} = ${printExpr(rightKeys[i])}`)
    const nearest = `${printExpr(leftValue)} ${comparison} ${printExpr(rightValue)}`
    const by = time === undefined ? '' : ' by event time'
    return `AsofJoin: ${join} on ${[...keys, nearest].join(' AND ')}${by}`
  },
  create(node, context) {
    const { comparison, time } = node
    const isVersions = appends(node, context.inputs) && comparison.startsWith('>')
    if (!isVersions || time === undefined) return new AsofChanges(node, context)
    const { join, leftKeys, rightKeys, nullSafe, fields } = node
    const asOf = { kind: 'event', ...time } as const
    const versions: TemporalJoinNode = {
      ...{ join, leftKeys, rightKeys, nullSafe, fields, time: asOf },
      before: comparison === '>',
      ties: 'greatest',
    }
    return new EventTimeJoin(versions, asOf, context)
  },
})

function checkAsofJoin(node: AsofJoinNode, [left, right]: readonly InputInfo[]): void {
  checkJoinKeys(node.leftKeys, node.rightKeys)
  const { leftValue, rightValue, time } = node
  if (!sameType(leftValue.type, rightValue.type)) {
    const types = `${typeName(leftValue.type)} and ${typeName(rightValue.type)}`
    fail('TYPE_MISMATCH', `An ASOF join compares values of different types: ${types}`)
  }
  if (time === undefined) return
  for (const { name, type } of [
    left.schema.fields[time.leftTime],
    right.schema.fields[time.rightTime],
  ]) {
    if (!isTimestamp(type)) {
      fail('TYPE_MISMATCH', `An ASOF join by time needs a TIMESTAMP; ${name} is ${typeName(type)}`)
    }
  }
}
