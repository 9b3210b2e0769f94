/** Subqueries in the expressions of one clause. Each is bound where it stands and becomes a
 *  placeholder; when the rows that the clause is about are built, each is joined to them, and its
 *  placeholder becomes an expression over the joined columns. */

import { fail } from '../../engine/base/errors.ts'
import { BOOLEAN } from '../../engine/batch/types.ts'
import { type Expr, mapExpr } from '../../engine/expr/ir.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import type { Expression } from '../ast.ts'
import type { LogicalNode } from '../logical/node.ts'
import {
  bindExpression,
  type ExpressionContext,
  type SubqueryExpression,
} from './bind-expression.ts'
import type { BindContext, OuterScope } from './context.ts'
import { decorrelate } from './decorrelate.ts'
import { markExists, markIn, type Subquery } from './mark-join.ts'
import { placeholder, placeOf } from './placeholder.ts'
import { joinScalar } from './scalar-join.ts'

/** A plan with subqueries joined to it. */
export interface Attached {
  readonly node: LogicalNode
  /** Replaces the placeholders, and puts the clause's own columns in place. */
  readonly rebase: (expr: Expr) => Expr
}

interface Pending extends Subquery {
  readonly is: SubqueryExpression['kind']
  readonly negated: boolean
}

export class Subqueries {
  readonly #context: BindContext
  readonly #pending: Pending[] = []

  constructor(context: BindContext) {
    this.#context = context
  }

  /** How many have been bound. */
  get size(): number {
    return this.#pending.length
  }

  /** The context with subqueries allowed. */
  within(context: ExpressionContext): ExpressionContext {
    return { ...context, subquery: (expression) => this.bind(expression, context) }
  }

  /** Binds a subquery; its columns' types are known, its place in the plan is not. */
  bind(expression: SubqueryExpression, around: ExpressionContext): Expr {
    const pending = this.pend(expression, around)
    this.#pending.push(pending)
    const { at } = expression
    const index = this.#pending.length - 1
    if (expression.kind === 'subquery') {
      const [{ name, type }, ...more] = pending.node.schema.fields
      if (more.length > 0) {
        fail('INVALID_ARGUMENT', `A subquery as a value has one column, not ${more.length + 1}`, {
          at,
        })
      }
      return placeholder('subquery', index, { name, type, nullable: true, at })
    }
    const found = placeholder('subquery', index, {
      name: expression.kind === 'exists' ? 'EXISTS' : 'IN',
      type: BOOLEAN,
      nullable: expression.kind === 'in-query',
      at,
    })
    return expression.negated ? resolveCall('NOT', [found], at) : found
  }

  /** The subquery bound over the rows around it, without joining it. */
  pend(expression: SubqueryExpression, around: ExpressionContext): Pending {
    const { scope, schema } = around
    const outer: OuterScope = { scope, schema, outer: around.outer }
    const inside = { ...this.#context, depth: this.#context.depth + 1, outer }
    const { node } = this.#context.bindQuery(expression.query, inside)
    return {
      is: expression.kind,
      node,
      lifted: decorrelate(node),
      around: schema,
      values: expression.kind === 'in-query' ? bindValues(expression.arg, around) : [],
      negated: expression.kind !== 'subquery' && expression.negated,
      at: expression.at,
    }
  }

  /** Joins all subqueries to the rows. `rebase` turns an expression over the clause's columns into
   *  one over the node's. */
  attach(node: LogicalNode, rebase: (expr: Expr) => Expr): Attached {
    let joined = node
    const values: Expr[] = []
    const resolve = (expr: Expr): Expr =>
      mapExpr(expr, (part) => {
        const place = part.kind === 'column' ? placeOf('subquery', part.index) : undefined
        return place === undefined ? part : values[place]
      })
    for (const pending of this.#pending) {
      const made = joinPending(joined, pending, (expr) => resolve(rebase(expr)))
      joined = made.node
      values.push(made.value)
    }
    return { node: joined, rebase: (expr) => resolve(rebase(expr)) }
  }
}

function joinPending(node: LogicalNode, pending: Pending, rebase: (expr: Expr) => Expr) {
  const parts = { node, subquery: pending, rebase }
  if (pending.is === 'subquery') return joinScalar(parts)
  return pending.is === 'exists' ? markExists(parts) : markIn(parts)
}

/** What is looked for: one value, or the parts of a row. */
function bindValues(arg: Expression, around: ExpressionContext): Expr[] {
  const isRow = arg.kind === 'call' && arg.name.text.toUpperCase() === 'ROW'
  return (isRow ? arg.args : [arg]).map((part) => bindExpression(part, around))
}
