/** WHERE: conditions on rows. EXISTS and IN that stand there by themselves become semi and anti
 *  joins; other subqueries are joined as values. */

import { BIGINT } from '../../engine/batch/types.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { bigint } from '../../engine/expr/literal.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import type { JoinKind } from '../../engine/operator/nodes.ts'
import type { Expression } from '../ast.ts'
import { conjunction } from '../logical/conjuncts.ts'
import { makeAggregate, makeFilter, makeProject } from '../logical/make.ts'
import { makeJoin } from '../logical/make-join.ts'
import { fieldsOf, type JoinNode, type LogicalNode } from '../logical/node.ts'
import {
  asBoolean,
  bindExpression,
  type ExpressionContext,
  type SubqueryExpression,
} from './bind-expression.ts'
import type { BindContext, Relation } from './context.ts'
import { correlationOf } from './correlation.ts'
import { type JoinParts, nearer, overJoin, type Rows } from './join-subquery.ts'
import { lifted } from './lift-subquery.ts'
import { countOf } from './mark-groups.ts'
import { columnExpr } from './scope.ts'
import { Subqueries } from './subqueries.ts'

/** The rows for which the condition holds. Further columns may be behind those of the scope.
 *  `clause`: where it stands, for messages. */
export function bindWhere(
  where: Expression | undefined,
  { node, scope }: Relation,
  context: BindContext,
  clause = 'WHERE',
): Relation {
  if (where === undefined) return { node, scope }
  const around = { scope, schema: node.schema, clause, outer: context.outer }
  const parts = conjunctsOf(where)
  const plain = parts.filter((part) => !isMembership(part))
  const filtered = filterBy(plain, node, around, context)
  const joined = parts.filter(isMembership).reduce((node: LogicalNode, part) => {
    const rows = { node, base: filtered, rebase: (expr: Expr) => expr }
    return joinMembership(rows, part, around, context)
  }, filtered)
  return { node: joined, scope }
}

/** `a AND (b AND c)` is a, b, c. */
export const conjunctsOf = (where: Expression): readonly Expression[] =>
  where.kind === 'call' && where.name.text.toUpperCase() === 'AND'
    ? where.args.flatMap(conjunctsOf)
    : [normal(where)]

/** NOT EXISTS and NOT IN, however they are written. */
function normal(part: Expression): Expression {
  if (part.kind !== 'call' || part.name.text.toUpperCase() !== 'NOT') return part
  const [inner] = part.args
  return inner?.kind === 'exists' || inner?.kind === 'in-query'
    ? { ...inner, negated: !inner.negated }
    : part
}

type Membership = Extract<SubqueryExpression, { kind: 'exists' | 'in-query' }>

const isMembership = (part: Expression): part is Membership =>
  part.kind === 'exists' || part.kind === 'in-query'

/** Conditions without subqueries come first: they leave fewer rows to join. */
function filterBy(
  parts: readonly Expression[],
  node: LogicalNode,
  around: ExpressionContext,
  context: BindContext,
): LogicalNode {
  const subqueries = new Subqueries(context)
  const own: Expr[] = []
  const joined: Expr[] = []
  for (const part of parts) {
    const before = subqueries.size
    const bound = asBoolean(bindExpression(part, subqueries.within(around)), around.clause)
    if (subqueries.size === before) own.push(bound)
    else joined.push(bound)
  }
  const predicate = conjunction(own)
  const kept = predicate === undefined ? node : makeFilter(node, predicate)
  if (joined.length === 0) return kept
  const attached = subqueries.attach(kept, (expr) => expr)
  return makeFilter(attached.node, conjunction(joined.map(attached.rebase)) ?? joined[0])
}

function joinMembership(
  rows: Rows,
  part: Membership,
  around: ExpressionContext,
  context: BindContext,
): LogicalNode {
  const { node } = rows
  const subqueries = new Subqueries(context)
  const bound = subqueries.pend(part, around)
  if (part.kind === 'exists') {
    const parts = lifted(bound, rows, () => true)
    const { oneRow, conditions } = parts.subquery.lifted
    if (oneRow) return part.negated ? makeFilter(node, never()) : node
    return conditions.length === 0
      ? ifAny(parts, part.negated)
      : joinOn(parts, part.negated ? 'anti' : 'semi', [])
  }
  const parts = lifted(bound, rows, ({ oneRow }) => !oneRow)
  if (!part.negated) return joinOn(parts, 'semi', equalities(parts))
  const anti = joinOn(parts, 'anti', equalities(parts))
  if (isExact(anti)) return anti
  // Beside other comparisons with the query around, every pair must be looked at anyway.
  if (correlationOf(parts.subquery.lifted.conditions) === undefined) {
    return joinOn(parts, 'anti', equalities(parts).map(couldHold), false)
  }
  const value = subqueries.bind(part, around)
  const attached = subqueries.attach(node, (expr) => expr, rows.base)
  return makeFilter(attached.node, attached.rebase(value))
}

/** TRUE, or unknown. */
const couldHold = (condition: Expr): Expr => resolveCall('IS NOT FALSE', [condition], condition.at)

/** EXISTS that is the same for all rows: one comparison with a count. */
function ifAny(parts: JoinParts, negated: boolean): LogicalNode {
  const { node } = parts.subquery.lifted
  const count = makeAggregate({ input: nearer(node), keys: [], aggregates: [countOf()] }, [
    { name: '$count', type: BIGINT, nullable: false },
  ])
  const wanted = resolveCall(negated ? '=' : '>', [columnExpr(count.schema, 0), bigint(0)])
  const joined = makeJoin({ join: 'inner', left: parts.node, right: makeFilter(count, wanted) })
  const fields = fieldsOf(parts.node)
  return makeProject(
    joined,
    fields.map((_, i) => columnExpr(joined.schema, i)),
    fields,
  )
}

const never = (): Expr => resolveCall('=', [bigint(1), bigint(0)])

/** An anti join drops a row whose comparison is unknown only if it is told to, and then it looks at
 *  one key alone. */
const isExact = ({ nullAware, parts }: JoinNode): boolean =>
  !nullAware || (parts.leftKeys.length === 1 && parts.condition === undefined)

function equalities(parts: JoinParts): Expr[] {
  const { subquery, rebase } = parts
  const over = overJoin(parts)
  return subquery.values.map((value, i) =>
    resolveCall('=', [rebase(value), over(subquery.lifted.outputs[i])], subquery.at),
  )
}

function joinOn(
  parts: JoinParts,
  join: JoinKind,
  more: readonly Expr[],
  knowsNulls = true,
): JoinNode {
  const { lifted, values } = parts.subquery
  const nullable = knowsNulls && [...values, ...lifted.outputs].some(isNullable)
  return makeJoin({
    join,
    left: parts.node,
    right: nearer(lifted.node),
    on: conjunction([...lifted.conditions.map(overJoin(parts)), ...more]),
    nullAware: join === 'anti' && values.length > 0 && nullable,
  })
}
