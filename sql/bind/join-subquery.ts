/** Joins a decorrelated subquery to the rows around it. */

import { fail, type Span } from '../../engine/base/errors.ts'
import type { Schema } from '../../engine/batch/schema.ts'
import { BOOLEAN } from '../../engine/batch/types.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { literal, nullLiteral } from '../../engine/expr/literal.ts'
import { resolveCall, resolveCase } from '../../engine/expr/resolve.ts'
import type { JoinKind } from '../../engine/operator/nodes.ts'
import { conjunction } from '../logical/conjuncts.ts'
import { makeProject } from '../logical/make.ts'
import { makeJoin } from '../logical/make-join.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import type { Decorrelated } from './decorrelate.ts'
import { changeOuter } from './outer-reads.ts'
import { replaceOuter, substituteReal } from './placeholder.ts'
import { columnExpr } from './scope.ts'

/** A subquery as it was bound: it may read outer columns. */
export interface BoundSubquery {
  readonly node: LogicalNode
  /** The columns of the clause it stands in, which its outer columns mean. */
  readonly around: Schema
  /** What it is compared with, over those columns. */
  readonly values: readonly Expr[]
  readonly at: Span
}

/** One that is ready to be joined. */
export interface Subquery extends BoundSubquery {
  readonly lifted: Decorrelated
}

/** The rows that a subquery is joined to. */
export interface Rows {
  readonly node: LogicalNode
  /** From the clause's columns to the node's. */
  readonly rebase: (expr: Expr) => Expr
  /** The rows before other subqueries were joined: the same columns come first. */
  readonly base: LogicalNode
}

export interface JoinParts extends Rows {
  readonly subquery: Subquery
}

export interface Joined {
  readonly node: LogicalNode
  readonly value: Expr
}

/** Expressions over the lifted subquery (and outer columns) as expressions over a join of `node`
 *  with it. */
export function overJoin({ node, subquery, rebase }: JoinParts): (expr: Expr) => Expr {
  const width = fieldsOf(node).length
  return (expr) => {
    const moved = substituteReal(expr, (index) => {
      const column = subquery.lifted.node.schema.fields[index]
      return { kind: 'column', index: index + width, ...column }
    })
    return replaceOuter(moved, (column, at) => rebase(columnExpr(subquery.around, column, at)))
  }
}

/** Joins the subquery's rows, which then are behind the node's. `more`: further conditions over the
 *  joined columns. */
export function joinLifted(
  parts: JoinParts,
  join: JoinKind,
  more: readonly Expr[] = [],
): LogicalNode {
  const conditions = parts.subquery.lifted.conditions.map(overJoin(parts))
  return makeJoin({
    join,
    left: parts.node,
    right: nearer(parts.subquery.lifted.node),
    on: conjunction([...conditions, ...more]),
  })
}

/** The subquery's plan at the place where it is joined: what it reads of queries further out is one
 *  level nearer there. */
export function nearer(node: LogicalNode): LogicalNode {
  const noNear = () => fail('INTERNAL', 'a column of the query around below its join')
  return changeOuter(node, (expr) => replaceOuter(expr, noNear))
}

/** The node with a column that is TRUE in every row: NULL in it later means that a join had no
 *  partner. */
export function withMarker(node: LogicalNode): LogicalNode {
  const fields = fieldsOf(node)
  return makeProject(
    node,
    [...fields.map((_, i) => columnExpr(node.schema, i)), literal(BOOLEAN, true)],
    [...fields, { name: '$found', type: BOOLEAN, nullable: false }],
  )
}

/** Whether the last column of a left join with a marked node has a partner. */
export const hasPartner = (joined: LogicalNode): Expr => {
  const last = fieldsOf(joined).length - 1
  return resolveCall('IS NOT NULL', [{ ...columnExpr(joined.schema, last), nullable: true }])
}

/** The subquery's outputs over a left join with it: NULL where it has no row. */
export function outputsOver(parts: JoinParts, joined: LogicalNode): Expr[] {
  const { outputs, oneRow } = parts.subquery.lifted
  const moved = outputs.map(overJoin(parts)).map((expr) => asJoined(expr, joined))
  if (oneRow) return moved
  const found = hasPartner(joined)
  return moved.map((expr) =>
    expr.kind === 'column' && expr.index >= fieldsOf(parts.node).length
      ? expr
      : resolveCase([{ when: found, then: expr }], nullLiteral(expr.type)),
  )
}

/** The same columns with the join's word on whether they can be NULL. */
export const asJoined = (expr: Expr, joined: LogicalNode): Expr =>
  substituteReal(expr, (index) => columnExpr(joined.schema, index))
