/** JOIN: ON, USING, CROSS, LATERAL, UNNEST and FOR SYSTEM_TIME AS OF. */

import { fail } from '../../engine/base/errors.ts'
import type { Expression, TableRef } from '../ast.ts'
import { makeFilter, makeProject } from '../logical/make.ts'
import { makeJoin } from '../logical/make-join.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { bindAsofJoin } from './bind-asof-join.ts'
import { bindLateral } from './bind-lateral.ts'
import { bindOn, isTrue } from './bind-on.ts'
import { joinOuterOn } from './bind-outer-on.ts'
import { bindTemporalJoin } from './bind-temporal-join.ts'
import { bindUnnest } from './bind-unnest.ts'
import { bindWhere } from './bind-where.ts'
import { hasSubquery } from './contains-call.ts'
import type { BindContext, Relation } from './context.ts'
import { type JoinRef, joinScopes } from './join-scope.ts'
import { columnExpr } from './scope.ts'
import { bindUsing, commonNames } from './using.ts'

export interface Joining {
  readonly context: BindContext
  readonly bindTableRef: (ref: TableRef, context: BindContext) => Relation
}

/** The rows of `left` joined with the right side. UNKNOWN_COLUMN, AMBIGUOUS_NAME, TYPE_MISMATCH at
 *  the condition; UNSUPPORTED for outer joins with a right side that depends on the left one. */
export function bindJoin(ref: JoinRef, left: Relation, joining: Joining): Relation {
  const { right, join } = ref
  const { context, bindTableRef } = joining
  if (ref.asof !== undefined) {
    refuseDependent(right)
    return bindAsofJoin(ref, left, bindTableRef(right, context), context)
  }
  if (right.kind === 'function') {
    const outer = outerOf(ref, 'UNNEST')
    refuseNames(ref, 'UNNEST')
    const rows = bindUnnest({ ref: right, left, outer, context })
    return withCondition(rows, ref, context, outer)
  }
  if (right.kind === 'query' && right.lateral) {
    refuseNames(ref, 'LATERAL')
    return bindLateral({ ref: right, left, outer: outerOf(ref, 'LATERAL'), on: ref.on, context })
  }
  if (right.kind === 'table' && right.asOf !== undefined) {
    const outer = outerOf(ref, 'FOR SYSTEM_TIME AS OF')
    const { asOf, ...table } = right
    const versions = bindTableRef(table, context)
    return bindTemporalJoin({ left, versions, outer, ref, asOf, context })
  }
  const other = bindTableRef(right, context)
  const scope = joinScopes(left, other, right.at)
  const using = ref.natural ? commonNames(left, other, ref.at) : ref.using
  if (using.length > 0) return bindUsing({ join, using }, left, other, scope)
  const kind = join === 'cross' ? 'inner' : join
  const pairs = makeJoin({ join: kind, left: left.node, right: other.node })
  if (ref.on === undefined) return { node: pairs, scope }
  if (kind === 'inner' && hasSubquery(ref.on)) return filteredPairs(ref.on, pairs, scope, context)
  if (kind !== 'inner' && hasSubquery(ref.on)) {
    const sides = { kind, left: left.node, right: other.node, scope }
    return { node: joinOuterOn(ref.on, sides, context), scope }
  }
  const on = bindOn(ref.on, { node: pairs, scope }, context)
  return { node: makeJoin({ join: kind, left: left.node, right: other.node, on }), scope }
}

/** The right side of an ASOF join stands for itself. */
function refuseDependent(right: TableRef): void {
  const depends = right.kind === 'function' || (right.kind === 'query' && right.lateral)
  if (!depends && (right.kind !== 'table' || right.asOf === undefined)) return
  fail('UNSUPPORTED', 'ASOF JOIN with a right side that depends on the left one', {
    at: right.at,
    hint: 'The right side can be a table, a view or a query.',
  })
}

/** An inner join whose condition asks subqueries: a filter over the pairs, which then finds its way
 *  into the join. */
function filteredPairs(
  on: Expression,
  pairs: LogicalNode,
  scope: Relation['scope'],
  context: BindContext,
): Relation {
  const { node } = bindWhere(on, { node: pairs, scope }, context, 'ON')
  const fields = fieldsOf(pairs)
  const own = fields.map((_, i) => columnExpr(node.schema, i))
  const isWider = fieldsOf(node).length > fields.length
  return { node: isWider ? makeProject(node, own, fields) : node, scope }
}

function refuseNames({ using, natural, at }: JoinRef, what: string): void {
  if (using.length === 0 && !natural) return
  fail('UNSUPPORTED', `${natural ? 'NATURAL JOIN' : 'USING'} with ${what} is not supported`, {
    at: using[0]?.at ?? at,
    hint: 'Write ON with an equality.',
  })
}

/** Whether rows without a partner stay. */
function outerOf({ join, right }: JoinRef, what: string): boolean {
  if (join === 'left') return true
  if (join === 'inner' || join === 'cross') return false
  return fail('UNSUPPORTED', `${join.toUpperCase()} JOIN with ${what} is not supported`, {
    at: right.at,
    hint: 'The right side depends on the left one: use JOIN or LEFT JOIN.',
  })
}

/** ON of an UNNEST: a filter, or TRUE for LEFT JOIN. */
function withCondition(
  rows: Relation,
  { on }: JoinRef,
  context: BindContext,
  outer: boolean,
): Relation {
  if (on === undefined) return rows
  const condition = bindOn(on, rows, context)
  if (isTrue(condition)) return rows
  if (outer) {
    fail('UNSUPPORTED', 'LEFT JOIN UNNEST takes ON TRUE only', { at: on.at })
  }
  return { ...rows, node: makeFilter(rows.node, condition) }
}
