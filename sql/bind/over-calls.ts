/** Window functions of one SELECT. Each becomes a placeholder where it stands; when the rows are
 *  built, calls over the same partitions and order are computed together, one node per order. */

import type { Field } from '../../engine/batch/schema.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import type { OverCall, SortKey } from '../../engine/operator/nodes.ts'
import { changeCall } from '../logical/change-call.ts'
import { callText } from '../logical/explain-parts.ts'
import { clockedInput, makeOver } from '../logical/make-order.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { sameExpr, sameExprs } from '../logical/same-expr.ts'
import type { CallExpression } from './bind-expression.ts'
import { bindFrame, defaultFrame } from './bind-frame.ts'
import { type BoundCall, bindOverFunction } from './over-function.ts'
import { placeholder, replacePlaceholders } from './placeholder.ts'
import { columnExpr } from './scope.ts'

type Bind = (expression: CallExpression['args'][number], clause: string) => Expr

interface Order {
  readonly partitionBy: readonly Expr[]
  readonly orderBy: readonly SortKey[]
}

interface Found extends Order {
  readonly call: OverCall
  readonly nullable: boolean
}

export class OverCalls {
  readonly #found: Found[] = []

  /** `bind` binds the parts of the call over the rows of SELECT. */
  bind(call: CallExpression, bind: Bind): Expr {
    const over = call.over ?? { partitionBy: [], orderBy: [], frame: undefined }
    const partitionBy = over.partitionBy.map((part) => bind(part, 'PARTITION BY'))
    const orderBy = over.orderBy.map(
      ({ value, descending, nullsFirst }): SortKey => ({
        expr: bind(value, 'ORDER BY'),
        descending,
        nullsFirst,
      }),
    )
    const bound = bindOverFunction(call, bind)
    const frame =
      over.frame === undefined || bound.ignoresFrame
        ? defaultFrame(orderBy.length > 0)
        : bindFrame(over.frame, orderBy, (by) => bind(by, 'A frame'))
    return this.#add({ ...found(bound, frame), partitionBy, orderBy }, call)
  }

  #add(one: Found, { at }: CallExpression): Expr {
    let index = this.#found.findIndex((known) => sameCall(known, one))
    if (index < 0) index = this.#found.push(one) - 1
    const { type } = one.call
    return placeholder('over', index, {
      name: callText(one.call),
      type,
      nullable: one.nullable,
      at,
    })
  }

  /** Computes the calls over the rows, as columns behind the node's. `rebase` turns what was bound
   *  into expressions over the node; the result also does so for the calls' placeholders. */
  attach(
    node: LogicalNode,
    rebase: (expr: Expr) => Expr,
  ): { readonly node: LogicalNode; readonly rebase: (expr: Expr) => Expr } {
    let rows = node
    const columns = new Map<Found, number>()
    for (const group of this.#groups()) {
      const { partitionBy, orderBy } = group[0]
      const first = fieldsOf(rows).length
      const parts = {
        partitionBy: partitionBy.map(rebase),
        orderBy: orderBy.map((key) => ({ ...key, expr: rebase(key.expr) })),
        calls: group.map(({ call }) => changeCall(call, rebase)),
      }
      rows = makeOver(clockedInput(rows, parts), parts, group.map(fieldOf))
      group.forEach((one, i) => {
        columns.set(one, first + i)
      })
    }
    const { schema } = rows
    return {
      node: rows,
      rebase: (expr) =>
        replacePlaceholders('over', rebase(expr), (place) =>
          columnExpr(schema, columns.get(this.#found[place]) ?? 0),
        ),
    }
  }

  /** Calls over the same order together, in order of first appearance. */
  #groups(): Found[][] {
    const groups: Found[][] = []
    for (const one of this.#found) {
      const group = groups.find(([first]) => sameOrder(first, one))
      if (group === undefined) groups.push([one])
      else group.push(one)
    }
    return groups
  }
}

const found = ({ call, nullable }: BoundCall, frame: OverCall['frame']) => ({
  call: { ...call, frame },
  nullable,
})

const fieldOf = ({ call, nullable }: Found): Field => ({
  name: callText(call),
  type: call.type,
  nullable,
})

const sameOrder = (a: Order, b: Order): boolean =>
  sameExprs(a.partitionBy, b.partitionBy) && sameKeys(a.orderBy, b.orderBy)

const sameKeys = (a: readonly SortKey[], b: readonly SortKey[]): boolean =>
  a.length === b.length &&
  a.every(
    (key, i) =>
      sameExpr(key.expr, b[i].expr) &&
      key.descending === b[i].descending &&
      key.nullsFirst === b[i].nullsFirst,
  )

const sameCall = (a: Found, b: Found): boolean =>
  a.call.name === b.call.name &&
  a.call.distinct === b.call.distinct &&
  a.call.frame.unit === b.call.frame.unit &&
  a.call.frame.from === b.call.frame.from &&
  a.call.frame.to === b.call.frame.to &&
  sameExprs(a.call.args, b.call.args) &&
  sameExprs(a.call.filter ? [a.call.filter] : [], b.call.filter ? [b.call.filter] : []) &&
  sameKeys(a.call.orderBy ?? [], b.call.orderBy ?? []) &&
  sameOrder(a, b)
