/** `x < ALL (SELECT …)`, `x >= ANY (SELECT …)`: what is asked of all rows is decided by the least
 *  and the greatest of them, and by whether there are rows, and NULLs. */

import { fail } from '../../engine/base/errors.ts'
import { BIGINT, BOOLEAN, isFloating, typeName } from '../../engine/batch/types.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { ColumnExpr, Expr } from '../../engine/expr/ir.ts'
import { literal, nullLiteral } from '../../engine/expr/literal.ts'
import { resolveCall, resolveCase } from '../../engine/expr/resolve.ts'
import { findAggregate } from '../../engine/operator/aggregate/index.ts'
import type { AggregateCall } from '../../engine/operator/nodes.ts'
import type { QuantifiedExpression } from './bind-expression.ts'
import { type BoundSubquery, type Joined, joinLifted, type Rows } from './join-subquery.ts'
import { isGroupable, lifted } from './lift-subquery.ts'
import { aggregateOf, and, countOf, groupsOf, isPositive, or, withGroups } from './mark-groups.ts'

type Extreme = 'MIN' | 'MAX'

/** The rows that decide; several are all asked (ALL) or any of them (ANY). `= ANY` and `<> ALL`
 *  are IN. */
const DECIDING: Readonly<Record<string, readonly Extreme[]>> = {
  '< ALL': ['MIN'],
  '<= ALL': ['MIN'],
  '> ALL': ['MAX'],
  '>= ALL': ['MAX'],
  '= ALL': ['MIN', 'MAX'],
  '< ANY': ['MAX'],
  '<= ANY': ['MAX'],
  '> ANY': ['MIN'],
  '>= ANY': ['MIN'],
  '<> ANY': ['MIN', 'MAX'],
}

/** Over no rows ALL is TRUE and ANY is FALSE. Otherwise what is known decides, else NULL. */
export function markCompared(
  subquery: BoundSubquery,
  { operator, isAll, at }: QuantifiedExpression,
  rows: Rows,
): Joined {
  const parts = lifted(subquery, rows, isGroupable)
  const found = parts.subquery.lifted
  const [output] = found.outputs
  const isNanable = isFloating(output.type)
  const extremes = decidingOf(operator, isAll, isNanable)
  const known: AggregateCall[] = isNullable(output)
    ? [{ ...countOf(), args: [output], type: BIGINT }]
    : []
  // Nothing but <> holds for NaN, which is the greatest of all to MAX.
  const skipsNan = isNanable && !isAll && operator !== '<>'
  const calls = [
    countOf(),
    ...extremes.map((name) => ({
      ...extreme(name, output, subquery),
      ...(skipsNan && { filter: resolveCall('=', [output, output]) }),
    })),
    ...known,
  ]
  const groups = groupsOf(found, [], calls)
  const node = joinLifted(withGroups(parts, groups), groups.isGlobal ? 'inner' : 'left')
  const column = (i: number): ColumnExpr => aggregateOf(node, groups, i)
  const value = rows.rebase(subquery.values[0])
  const compared = extremes
    .map((_, i) => resolveCall(operator, [value, column(1 + i)], at))
    .map((one) => (skipsNan ? falseIfNone(one, value) : one))
    .reduce(isAll ? and : or)
  const all = column(0)
  const unknown = known.map((_, i) =>
    resolveCase(
      [
        {
          when: resolveCall('<', [column(1 + extremes.length + i), all]),
          then: nullLiteral(BOOLEAN),
        },
      ],
      literal(BOOLEAN, isAll),
    ),
  )
  return {
    node,
    value: resolveCase(
      [{ when: isPositive(all), then: [compared, ...unknown].reduce(isAll ? and : or) }],
      literal(BOOLEAN, isAll),
      at,
    ),
  }
}

/** A comparison with the extreme of no numbers at all is FALSE. */
const falseIfNone = (compared: Expr, value: Expr): Expr =>
  resolveCase(
    [{ when: resolveCall('IS NULL', [value]), then: nullLiteral(BOOLEAN) }],
    resolveCall('COALESCE', [compared, literal(BOOLEAN, false)]),
  )

/** A NaN is seen as the greatest value. */
function decidingOf(operator: string, isAll: boolean, isNanable: boolean): readonly Extreme[] {
  const found = DECIDING[`${operator} ${isAll ? 'ALL' : 'ANY'}`]
  return isNanable && isAll ? ['MIN', 'MAX'] : found
}

function extreme(name: Extreme, arg: Expr, { at }: BoundSubquery): AggregateCall {
  const type = findAggregate(name)?.result([arg.type])
  if (type !== undefined) return { name, args: [arg], distinct: false, type }
  return fail(
    'UNSUPPORTED',
    `Values of ${typeName(arg.type)} are compared with a subquery by IN only`,
    {
      at,
    },
  )
}
