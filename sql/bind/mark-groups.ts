/** What EXISTS, IN and quantified comparisons need to know of a subquery, as one row for each group
 *  of rows that outer rows can be compared with. */

import type { Field } from '../../engine/batch/schema.ts'
import { BIGINT } from '../../engine/batch/types.ts'
import type { ColumnExpr, Expr } from '../../engine/expr/ir.ts'
import { bigint } from '../../engine/expr/literal.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import type { AggregateCall } from '../../engine/operator/nodes.ts'
import { makeAggregate, makeFilter } from '../logical/make.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { keyField, withKeys } from './correlation.ts'
import type { Decorrelated } from './decorrelate.ts'
import type { JoinParts } from './join-subquery.ts'
import { equalitiesOf } from './lift-subquery.ts'
import { columnExpr } from './scope.ts'

/** COUNT(*), or of the rows for which all conditions hold. */
export const countOf = (conditions: readonly Expr[] = []): AggregateCall => ({
  name: 'COUNT',
  args: [],
  distinct: false,
  ...(conditions.length > 0 && { filter: conditions.reduce(and) }),
  type: BIGINT,
})

export const and = (a: Expr, b: Expr): Expr => resolveCall('AND', [a, b])
export const or = (a: Expr, b: Expr): Expr => resolveCall('OR', [a, b])

export interface Groups {
  /** One row for each group: the keys, the correlated columns, the aggregates. */
  readonly lifted: Decorrelated
  /** Where the aggregates begin. */
  readonly first: number
  /** Whether there is always exactly one row. */
  readonly isGlobal: boolean
}

/** The subquery's rows, which `isGroupable`, grouped by `keys` and by what outer rows are compared
 *  with; NULL keys are left out. */
export function groupsOf(
  { node, ...lifted }: Decorrelated,
  keys: readonly Expr[],
  calls: readonly AggregateCall[],
): Groups {
  const correlation = equalitiesOf({ node, ...lifted })
  const present = keys.map((key) => resolveCall('IS NOT NULL', [key]))
  const input = present.reduce((kept: LogicalNode, one) => makeFilter(kept, one), node)
  const { all, places } = withKeys(keys, correlation)
  const fields: Field[] = [
    ...all.map(keyField),
    ...calls.map(({ name, type }, i) => ({
      name: `$${name.toLowerCase()}${i}`,
      type,
      nullable: name !== 'COUNT',
    })),
  ]
  const grouped = makeAggregate({ input, keys: all, aggregates: calls }, fields)
  const conditions = correlation.map((part, i) => part.over(columnExpr(grouped.schema, places[i])))
  return {
    lifted: { node: grouped, outputs: [], conditions, oneRow: false },
    first: all.length,
    isGlobal: all.length === 0,
  }
}

/** The rows that the groups are joined to, now with the groups for a subquery. */
export const withGroups = (parts: JoinParts, { lifted }: Groups): JoinParts => ({
  ...parts,
  subquery: { ...parts.subquery, lifted },
})

/** The `index`-th aggregate of the groups that were joined last. */
export function aggregateOf(joined: LogicalNode, groups: Groups, index: number): ColumnExpr {
  const width = fieldsOf(groups.lifted.node).length
  return columnExpr(joined.schema, fieldsOf(joined).length - width + groups.first + index)
}

/** Whether a count, which is NULL where a group has no partner, is more than 0. */
export const isPositive = (count: ColumnExpr): Expr =>
  resolveCall('>', [
    count.nullable ? resolveCall('COALESCE', [count, bigint(0)]) : count,
    bigint(0),
  ])
