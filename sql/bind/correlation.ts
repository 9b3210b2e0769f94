/** Correlation by equality: `inner expression = outer expression`. */

import type { Field } from '../../engine/batch/schema.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import { columnsOf, type Expr, printExpr } from '../../engine/expr/ir.ts'
import { sameExpr } from '../logical/same-expr.ts'
import { FIRST_PLACEHOLDER, readsOuter } from './placeholder.ts'

export interface Correlation {
  /** Over the subquery's columns only. */
  readonly inner: Expr
  /** The same condition with another expression for the inner one. */
  over(inner: Expr): Expr
}

/** The conditions as equalities; undefined if one is anything else: then the rows of different
 *  outer rows overlap, and no grouping keeps them apart. */
export function correlationOf(conditions: readonly Expr[]): Correlation[] | undefined {
  const found = conditions.flatMap((condition) => equality(condition) ?? [])
  return found.length === conditions.length ? found : undefined
}

/** undefined if the condition is no equality between the two sides. */
function equality(condition: Expr): Correlation | undefined {
  if (condition.kind !== 'call') return undefined
  if (condition.name !== '=' && condition.name !== 'IS NOT DISTINCT FROM') return undefined
  const place = condition.args.findIndex((arg) => !readsOuter(arg) && isInner(arg))
  const other = condition.args[1 - place]
  if (place < 0 || isInner(other)) return undefined
  const { args } = condition
  return {
    inner: args[place],
    over: (inner) => ({
      ...condition,
      args: place === 0 ? [inner, args[1]] : [args[0], inner],
    }),
  }
}

/** Whether the expression reads the subquery's own columns. */
const isInner = (expr: Expr): boolean =>
  [...columnsOf(expr)].some((column) => column < FIRST_PLACEHOLDER)

/** The keys with those of the correlation behind them, each once, and where the latter are. */
export function withKeys(
  keys: readonly Expr[],
  correlation: readonly Correlation[],
): { readonly all: readonly Expr[]; readonly places: readonly number[] } {
  const all = [...keys]
  const places = correlation.map(({ inner }) => {
    const known = all.findIndex((key) => sameExpr(key, inner))
    return known >= 0 ? known : all.push(inner) - 1
  })
  return { all, places }
}

/** The column of a grouping key. */
export const keyField = (key: Expr): Field => ({
  name: key.kind === 'column' ? key.name : printExpr(key),
  type: key.type,
  nullable: isNullable(key),
})
