/** Aggregate calls and keys of an order: their expressions, read and replaced. */

import type { Expr } from '../../engine/expr/ir.ts'
import type { AggregateCall, SortKey } from '../../engine/operator/nodes.ts'

type Call = Pick<AggregateCall, 'args' | 'filter' | 'orderBy'>

/** A call with its expressions replaced. */
export const changeCall = <C extends Call>(call: C, expr: (expr: Expr) => Expr): C => ({
  ...call,
  args: call.args.map(expr),
  filter: call.filter && expr(call.filter),
  ...(call.orderBy && { orderBy: call.orderBy.map((key) => changeKey(key, expr)) }),
})

/** A key of an order with its expression replaced. */
export const changeKey = (key: SortKey, expr: (expr: Expr) => Expr): SortKey => ({
  ...key,
  expr: expr(key.expr),
})

/** All that a call reads. */
export const readByCall = ({ args, filter, orderBy = [] }: Call): readonly Expr[] => [
  ...args,
  ...(filter === undefined ? [] : [filter]),
  ...orderBy.map((key) => key.expr),
]
