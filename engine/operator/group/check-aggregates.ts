/** What every aggregating operator asks of its node. */

import { fail } from '../../base/errors.ts'
import { isNestedType } from '../../batch/nested-key.ts'
import { typeName } from '../../batch/types.ts'
import { type Expr, printExpr } from '../../expr/ir.ts'
import type { AggregateFunction } from '../aggregate/aggregate.ts'
import { findAggregate } from '../aggregate/index.ts'
import type { AggregateCall } from '../nodes.ts'

/** Refuses too many keys, and calls that no aggregate can answer. */
export function checkAggregates(node: {
  keys: readonly { type: AggregateCall['type'] }[]
  aggregates: readonly AggregateCall[]
}): void {
  if (node.keys.length > 31) {
    fail('LIMIT_EXCEEDED', `GROUP BY takes at most 31 keys, not ${node.keys.length}`)
  }
  for (const call of node.aggregates) checkCall(call)
}

/** Refuses a call that no entry can answer. */
export function checkCall(call: AggregateCall): void {
  const entry = findAggregate(call.name) ?? fail('UNKNOWN_FUNCTION', `No aggregate ${call.name}`)
  const at = call.args[0]?.at
  if (call.distinct) checkDistinct(call, entry)
  if (call.orderBy !== undefined && call.orderBy.length > 0 && entry.ordered !== true) {
    fail('INVALID_ARGUMENT', `${call.name} does not take ORDER BY: its answer has no order`, { at })
  }
  const variable = call.args.slice(entry.constantsFrom ?? call.args.length).find(isVariable)
  if (variable !== undefined) {
    const place = call.args.indexOf(variable) + 1
    fail('INVALID_ARGUMENT', `Argument ${place} of ${call.name} must be a constant`, {
      at: variable.at,
    })
  }
  entry.check?.(call)
}

const isVariable = (expr: Expr): boolean => expr.kind !== 'literal'

function checkDistinct(call: AggregateCall, entry: AggregateFunction): void {
  if (call.args.length === 0) {
    fail('INVALID_ARGUMENT', `${call.name}(DISTINCT) needs an argument`)
  }
  if (entry.ignoresDistinct === true) return
  const [{ type, at }] = call.args
  if (isNestedType(type)) {
    fail('UNSUPPORTED', `${call.name}(DISTINCT …) of ${typeName(type)} is not supported`, {
      at,
      hint: 'Aggregate over SELECT DISTINCT.',
    })
  }
  if (call.orderBy?.some(({ expr }) => printExpr(expr) !== printExpr(call.args[0]))) {
    fail('INVALID_ARGUMENT', `${call.name}(DISTINCT …) can only be ordered by its argument`, {
      at: call.orderBy[0].expr.at,
    })
  }
}

/** `SUM(delay)` */
export function printCall({ name, args, filter, distinct, orderBy }: AggregateCall): string {
  const order = (orderBy ?? []).map(
    (key) => `${printExpr(key.expr)}${key.descending ? ' DESC' : ''}`,
  )
  const by = order.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`
  const list = args.length === 0 ? '*' : `${args.map(printExpr).join(', ')}${by}`
  const where = filter === undefined ? '' : ` FILTER (WHERE ${printExpr(filter)})`
  return `${name}(${distinct ? 'DISTINCT ' : ''}${list})${where}`
}
