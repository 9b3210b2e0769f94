/** Calls of aggregate functions: argument types, DISTINCT, FILTER. */

import { fail } from '../../engine/base/errors.ts'
import { isNestedType } from '../../engine/batch/nested-key.ts'
import { type DataType, partsOf, typeName } from '../../engine/batch/types.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { nullLiteral } from '../../engine/expr/literal.ts'
import { resolveCall, resolveCase } from '../../engine/expr/resolve.ts'
import type { AggregateFunction } from '../../engine/operator/aggregate/aggregate.ts'
import { findAggregate } from '../../engine/operator/aggregate/index.ts'
import { printCall } from '../../engine/operator/group/check-aggregates.ts'
import type { AggregateCall, SortKey } from '../../engine/operator/nodes.ts'
import { sameExprs } from '../logical/same-expr.ts'
import {
  asBoolean,
  bindExpression,
  type CallExpression,
  type ExpressionContext,
} from './bind-expression.ts'

/** Binds the call over the rows that are grouped; undefined if it is no aggregate. TYPE_MISMATCH,
 *  INVALID_AGGREGATE, UNSUPPORTED. */
export function bindAggregate(
  call: CallExpression,
  context: Omit<ExpressionContext, 'clause' | 'group'>,
): AggregateCall | undefined {
  const found = findAggregate(call.name.text.toUpperCase())
  if (found === undefined) return undefined
  const bind: Parts['bind'] = (expression, clause) =>
    bindExpression(expression, { ...context, clause })
  return bindCalledAggregate(found, call, {
    bind,
    condition: (filter) => asBoolean(bind(filter, 'FILTER'), 'FILTER'),
  })
}

const isDistinctCount = ({ name }: AggregateFunction, { distinct }: CallExpression): boolean =>
  name === 'COUNT' && distinct

/** Several values, and nested ones, are counted by their JSON, which tells them apart; where one of
 *  several is NULL the row does not count. */
function countedAs(args: readonly Expr[]): readonly Expr[] {
  if (args.length < 2 && !args.some(({ type }) => isNestedType(type))) return args
  // The order of a map's entries means nothing, but its JSON has one.
  if (args.length === 0 || args.some(({ type }) => hasMap(type))) return args
  const at = args[0].at
  const whole = args.length === 1 ? args[0] : resolveCall('ROW', args, at)
  const json = resolveCall('JSON_STRING', [whole], at)
  const missing = args.filter(isNullable).map((arg) => resolveCall('IS NULL', [arg], at))
  if (args.length === 1 || missing.length === 0) return [json]
  const isMissing = missing.reduce((a, b) => resolveCall('OR', [a, b], at))
  return [resolveCase([{ when: isMissing, then: nullLiteral(json.type) }], json, at)]
}

const hasMap = (type: DataType): boolean => type.kind === 'map' || partsOf(type).some(hasMap)

interface Parts {
  bind(expression: CallExpression['args'][number], clause: string): Expr
  condition(filter: CallExpression['args'][number]): Expr
}

/** The call of an aggregate that was found by its name. */
export function bindCalledAggregate(
  found: AggregateFunction,
  call: CallExpression,
  { bind, condition }: Parts,
): AggregateCall {
  const given = argumentsOf(call).map((arg) => bind(arg, `the arguments of ${found.name}`))
  const args = isDistinctCount(found, call) ? countedAs(given) : given
  return {
    name: found.name,
    args,
    distinct: call.distinct,
    filter: call.filter && condition(call.filter),
    ...orderOf(found, call, bind),
    type: resultOf(found, args, call),
  }
}

/** ORDER BY among the arguments; it says nothing where the answer has no order. */
function orderOf(
  found: AggregateFunction,
  { orderBy }: CallExpression,
  bind: Parts['bind'],
): Pick<AggregateCall, 'orderBy'> {
  if (orderBy.length === 0) return {}
  if (found.ordered !== true) {
    fail('INVALID_AGGREGATE', `${found.name} takes no ORDER BY: its answer has no order`, {
      at: orderBy[0].value.at,
      hint: 'LISTAGG, ARRAY_AGG, FIRST_VALUE and LAST_VALUE do.',
    })
  }
  return {
    orderBy: orderBy.map(({ value, descending, nullsFirst }) => ({
      expr: bind(value, `ORDER BY in ${found.name}`),
      descending,
      nullsFirst,
    })),
  }
}

/** COUNT(*) has no arguments. */
function argumentsOf({ name, args, distinct, at }: CallExpression): CallExpression['args'] {
  if (!args.some((arg) => arg.kind === 'star')) return args
  const isCount = name.text.toUpperCase() === 'COUNT' && args.length === 1 && !distinct
  if (isCount) return []
  return fail('INVALID_AGGREGATE', `${name.text.toUpperCase()}(*) is not an aggregate`, {
    at,
    hint: 'COUNT(*) is; the others take a value.',
  })
}

function resultOf(found: AggregateFunction, args: readonly Expr[], call: CallExpression) {
  // COUNT() without even a star would otherwise pass for COUNT(*).
  const type = call.args.length === 0 ? undefined : found.result(args.map((arg) => arg.type))
  if (type !== undefined) return type
  const types = args.map((arg) => typeName(arg.type)).join(', ')
  return fail('TYPE_MISMATCH', `${found.name} does not take (${types})`, {
    at: (args.length === 1 ? args[0].at : undefined) ?? call.at,
    hint: `For example ${found.example}.`,
  })
}

/** Whether the result can be NULL. Without keys there can be a group without rows. */
export function isAggregateNullable(call: AggregateCall, hasKeys: boolean): boolean {
  if (findAggregate(call.name)?.nullable === false) return false
  return !hasKeys || call.filter !== undefined || call.args.some(isNullable)
}

export const sameAggregate = (a: AggregateCall, b: AggregateCall): boolean =>
  a.name === b.name &&
  a.distinct === b.distinct &&
  sameExprs(a.args, b.args) &&
  sameExprs(a.filter ? [a.filter] : [], b.filter ? [b.filter] : []) &&
  sameOrder(a.orderBy ?? [], b.orderBy ?? [])

const sameOrder = (a: readonly SortKey[], b: readonly SortKey[]): boolean =>
  sameExprs(
    a.map((key) => key.expr),
    b.map((key) => key.expr),
  ) &&
  a.every(({ descending, nullsFirst }, i) => {
    return b[i].descending === descending && b[i].nullsFirst === nullsFirst
  })

/** The name of its column, for EXPLAIN: `SUM(delay)`. */
export const aggregateName = printCall
