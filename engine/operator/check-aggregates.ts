/** What every aggregating operator asks of its node. */

import { fail } from '../base/errors.ts'
import { printExpr } from '../expr/ir.ts'
import { findAggregate } from './aggregate/index.ts'
import { keyArrays } from './group-keys.ts'
import type { AggregateCall } from './nodes.ts'
import type { InputInfo } from './operator.ts'

/** Refuses keys that cannot be hashed and aggregates that cannot run on this input. */
export function checkAggregates(
  node: { keys: readonly { type: AggregateCall['type'] }[]; aggregates: readonly AggregateCall[] },
  input: InputInfo,
): void {
  if (node.keys.length > 31) {
    fail('LIMIT_EXCEEDED', `GROUP BY takes at most 31 keys, not ${node.keys.length}`)
  }
  for (const key of node.keys) keyArrays(key.type)
  for (const call of node.aggregates) {
    const entry = findAggregate(call.name) ?? fail('UNKNOWN_FUNCTION', `No aggregate ${call.name}`)
    const at = call.args[0]?.at
    if (call.distinct) {
      fail('UNSUPPORTED', `${call.name}(DISTINCT …) is not supported yet`, {
        at,
        hint: 'Group by the value in a subquery first, then aggregate.',
      })
    }
    if (!input.appendOnly && !entry.retractable) {
      fail('UNSUPPORTED', `${call.name} over an updating input is not supported yet`, {
        at,
        hint: 'It works over append-only input: a stream, or a window result emitted on close.',
      })
    }
  }
}

/** `SUM(delay)` */
export function printCall({ name, args, filter, distinct }: AggregateCall): string {
  const list = args.length === 0 ? '*' : args.map(printExpr).join(', ')
  const where = filter === undefined ? '' : ` FILTER (WHERE ${printExpr(filter)})`
  return `${name}(${distinct ? 'DISTINCT ' : ''}${list})${where}`
}
