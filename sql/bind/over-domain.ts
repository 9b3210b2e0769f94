/** Runs a correlated subquery for all outer rows at once, whatever it does with their columns:
 *  each of its steps works on every combination of outer values that there is (the domain), side
 *  by side. Costs as many rows as subquery rows times combinations, so `decorrelate.ts` is tried
 *  first. */

import { fail, type Span } from '../../engine/base/errors.ts'
import type { Field } from '../../engine/batch/schema.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import { changeCall, changeKey } from '../logical/change-call.ts'
import { conjunction, conjunctsOf } from '../logical/conjuncts.ts'
import { makeAggregate, makeFilter, makeProject } from '../logical/make.ts'
import { makeJoin } from '../logical/make-join.ts'
import { makeOver, makeRank, rankPartsOf } from '../logical/make-order.ts'
import { makeExpand, makeTemporalFilter, makeUnnest } from '../logical/make-rows.ts'
import { makeSetOperation, makeUnion } from '../logical/make-set.ts'
import { addedTo, fieldsOf, type LogicalNode } from '../logical/node.ts'
import { inputsOf } from '../logical/visit.ts'
import { type Decorrelated, isCorrelated, orZero } from './decorrelate.ts'
import { changeOuter, outerReadsOf } from './outer-reads.ts'
import {
  fromInside,
  outerColumnOf,
  outerPlaceholder,
  replaceNear,
  substituteReal,
} from './placeholder.ts'
import { columnExpr } from './scope.ts'

type Of<Kind extends LogicalNode['kind']> = Extract<LogicalNode, { kind: Kind }>

/** `rows`: the plan of the outer rows; `outer`: an outer column as an expression over it.
 *  UNSUPPORTED for windows, temporal joins and MATCH_RECOGNIZE over rows that depend on outer
 *  ones. */
export function overDomain(
  { node, at }: { readonly node: LogicalNode; readonly at: Span },
  rows: LogicalNode,
  outer: (column: number) => Expr,
): Decorrelated {
  const columns = outerColumnsOf(node)
  const keys = columns.map((column) => fromInside(outer(column)))
  const fields = keys.map(
    (key, i): Field => ({
      name: `$outer${i}`,
      type: key.type,
      nullable: isNullable(key),
    }),
  )
  const input = changeOuter(rows, fromInside)
  const domain = makeAggregate({ input, keys, aggregates: [] }, fields)
  const made = new OverDomain(domain, columns, at).of(node)
  refuseLarge(made, at)
  const width = fieldsOf(node).length
  const conditions = columns.map((column, i) =>
    resolveCall('IS NOT DISTINCT FROM', [
      columnExpr(made.schema, width + i),
      outerPlaceholder(0, column, fields[i]),
    ]),
  )
  const outputs = fieldsOf(node).map((_, i) => columnExpr(made.schema, i))
  return { node: made, outputs, conditions, oneRow: false }
}

/** Subqueries in subqueries that all go this way multiply. */
const SIZE_MAX = 1500
const sizes = new WeakMap<LogicalNode, number>()

function sizeOf(node: LogicalNode): number {
  const known = sizes.get(node)
  if (known !== undefined) return known
  const size = inputsOf(node).reduce((sum, input) => sum + sizeOf(input), 1)
  sizes.set(node, size)
  return size
}

function refuseLarge(node: LogicalNode, at: Span): void {
  if (sizeOf(node) <= SIZE_MAX) return
  fail('LIMIT_EXCEEDED', 'The subqueries read too much of the queries around them', {
    at,
    hint: 'Compare with = only, or join the tables in FROM: it needs far fewer steps.',
  })
}

/** The columns of the query right around that the plan reads. */
export const outerColumnsOf = (node: LogicalNode): number[] =>
  [...outerReadsOf(node)].flatMap((index) => outerColumnOf(index) ?? []).sort((a, b) => a - b)

class OverDomain {
  readonly #domain: LogicalNode
  readonly #columns: readonly number[]
  readonly #at: Span

  constructor(domain: LogicalNode, columns: readonly number[], at: Span) {
    this.#domain = domain
    this.#columns = columns
    this.#at = at
  }

