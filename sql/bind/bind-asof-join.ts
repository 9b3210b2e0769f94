/** ASOF JOIN: each left row with the nearest right row on one side of it. */

import { fail, type Span } from '../../engine/base/errors.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import type { Expression } from '../ast.ts'
import { conjunction } from '../logical/conjuncts.ts'
import { makeAsofJoin, readAsof } from '../logical/make-asof.ts'
import { makeJoin } from '../logical/make-join.ts'
import { bindOn } from './bind-on.ts'
import type { BindContext, Relation } from './context.ts'
import { type JoinRef, joinScopes } from './join-scope.ts'

/** The comparison of the two sides stands in ON, or in MATCH_CONDITION: then rows without a match
 *  stay, as in Snowflake. INVALID_ARGUMENT if it is not one comparison beside equalities. */
export function bindAsofJoin(
  ref: JoinRef,
  left: Relation,
  right: Relation,
  context: BindContext,
): Relation {
  const { on, using, asof, at, join } = ref
  if (using.length > 0) {
    fail('UNSUPPORTED', 'USING with ASOF JOIN is not supported', {
      at: using[0].at,
      hint: 'Write ON a.k = b.k AND a.ts >= b.ts.',
    })
  }
  const scope = joinScopes(left, right, ref.right.at)
  const pairs = makeJoin({ join: 'inner', left: left.node, right: right.node })
  const bound = (part: Expression | undefined): Expr[] =>
    part === undefined ? [] : [bindOn(part, { node: pairs, scope }, context)]
  const condition =
    conjunction([...bound(asof?.match), ...bound(on)]) ??
    fail('SYNTAX', 'ASOF JOIN needs ON', { at, hint: HINT })
  checkCondition(condition, left, right, (asof?.match ?? on)?.at ?? at)
  const kind = join === 'left' || asof?.match !== undefined ? 'left' : 'inner'
  const node = makeAsofJoin({ join: kind, left: left.node, right: right.node, on: condition })
  return { node, scope }
}

const HINT =
  'One comparison says which row is nearest, beside equalities: ON a.k = b.k AND a.ts >= b.ts.'

function checkCondition(condition: Expr, left: Relation, right: Relation, at: Span): void {
  const { parts, rest } = readAsof(condition, left.node, right.node)
  if (parts === undefined) {
    fail('INVALID_ARGUMENT', 'ASOF JOIN needs a comparison (>=, >, <=, <) of the two sides', {
      at,
      hint: HINT,
    })
  }
  if (rest.length > 0) {
    fail('UNSUPPORTED', 'ASOF JOIN takes equalities and one comparison, nothing more', {
      at: rest[0].at ?? at,
      hint: 'Filter a side in a subquery, or the result in WHERE.',
    })
  }
}
