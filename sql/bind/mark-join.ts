/** EXISTS and IN as values: anywhere in an expression, with the NULLs that SQL gives them. Where
 *  they are a condition of WHERE by themselves, `bind-where.ts` has the cheaper join. */

import { fail } from '../../engine/base/errors.ts'
import { BIGINT, BOOLEAN } from '../../engine/batch/types.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { bigint, literal, nullLiteral } from '../../engine/expr/literal.ts'
import { resolveCall, resolveCase } from '../../engine/expr/resolve.ts'
import type { AggregateCall } from '../../engine/operator/nodes.ts'
import { makeAggregate, makeFilter } from '../logical/make.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { correlationOf, keyField, withKeys } from './correlation.ts'
import type { Decorrelated } from './decorrelate.ts'
import {
  hasPartner,
  type Joined,
  type JoinParts,
  joinLifted,
  type Subquery,
  withMarker,
} from './join-subquery.ts'
import { readsOuter } from './placeholder.ts'
import { columnExpr } from './scope.ts'

export type { Subquery } from './join-subquery.ts'

const count = (args: readonly Expr[]): AggregateCall => ({
  name: 'COUNT',
  args,
  distinct: false,
  type: BIGINT,
})

/** TRUE or FALSE, never NULL. */
export function markExists(parts: JoinParts): Joined {
  const { lifted } = parts.subquery
  if (lifted.oneRow) return { node: parts.node, value: literal(BOOLEAN, true) }
  const grouped = groupedBy(lifted, [count([])], parts.subquery)
  if (lifted.conditions.length === 0) {
    const node = joinLifted(withLifted(parts, grouped), 'inner')
    return { node, value: resolveCall('>', [lastColumn(node, 0), bigint(0)]) }
  }
  const marked = { ...grouped, node: withMarker(grouped.node) }
  const node = joinLifted(withLifted(parts, marked), 'left')
  return { node, value: hasPartner(node) }
}

/** NULL if the value is not found but could be one of the NULLs. */
export function markIn(parts: JoinParts): Joined {
  const { lifted } = parts.subquery
  const values = parts.subquery.values.map(parts.rebase)
  const pairs = comparedWith(values, parts.subquery)
  if (values.length > 1 && [...values, ...lifted.outputs].some(isNullable)) {
    fail('UNSUPPORTED', 'IN with rows that can be NULL stands alone in WHERE, without NOT', {
      at: parts.subquery.at,
    })
  }
  if (lifted.oneRow) refuseCounted(parts.subquery)
  const counted = groupedBy(lifted, [count([]), count([lifted.outputs[0]])], parts.subquery)
  const counts = joinLifted(withLifted(parts, counted), 'left')
  const [all, known] = [lastColumn(counts, 1), lastColumn(counts, 0)]
  const distinct = distinctOutputs(lifted, parts.subquery)
  const before = { ...withLifted(parts, distinct), node: counts }
  const width = fieldsOf(counts).length
  const equal = pairs.map(({ value, output }) =>
    resolveCall('=', [
      value,
      { ...columnExpr(distinct.node.schema, output), index: width + output },
    ]),
  )
  const node = joinLifted(before, 'left', equal)
  const anyNull = values.some(isNullable)
    ? values.map((value) => resolveCall('IS NULL', [value])).reduce(or)
    : literal(BOOLEAN, false)
  const hasNulls = resolveCall('<', [known, all])
  const value = resolveCase(
    [
      {
        when: resolveCall('=', [resolveCall('COALESCE', [all, bigint(0)]), bigint(0)]),
        then: literal(BOOLEAN, false),
      },
      { when: hasPartner(node), then: literal(BOOLEAN, true) },
      { when: or(anyNull, hasNulls), then: nullLiteral(BOOLEAN) },
    ],
    literal(BOOLEAN, false),
    parts.subquery.at,
  )
  return { node, value }
}

const or = (a: Expr, b: Expr): Expr => resolveCall('OR', [a, b])

/** The `back`-th column from the end, as a left join gives it. */
function lastColumn(node: LogicalNode, back: number): Expr {
  return columnExpr(node.schema, fieldsOf(node).length - 1 - back)
}

const withLifted = (parts: JoinParts, lifted: Decorrelated): JoinParts => ({
  ...parts,
  subquery: { ...parts.subquery, lifted },
})

/** One row per group of equal correlated columns; the aggregates are its last columns. */
function groupedBy(
  { node, conditions }: Decorrelated,
  calls: readonly AggregateCall[],
  { at }: Subquery,
): Decorrelated {
  const correlation = correlationOf(conditions, 'this use')
  if (calls.some(({ args }) => args.some(readsOuter))) {
    fail('UNSUPPORTED', 'The subquery selects a column of the query around it', { at })
  }
  const { all, places } = withKeys([], correlation)
  const fields = [
    ...all.map(keyField),
    ...calls.map((_, i) => ({ name: `$count${i}`, type: BIGINT, nullable: false })),
  ]
  const grouped = makeAggregate({ input: node, keys: all, aggregates: calls }, fields)
  return {
    node: grouped,
    outputs: [],
    conditions: correlation.map((part, i) => part.over(columnExpr(grouped.schema, places[i]))),
    oneRow: false,
  }
}

/** The distinct values, without NULLs, of each group; marked. The values are the first columns. */
function distinctOutputs(
  { node, conditions, outputs }: Decorrelated,
  { at }: Subquery,
): Decorrelated {
  if (outputs.some(readsOuter)) {
    fail('UNSUPPORTED', 'The subquery selects a column of the query around it', { at })
  }
  const present = outputs.filter(isNullable).map((output) => resolveCall('IS NOT NULL', [output]))
  const input = present.reduce((kept: LogicalNode, one) => makeFilter(kept, one), node)
  const correlation = correlationOf(conditions, 'this use')
  const { all, places } = withKeys(outputs, correlation)
  const distinct = makeAggregate({ input, keys: all, aggregates: [] }, all.map(keyField))
  return {
    node: withMarker(distinct),
    outputs: [],
    conditions: correlation.map((part, i) => part.over(columnExpr(distinct.schema, places[i]))),
    oneRow: false,
  }
}

export interface Compared {
  readonly value: Expr
  /** Position of the output that it is compared with. */
  readonly output: number
}

/** Each value with its output. INVALID_ARGUMENT if the numbers differ. */
export function comparedWith(values: readonly Expr[], { lifted, at }: Subquery): Compared[] {
  if (values.length !== lifted.outputs.length) {
    fail(
      'INVALID_ARGUMENT',
      `IN compares ${values.length} with a subquery of ${lifted.outputs.length} columns`,
      { at },
    )
  }
  return values.map((value, output) => ({ value, output }))
}

/** COUNT over no rows is 0, but a join finds no row at all. */
export function refuseCounted({ at }: Subquery): never {
  fail('UNSUPPORTED', 'IN with an aggregate that is correlated with the query around it', {
    at,
    hint: 'Compare with = instead: the subquery has exactly one row.',
  })
}