  /** The node's columns, then those of the domain: what the node has for each combination. */
  of(node: LogicalNode): LogicalNode {
    if (!isCorrelated(node)) return makeJoin({ join: 'inner', left: node, right: this.#domain })
    switch (node.kind) {
      case 'filter': {
        const input = this.of(node.input)
        return makeFilter(input, this.#over(node.input, input)(node.predicate))
      }
      case 'project': {
        const input = this.of(node.input)
        const exprs = node.exprs.map(this.#over(node.input, input))
        const fields = [...fieldsOf(node), ...fieldsOf(this.#domain)]
        return makeProject(input, [...exprs, ...this.#last(input)], fields)
      }
      case 'aggregate':
        return this.#aggregate(node)
      case 'join':
        return this.#join(node)
      case 'union':
        return makeUnion(this.of(node.left), this.of(node.right), [
          ...fieldsOf(node),
          ...fieldsOf(this.#domain),
        ])
      case 'set-operation': {
        const { operator, all } = node
        return makeSetOperation({
          operator,
          all,
          left: this.of(node.left),
          right: this.of(node.right),
        })
      }
      case 'sort':
        return this.#sort(node)
      case 'temporal-filter': {
        const input = this.of(node.input)
        const over = this.#over(node.input, input)
        const { from, until } = node
        return makeTemporalFilter(input, { from: from && over(from), until: until && over(until) })
      }
      default:
        return this.#adding(node)
    }
  }

  /** The nodes that put columns behind those of their input. */
  #adding(node: LogicalNode): LogicalNode {
    switch (node.kind) {
      case 'rank': {
        const input = this.of(node.input)
        const over = this.#over(node.input, input)
        const made = makeRank(input, {
          ...rankPartsOf(node),
          partitionBy: [...node.partitionBy.map(over), ...this.#last(input)],
          orderBy: node.orderBy.map((key) => changeKey(key, over)),
        })
        return this.#domainLast(made, node.input, node.withRank ? 1 : 0)
      }
      case 'over': {
        const input = this.of(node.input)
        const over = this.#over(node.input, input)
        const parts = {
          partitionBy: [...node.partitionBy.map(over), ...this.#last(input)],
          orderBy: node.orderBy.map((key) => changeKey(key, over)),
          calls: node.calls.map((call) => changeCall(call, over)),
        }
        return this.#domainLast(
          makeOver(input, parts, addedTo(node)),
          node.input,
          addedTo(node).length,
        )
      }
      case 'expand': {
        const input = this.of(node.input)
        const keys = node.keys.map(this.#over(node.input, input))
        const made = makeExpand(input, { keys, sets: node.sets }, addedTo(node))
        return this.#domainLast(made, node.input, addedTo(node).length)
      }
      case 'unnest': {
        const input = this.of(node.input)
        const value = this.#over(node.input, input)(node.value)
        const { outer, ordinality } = node
        const made = makeUnnest(input, { value, outer, ordinality }, addedTo(node))
        return this.#domainLast(made, node.input, addedTo(node).length)
      }
      default:
        return refuse(node.kind, this.#at)
    }
  }

  /** An expression of a node over the input that it now has. */
  #over(before: LogicalNode, now: LogicalNode): (expr: Expr) => Expr {
    const width = fieldsOf(before).length
    return (expr) =>
      replaceNear(expr, (column) => columnExpr(now.schema, width + this.#columns.indexOf(column)))
  }

  /** The domain's columns where they are a node's last ones. */
  #last(node: LogicalNode): Expr[] {
    const first = fieldsOf(node).length - this.#columns.length
    return this.#columns.map((_, i) => columnExpr(node.schema, first + i))
  }

  /** Input, domain, added -> input, added, domain. */
  #domainLast(made: LogicalNode, before: LogicalNode, added: number): LogicalNode {
    if (added === 0) return made
    const [width, count] = [fieldsOf(before).length, this.#columns.length]
    return picked(made, [
      ...range(0, width),
      ...range(width + count, added),
      ...range(width, count),
    ])
  }

  /** Without keys there is one group for each combination, also where no row is. */
  #aggregate(node: Of<'aggregate'>): LogicalNode {
    const input = this.of(node.input)
    const over = this.#over(node.input, input)
    const keys = node.keys.map(over)
    const aggregates = node.aggregates.map((call) => changeCall(call, over))
    const [width, count] = [keys.length, this.#columns.length]
    const fields = fieldsOf(node)
    const grouped = makeAggregate({ input, keys: [...keys, ...this.#last(input)], aggregates }, [
      ...fields.slice(0, width),
      ...fieldsOf(this.#domain),
      ...fields.slice(width),
    ])
    const added = aggregates.length
    if (width > 0) {
      const order = [...range(0, width), ...range(width + count, added), ...range(width, count)]
      return picked(grouped, order)
    }
    const joined = this.#withPartner(this.#domain, 0, grouped, 0, 'left')
    const exprs = aggregates.map(({ name }, i) =>
      orZero(columnExpr(joined.schema, 2 * count + i), name),
    )
    const domain = range(0, count).map((i) => columnExpr(joined.schema, i))
    const made = fields.map((field, i) => ({ ...field, nullable: isNullable(exprs[i]) }))
    return makeProject(joined, [...exprs, ...domain], [...made, ...fieldsOf(this.#domain)])
  }

  /** Joins on equal combinations, which begin at the given columns of each side, and `on`. */
  #withPartner(
    left: LogicalNode,
    leftAt: number,
    right: LogicalNode,
    rightAt: number,
    join: Of<'join'>['join'],
    on: readonly Expr[] = [],
  ): LogicalNode {
    const width = fieldsOf(left).length
    const equal = this.#columns.map((_, i) =>
      resolveCall('IS NOT DISTINCT FROM', [
        columnExpr(left.schema, leftAt + i),
        { ...columnExpr(right.schema, rightAt + i), index: width + rightAt + i },
      ]),
    )
    return makeJoin({ join, left, right, on: conjunction([...equal, ...on]) })
  }

  #join(node: Of<'join'>): LogicalNode {
    const [left, right] = [this.of(node.left), this.of(node.right)]
    const [a, b] = [fieldsOf(node.left).length, fieldsOf(node.right).length]
    const count = this.#columns.length
    const moved = (expr: Expr): Expr =>
      replaceNear(
        substituteReal(expr, (index) =>
          index < a
            ? columnExpr(left.schema, index)
            : { ...columnExpr(right.schema, index - a), index: index + count },
        ),
        (column) => columnExpr(left.schema, a + this.#columns.indexOf(column)),
      )
    const on = node.on === undefined ? [] : conjunctsOf(node.on).map(moved)
    const { join, nullAware } = node
    const conditions = nullAware ? on.map(notFalse) : on
    const joined = this.#withPartner(left, a, right, b, join, conditions)
    if (join === 'semi' || join === 'anti') return joined
    const own = [...range(0, a), ...range(a + count, b)]
    const exprs = own.map((i) => columnExpr(joined.schema, i))
    const domain = this.#columns.map((_, i) => {
      const [mine, other] = [a + i, a + count + b + i].map((at) => columnExpr(joined.schema, at))
      if (join === 'full') return resolveCall('COALESCE', [mine, other])
      return join === 'right' ? other : mine
    })
    return makeProject(
      joined,
      [...exprs, ...domain],
      [...fieldsOf(node), ...fieldsOf(this.#domain)],
    )
  }

  /** An order alone says nothing of which rows there are. */
  #sort(node: Of<'sort'>): LogicalNode {
    const input = this.of(node.input)
    const { limit, offset = 0, keys } = node
    if (limit === undefined && offset === 0) return input
    return makeRank(input, {
      ranking: 'row_number',
      partitionBy: this.#last(input),
      orderBy: keys.map((key) => changeKey(key, this.#over(node.input, input))),
      from: offset + 1,
      to: limit === undefined ? Infinity : offset + limit,
      withRank: false,
    })
  }
}

/** What NOT IN asks of each pair: it could be equal. */
const notFalse = (condition: Expr): Expr => resolveCall('IS NOT FALSE', [condition], condition.at)

const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i)

/** Columns of a node in another order. */
function picked(node: LogicalNode, columns: readonly number[]): LogicalNode {
  const exprs = columns.map((column) => columnExpr(node.schema, column))
  return makeProject(
    node,
    exprs,
    columns.map((column) => fieldsOf(node)[column]),
  )
}

const WHAT: Readonly<Record<string, string>> = {
  'window-aggregate': 'An aggregate in a window',
  window: 'A window',
  'temporal-join': 'FOR SYSTEM_TIME AS OF',
  'processing-time': 'An order by processing time',
  match: 'MATCH_RECOGNIZE',
}

function refuse(kind: string, at: Span): never {
  fail('UNSUPPORTED', `${WHAT[kind] ?? kind} over rows that depend on the query around`, {
    at,
    hint: 'Join the tables in FROM instead.',
  })
}
