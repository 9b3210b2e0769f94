/** A predicate as the list of conditions that all must hold. */

import { BOOLEAN } from '../../engine/batch/types.ts'
import type { Expr } from '../../engine/expr/ir.ts'

/** `a AND (b AND c)` is a, b, c. */
export const conjunctsOf = (predicate: Expr): readonly Expr[] =>
  predicate.kind === 'call' && predicate.name === 'AND'
    ? predicate.args.flatMap(conjunctsOf)
    : [predicate]

/** The inverse; undefined for no conditions. */
export const conjunction = (conditions: readonly Expr[]): Expr | undefined =>
  conditions.length === 0
    ? undefined
    : conditions.reduce((left, right) => ({
        kind: 'call',
        name: 'AND',
        type: BOOLEAN,
        args: [left, right],
        at: left.at,
      }))
