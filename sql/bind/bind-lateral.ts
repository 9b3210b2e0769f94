/** LATERAL: a subquery in FROM that reads columns of the tables before it. It is planned once, for
 *  all of their rows together, and joined to them. */

import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { nullLiteral } from '../../engine/expr/literal.ts'
import { resolveCase } from '../../engine/expr/resolve.ts'
import type { Expression, TableRef } from '../ast.ts'
import { makeFilter, makeProject } from '../logical/make.ts'
import { makeJoin } from '../logical/make-join.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { bindOn, isTrue } from './bind-on.ts'
import type { BindContext, Relation } from './context.ts'
import { isCorrelated } from './decorrelate.ts'
import { joinScopes } from './join-scope.ts'
import {
  asJoined,
  type JoinParts,
  joinLifted,
  nearer,
  outputsOver,
  overJoin,
  withMarker,
} from './join-subquery.ts'
import { lifted } from './lift-subquery.ts'
import { substituteReal } from './placeholder.ts'
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
  const pairs = makeJoin({ join: outer ? 'left' : 'inner', left: rows, right: named.node })
  const condition =
    on === undefined ? undefined : bindOn(on, { node: pairs, scope: joined }, context)
  const wanted = condition === undefined || isTrue(condition) ? undefined : condition
  const whole = isCorrelated(node)
    ? joinCorrelated(subqueryOf(node, left, ref), named, { outer, on: wanted })
    : makeJoin({ ...pairs, right: nearer(named.node), on: wanted })
  return { node: whole, scope: joined }
}

/** Ready to be joined to the left rows. */
const subqueryOf = (node: LogicalNode, left: Relation, { at }: LateralParts['ref']): JoinParts =>
  lifted(
    { node, around: left.node.schema, values: [], at },
    { node: left.node, base: left.node, rebase: (expr) => expr },
    () => true,
  )

interface Condition {
  /** Left rows without a partner stay. */
  readonly outer: boolean
  /** Over the left columns, then the subquery's. */
  readonly on: Expr | undefined
}

/** The left columns, then the subquery's. */
function joinCorrelated(parts: JoinParts, named: Relation, { outer, on }: Condition): LogicalNode {
  const { node, subquery } = parts
  const found = subquery.lifted
  const keeps = outer || found.oneRow
  const marked = keeps && !found.oneRow ? { ...found, node: withMarker(found.node) } : found
  const ready = { ...parts, subquery: { ...subquery, lifted: marked } }
  const width = fieldsOf(node).length
  const over = overJoin(ready)
  const joinedOutputs = found.outputs.map(over)
  const conditionOver = (outputs: readonly Expr[]) =>
    on &&
    substituteReal(on, (index) =>
      index < width ? columnExpr(node.schema, index) : outputs[index - width],
    )
  // The one row of a subquery that always has one is there, whatever the condition says of it.
  const early = found.oneRow ? undefined : conditionOver(joinedOutputs)
  const joined = joinLifted(ready, keeps ? 'left' : 'inner', early === undefined ? [] : [early])
  const outputs = keeps
    ? outputsOver(ready, joined)
    : joinedOutputs.map((expr) => asJoined(expr, joined))
  const late = found.oneRow ? conditionOver(outputs) : undefined
  const own = fieldsOf(node).map((_, i) => columnExpr(joined.schema, i))
  const kept = late !== undefined && !outer ? makeFilter(joined, late) : joined
  const shown =
    late !== undefined && outer
      ? outputs.map((expr) => resolveCase([{ when: late, then: expr }], nullLiteral(expr.type)))
      : outputs
  return makeProject(
    kept,
    [...own, ...shown],
    [
      ...fieldsOf(node),
      ...fieldsOf(named.node).map((field, i) => ({ ...field, nullable: isNullable(shown[i]) })),
    ],
  )
}
