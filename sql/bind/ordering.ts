/** ORDER BY, LIMIT and OFFSET. */

import { fail } from '../../engine/base/errors.ts'
import { BOOLEAN } from '../../engine/batch/types.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { literal } from '../../engine/expr/literal.ts'
import type { SortKey } from '../../engine/operator/nodes.ts'
import type { Expression, OrderItem } from '../ast.ts'
import { findName } from '../catalog/find-name.ts'
import { makeFilter, makeProject, makeSort } from '../logical/make.ts'
import { makeRank } from '../logical/make-order.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { sameExpr } from '../logical/same-expr.ts'
import type { PlanMode } from './context.ts'
import { positionOf } from './position.ts'
import { columnExpr } from './scope.ts'
import type { Stage } from './stage.ts'

/** What stands behind a query's body. */
export interface Tail {
  readonly orderBy: readonly OrderItem[]
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

export const isPlain = ({ orderBy, limit, offset }: Tail): boolean =>
  orderBy.length === 0 && limit === undefined && offset === undefined

interface Output {
  readonly name: string
  readonly expr: Expr
}

/** Finds the column that each item sorts by. What is not an output becomes a hidden column behind
 *  the outputs, dropped again after sorting. */
export class Ordering {
  /** Bound by the stage, not rebased yet. */
  readonly hidden: Expr[] = []
  readonly #tail: Tail
  readonly #outputs: readonly Output[]
  /** The output or hidden column of each item. */
  readonly #columns: readonly number[]

  constructor(tail: Tail, outputs: readonly Output[], stage: Pick<Stage, 'bind'>) {
    this.#tail = tail
    this.#outputs = outputs
    this.#columns = tail.orderBy.map(({ value }) => this.#find(value, stage))
  }

  #find(value: Expression, stage: Pick<Stage, 'bind'>): number {
    const count = this.#outputs.length
    const position = positionOf(value, count, 'ORDER BY')
    if (position !== undefined) return position
    const named = this.#byName(value)
    if (named !== undefined) return named
    const expr = stage.bind(value, 'ORDER BY')
    const output = this.#outputs.findIndex((known) => sameExpr(known.expr, expr))
    return output >= 0 ? output : count + this.hidden.push(expr) - 1
  }

  /** An output's name wins over a column of FROM. */
  #byName(value: Expression): number | undefined {
    if (value.kind !== 'name' || value.path.length !== 1) return undefined
    const [{ text, at }] = value.path
    const [first, ...others] = findName(text, this.#outputs, (output) => output.name)
    if (first === undefined) return undefined
    if (others.some((other) => !sameExpr(other.expr, first.expr))) {
      fail('AMBIGUOUS_NAME', `ORDER BY ${text} could mean several columns`, {
        at,
        hint: 'Give the columns different names with AS.',
      })
    }
    return this.#outputs.indexOf(first)
  }

  /** Sorts `node`, whose columns are the outputs, then the hidden ones. A continuous query has no
   *  end to sort at: it keeps the rows that are the first ones at any time. */
  apply(node: LogicalNode, mode: PlanMode): LogicalNode {
    const { orderBy, limit, offset = 0 } = this.#tail
    if (isPlain(this.#tail)) return node
    if (limit === 0) return this.#outputsOf(makeFilter(node, literal(BOOLEAN, false)))
    const keys = orderBy.map(({ value, descending, nullsFirst }, i): SortKey => {
      const expr = columnExpr(node.schema, this.#columns[i], value.at)
      return { expr, descending, nullsFirst }
    })
    const sorted =
      mode === 'bounded'
        ? makeSort(node, { keys, limit, offset: this.#tail.offset })
        : makeRank(node, {
            ranking: 'row_number',
            partitionBy: [],
            orderBy: keys,
            from: offset + 1,
            to: limit === undefined ? Infinity : offset + limit,
            withRank: false,
          })
    return this.#outputsOf(sorted)
  }

  /** Without the hidden columns. */
  #outputsOf(sorted: LogicalNode): LogicalNode {
    if (this.hidden.length === 0) return sorted
    const count = this.#outputs.length
    const exprs = Array.from({ length: count }, (_, i) => columnExpr(sorted.schema, i))
    return makeProject(sorted, exprs, fieldsOf(sorted).slice(0, count))
  }
}
