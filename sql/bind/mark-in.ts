/** IN as a value, of one column or of several, with the NULLs that SQL gives it. Where it is a
 *  condition of WHERE by itself, `bind-where.ts` has the cheaper join. */

import { fail } from '../../engine/base/errors.ts'
import { BOOLEAN } from '../../engine/batch/types.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { literal, nullLiteral } from '../../engine/expr/literal.ts'
import { resolveCall, resolveCase } from '../../engine/expr/resolve.ts'
import type { LogicalNode } from '../logical/node.ts'
import { fieldsOf } from '../logical/node.ts'
import {
  type BoundSubquery,
  hasPartner,
  type Joined,
  type JoinParts,
  joinLifted,
  type Rows,
  withMarker,
} from './join-subquery.ts'
import { isGroupable, lifted } from './lift-subquery.ts'
import { aggregateOf, and, countOf, groupsOf, isPositive, or, withGroups } from './mark-groups.ts'
import { columnExpr } from './scope.ts'

/** A value, over the rows, and what it is compared with, over the subquery: of one type. */
interface Pair {
  readonly value: Expr
  readonly output: Expr
}

/** Each set of columns that can be NULL is a join. */
const NULLABLE_MAX = 3

/** TRUE if a row of the subquery is equal; else NULL if one could be, were its NULLs or those of
 *  the value known; else FALSE. */
export function markIn(subquery: BoundSubquery, rows: Rows): Joined {
  const parts = lifted(subquery, rows, isGroupable)
  const pairs = subquery.values.map((value, i) =>
    pairOf(rows.rebase(value), parts.subquery.lifted.outputs[i], subquery),
  )
  const unsure = pairs.filter(({ value, output }) => isNullable(value) || isNullable(output))
  if (unsure.length > NULLABLE_MAX) {
    fail('UNSUPPORTED', `IN compares at most ${NULLABLE_MAX} columns that can be NULL`, {
      at: subquery.at,
      hint: 'Leave NULLs out with IS NOT NULL, or put values in their place with COALESCE.',
    })
  }
  const equal = joinEqual(parts, pairs)
  let { node } = equal
  const unknown: Expr[] = []
  for (const open of subsetsOf(unsure)) {
    const joined = joinUnknown({ ...parts, node }, pairs, open)
    node = joined.node
    unknown.push(...joined.found)
  }
  const truth = literal(BOOLEAN, true)
  const branches = [{ when: equal.found, then: truth }]
  if (unknown.length > 0) branches.push({ when: unknown.reduce(or), then: nullLiteral(BOOLEAN) })
  return { node, value: resolveCase(branches, literal(BOOLEAN, false), subquery.at) }
}

/** TYPE_MISMATCH if the two cannot be compared. */
function pairOf(value: Expr, output: Expr, { at }: BoundSubquery): Pair {
  const compared = resolveCall('=', [value, output], at)
  const [a, b] = compared.kind === 'call' ? compared.args : [value, output]
  return { value: a, output: b }
}

/** All subsets but the empty one. */
const subsetsOf = (pairs: readonly Pair[]): Pair[][] =>
  Array.from({ length: 2 ** pairs.length - 1 }, (_, set) =>
    pairs.filter((_, i) => ((set + 1) >> i) % 2 === 1),
  )

/** Joins the subquery's distinct rows. */
function joinEqual(parts: JoinParts, pairs: readonly Pair[]) {
  const groups = groupsOf(
    parts.subquery.lifted,
    pairs.map(({ output }) => output),
    [],
  )
  const marked = { ...groups, lifted: { ...groups.lifted, node: withMarker(groups.lifted.node) } }
  const node = joinLifted(
    withGroups(parts, marked),
    'left',
    equalities(parts.node, pairs, marked.lifted.node),
  )
  return { node, found: hasPartner(node) }
}

/** Each value with the key of its pair; the keys are the first columns of `grouped`. */
const equalities = (node: LogicalNode, pairs: readonly Pair[], grouped: LogicalNode): Expr[] =>
  pairs.map(({ value }, i) =>
    resolveCall('=', [
      value,
      { ...columnExpr(grouped.schema, i), index: fieldsOf(node).length + i },
    ]),
  )

/** Joins the rows that could be equal if the `open` pairs are unknown and all others equal: for
 *  each set of the values that are NULL, how many rows have NULL for the rest of `open`. */
function joinUnknown(parts: JoinParts, pairs: readonly Pair[], open: readonly Pair[]) {
  const closed = pairs.filter((pair) => !open.includes(pair))
  const patterns = [[], ...subsetsOf(open)].filter((nulls) =>
    open.every(({ value, output }, i) => isNullable(nulls.includes(open[i]) ? value : output)),
  )
  if (patterns.length === 0) return { node: parts.node, found: [] }
  const counts = patterns.map((nulls) =>
    countOf(
      open
        .filter((pair) => !nulls.includes(pair))
        .map(({ output }) => resolveCall('IS NULL', [output])),
    ),
  )
  const groups = groupsOf(
    parts.subquery.lifted,
    closed.map(({ output }) => output),
    counts,
  )
  const on = equalities(parts.node, closed, groups.lifted.node)
  const node = joinLifted(withGroups(parts, groups), groups.isGlobal ? 'inner' : 'left', on)
  const found = patterns.map((nulls, i) =>
    [
      ...open.map((pair) =>
        resolveCall(nulls.includes(pair) ? 'IS NULL' : 'IS NOT NULL', [pair.value]),
      ),
      isPositive(aggregateOf(node, groups, i)),
    ].reduce(and),
  )
  return { node, found }
}
