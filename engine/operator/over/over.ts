/** Window functions: OVER (PARTITION BY … ORDER BY … frame).
 *
 *  With a time column over append-only input a row is said once, when the watermark has passed its
 *  frame, in order of time; rows go when no later frame can hold them. Otherwise the answer is a
 *  changelog, and all rows are kept. In both cases a partition without news for `stateTtlUs` is
 *  forgotten. */

import { fail } from '../../base/errors.ts'
import { schemaOf } from '../../batch/schema.ts'
import { isTimestamp, typeName } from '../../batch/types.ts'
import { printExpr } from '../../expr/ir.ts'
import { checkCall, printCall } from '../group/check-aggregates.ts'
import type { OverCall, OverFrame, OverNode } from '../nodes.ts'
import { defineOperator, type InputInfo } from '../operator.ts'
import { checkOrdering, printOrder } from '../rank/rank.ts'
import { OverChanges } from './over-changes.ts'
import { constantOf, distanceOf } from './over-constants.ts'
import { overKindOf } from './over-function.ts'
import { rangeUnitOf } from './over-range.ts'
import { OverTime } from './over-time.ts'

export const over = defineOperator<'over', OverNode>({
  kind: 'over',
  inputs: 1,
  check(node, [input]) {
    checkOrdering(node.partitionBy, node.orderBy)
    if (node.timeColumn !== undefined) checkTime(node, input)
    for (const call of node.calls) checkOverCall(call, node)
  },
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: ({ timeColumn }) => timeColumn !== undefined,
  explain({ partitionBy, orderBy, calls, timeColumn }) {
    const by = partitionBy.length === 0 ? '' : ` by ${partitionBy.map(printExpr).join(', ')}`
    const when = timeColumn === undefined ? '' : ', once final'
    return `Over: ${calls.map(printOver).join(', ')}${by} order ${printOrder(orderBy)}${when}`
  },
  create(node, context) {
    const state =
      node.timeColumn === undefined ? new OverChanges(node, context) : new OverTime(node, context)
    return {
      batch: (_input, batch) => state.add(batch),
      watermark: (_input, watermarkUs, out) => state.watermark(watermarkUs, out),
      epoch: (out) => state.emit(out),
      actsAtUs: () => state.actsAtUs(),
      dueUs: () => state.dueUs(),
      snapshot: () => state.snapshot(),
      restore: (sections) => state.restore(sections),
      stateSize: () => state.stateSize(),
    }
  },
})

function checkTime({ timeColumn, orderBy }: OverNode, input: InputInfo): void {
  const [key, ...more] = orderBy
  const { name, type } = input.schema.fields[timeColumn!]
  if (!input.appendOnly) fail('UNSUPPORTED', 'OVER by event time needs append-only input')
  const isTime = key?.expr.kind === 'column' && key.expr.index === timeColumn && !key.descending
  if (!isTime || more.length > 0) {
    fail('INVALID_ARGUMENT', `OVER by event time is ordered by ${name} alone, ascending`)
  }
  if (!isTimestamp(type)) {
    fail('TYPE_MISMATCH', `Event time is a TIMESTAMP; ${name} is ${typeName(type)}`)
  }
}

function checkOverCall(call: OverCall, { orderBy }: OverNode): void {
  checkFrame(call, orderBy)
  const { name } = call
  switch (overKindOf(name)) {
    case 'rank':
      if (name === 'NTILE') constantOf(call, 0)
      return
    case 'shift':
      distanceOf(call)
      return
    case 'frame':
      if (name === 'NTH_VALUE') constantOf(call, 1)
      return
    case 'aggregate':
      checkCall(call)
  }
}

const isDistance = ({ from, to }: OverFrame): boolean =>
  [from, to].some((bound) => bound !== 0 && Number.isFinite(bound))

function checkFrame({ frame, name }: OverCall, orderBy: OverNode['orderBy']): void {
  if (!(frame.from <= frame.to) || frame.from === Infinity || frame.to === -Infinity) {
    fail('INVALID_ARGUMENT', `The frame of ${name} ends before it begins`)
  }
  if (frame.unit === 'rows' || !isDistance(frame)) return
  const type = orderBy.length === 1 ? orderBy[0].expr.type : undefined
  if (type !== undefined && rangeUnitOf(type) !== undefined) return
  fail(
    'TYPE_MISMATCH',
    `A RANGE frame with a distance needs one ORDER BY number, time or interval`,
    {
      at: orderBy[0]?.expr.at,
    },
  )
}

function printOver(call: OverCall): string {
  const { unit, from, to } = call.frame
  const bound = (distance: number, unbounded: string) => {
    if (!Number.isFinite(distance)) return `UNBOUNDED ${unbounded}`
    if (distance === 0) return 'CURRENT ROW'
    return `${Math.abs(distance)} ${distance < 0 ? 'PRECEDING' : 'FOLLOWING'}`
  }
  const frame = `${unit.toUpperCase()} ${bound(from, 'PRECEDING')} .. ${bound(to, 'FOLLOWING')}`
  const kind = overKindOf(call.name)
  return kind === 'rank' || kind === 'shift' ? printCall(call) : `${printCall(call)} ${frame}`
}
