/** LATERAL: a subquery in FROM that reads columns of the tables before it. It is planned once, for
 *  all of their rows together, and joined to them. */

import { fail } from '../../engine/base/errors.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import type { Expression, TableRef } from '../ast.ts'
import { makeFilter, makeProject } from '../logical/make.ts'
import { makeJoin } from '../logical/make-join.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { bindOn, isTrue } from './bind-on.ts'
import type { BindContext, Relation } from './context.ts'
import { decorrelate, isCorrelated } from './decorrelate.ts'
import { joinScopes } from './join-scope.ts'
import {
  asJoined,
  joinLifted,
  outputsOver,
  overJoin,
  type Subquery,
  withMarker,
} from './join-subquery.ts'
import { relationOf, withAlias } from './relation.ts'
import { columnExpr } from './scope.ts'

interface LateralParts {
  readonly ref: Extract<TableRef, { kind: 'query' }>
  readonly left: Relation
  /** Left rows without a partner stay. */
  readonly outer: boolean
  readonly on: Expression | undefined
  readonly context: BindContext
}

export function bindLateral({ ref, left, outer, on, context }: LateralParts): Relation {
  const { scope, node: rows } = left
  const { node } = context.bindQuery(ref.query, {
    ...context,
    depth: context.depth + 1,
    outer: { scope, schema: rows.schema, outer: context.outer },
  })
  const named = withAlias(relationOf(node, undefined), ref.alias)
  const joined = joinScopes(left, named, ref.at)
  const whole = isCorrelated(node)
    ? joinCorrelated({ node: rows, subquery: subqueryOf(node, left, ref), outer, named })
    : makeJoin({ join: outer ? 'left' : 'inner', left: rows, right: named.node })
  if (on === undefined) return { node: whole, scope: joined }
  const condition = bindOn(on, { node: whole, scope: joined }, context)
  if (isTrue(condition)) return { node: whole, scope: joined }
  if (outer) {
    fail('UNSUPPORTED', 'LEFT JOIN LATERAL takes ON TRUE only', {
      at: on.at,
      hint: 'Put the condition into the subquery.',
    })
  }
  return { node: makeFilter(whole, condition), scope: joined }
}

const subqueryOf = (node: LogicalNode, left: Relation, { at }: LateralParts['ref']): Subquery => ({
  node,
  lifted: decorrelate(node),
  around: left.node.schema,
  values: [],
  at,
})

interface Correlated {
  readonly node: LogicalNode
  readonly subquery: Subquery
  readonly outer: boolean
  readonly named: Relation
}

/** The left columns, then the subquery's. */
function joinCorrelated({ node, subquery, outer, named }: Correlated): LogicalNode {
  const { lifted } = subquery
  const keeps = outer || lifted.oneRow
  const marked = keeps && !lifted.oneRow ? { ...lifted, node: withMarker(lifted.node) } : lifted
  const parts = { node, subquery: { ...subquery, lifted: marked }, rebase: (expr: Expr) => expr }
  const joined = joinLifted(parts, keeps ? 'left' : 'inner')
  const outputs = keeps
    ? outputsOver(parts, joined)
    : lifted.outputs.map(overJoin(parts)).map((expr) => asJoined(expr, joined))
  const own = fieldsOf(node)
  return makeProject(
    joined,
    [...own.map((_, i) => columnExpr(joined.schema, i)), ...outputs],
    [
      ...own,
      ...fieldsOf(named.node).map((field, i) => ({ ...field, nullable: isNullable(outputs[i]) })),
    ],
  )
}
