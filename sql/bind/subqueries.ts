/** Subqueries in the expressions of one clause. Each is bound where it stands and becomes a
 *  placeholder; when the rows that the clause is about are built, each is joined to them, and its
 *  placeholder becomes an expression over the joined columns. */

import { fail } from '../../engine/base/errors.ts'
import { BOOLEAN } from '../../engine/batch/types.ts'
import { columnsOf, type Expr, mapExpr } from '../../engine/expr/ir.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import type { Expression } from '../ast.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import {
  bindExpression,
  type ExpressionContext,
  type SubqueryExpression,
} from './bind-expression.ts'
import type { BindContext, OuterScope } from './context.ts'
import type { BoundSubquery, Joined, Rows } from './join-subquery.ts'
import { markCompared } from './mark-compared.ts'
import { markExists } from './mark-exists.ts'
import { markIn } from './mark-in.ts'
import { outerColumnsOf } from './over-domain.ts'
import { placeholder, placeOf } from './placeholder.ts'
import { joinScalar } from './scalar-join.ts'

/** A plan with subqueries joined to it. */
export interface Attached {
  readonly node: LogicalNode
  /** Replaces the placeholders, and puts the clause's own columns in place. */
  readonly rebase: (expr: Expr) => Expr
}

interface Pending extends BoundSubquery {
  readonly expression: SubqueryExpression
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
      const [{ name, type }] = pending.node.schema.fields
      return placeholder('subquery', index, { name, type, nullable: true, at })
    }
    const found = placeholder('subquery', index, {
      name: expression.kind === 'exists' ? 'EXISTS' : 'IN',
      type: BOOLEAN,
      nullable: expression.kind !== 'exists',
      at,
    })
    const negated = expression.kind !== 'quantified' && expression.negated
    return negated ? resolveCall('NOT', [found], at) : found
  }

  /** The subquery bound over the rows around it, without joining it. */
  pend(expression: SubqueryExpression, around: ExpressionContext): Pending {
    const { scope, schema } = around
    const outer: OuterScope = { scope, schema, outer: around.outer }
    const inside = { ...this.#context, depth: this.#context.depth + 1, outer }
    const { node } = this.#context.bindQuery(expression.query, inside)
    const values = 'arg' in expression ? bindValues(expression.arg, around) : []
    const pending = { expression, node, around: schema, values, at: expression.at }
    checkCompared(pending)
    return pending
  }

  /** The columns of the clause that the subqueries read. */
  reads(): number[] {
    return this.#pending.flatMap(({ node, values }) => [
      ...outerColumnsOf(node),
      ...values.flatMap((value) => [...columnsOf(value)]),
    ])
  }

  /** Joins all subqueries to the rows. `rebase` turns an expression over the clause's columns into
   *  one over the node's. `base`: see `Rows`. */
  attach(node: LogicalNode, rebase: (expr: Expr) => Expr, base = node): Attached {
    let joined = node
    const values: Expr[] = []
    const resolve = (expr: Expr): Expr =>
      mapExpr(expr, (part) => {
        const place = part.kind === 'column' ? placeOf('subquery', part.index) : undefined
        return place === undefined ? part : values[place]
      })
    for (const pending of this.#pending) {
      const rows = { node: joined, base, rebase: (expr: Expr) => resolve(rebase(expr)) }
      const made = joinPending(pending, rows)
      joined = made.node
      values.push(made.value)
    }
    return { node: joined, rebase: (expr) => resolve(rebase(expr)) }
  }
}

function joinPending(pending: Pending, rows: Rows): Joined {
  const { expression } = pending
  switch (expression.kind) {
    case 'subquery':
      return joinScalar(pending, rows)
    case 'exists':
      return markExists(pending, rows)
    case 'in-query':
      return markIn(pending, rows)
    case 'quantified':
      return markCompared(pending, expression, rows)
  }
}

/** Refuses what is compared with another number of columns. */
function checkCompared({ expression, node, values, at }: Pending): void {
  if (expression.kind === 'exists') return
  const count = fieldsOf(node).length
  if (expression.kind === 'subquery') {
    if (count === 1) return
    fail('INVALID_ARGUMENT', `A subquery as a value has one column, not ${count}`, { at })
  }
  if (expression.kind === 'quantified' && values.length > 1) {
    fail(
      'UNSUPPORTED',
      `Rows are compared with a subquery by IN only, not by ${expression.operator}`,
      {
        at,
      },
    )
  }
  if (values.length === count) return
  const what = values.length === 1 ? 'one value' : `${values.length} values`
  fail(
    'INVALID_ARGUMENT',
    `A subquery of ${count} column${count === 1 ? '' : 's'} is compared with ${what}`,
    { at },
  )
}

/** What is looked for: one value, or the parts of a row. */
function bindValues(arg: Expression, around: ExpressionContext): Expr[] {
  const isRow = arg.kind === 'call' && arg.name.text.toUpperCase() === 'ROW'
  return (isRow ? arg.args : [arg]).map((part) => bindExpression(part, around))
}
