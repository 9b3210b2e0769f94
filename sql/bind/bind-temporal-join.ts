/** JOIN … FOR SYSTEM_TIME AS OF: each left row with the version of the right row that was current
 *  at its time. */

import { fail } from '../../engine/base/errors.ts'
import type { Expression } from '../ast.ts'
import { makeJoin, makeTemporalJoin } from '../logical/make-join.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { isProcessingTime } from '../logical/traits.ts'
import { bindExpression } from './bind-expression.ts'
import { bindOn } from './bind-on.ts'
import type { BindContext, Relation } from './context.ts'
import { type JoinRef, joinScopes } from './join-scope.ts'
import { commonNames, usingOn } from './using.ts'

interface TemporalParts {
  readonly left: Relation
  readonly versions: Relation
  readonly outer: boolean
  readonly ref: JoinRef
  readonly asOf: Expression
  readonly context: BindContext
}

/** INVALID_ARGUMENT if the time is no time attribute of the left side, if the right side has none,
 *  or if no equality finds the row whose versions they are. */
export function bindTemporalJoin(parts: TemporalParts): Relation {
  const { left, versions, outer, ref } = parts
  const { on, scope } = conditionOf(parts)
  const node = makeTemporalJoin({
    join: outer ? 'left' : 'inner',
    left: left.node,
    right: versions.node,
    on,
    time: timeOf(parts),
  })
  if (node.parts.leftKeys.length === 0) {
    fail(
      'INVALID_ARGUMENT',
      'FOR SYSTEM_TIME AS OF needs an equality between the two sides in ON',
      {
        at: ref.on?.at ?? ref.at,
        hint: 'It says which row the versions are of: ON o.currency = r.currency.',
      },
    )
  }
  return { node, scope }
}

/** ON, USING or NATURAL. */
function conditionOf({ left, versions, ref, context }: TemporalParts) {
  const names = joinScopes(left, versions, ref.right.at)
  const pairs = makeJoin({ join: 'inner', left: left.node, right: versions.node })
  if (ref.on !== undefined) {
    return { on: bindOn(ref.on, { node: pairs, scope: names }, context), scope: names }
  }
  const using = ref.natural ? commonNames(left, versions, ref.at) : ref.using
  const { on, scope } = usingOn(using, left, versions, {
    scope: names,
    schema: pairs.schema,
    join: 'inner',
  })
  if (on !== undefined) return { on, scope }
  return fail('SYNTAX', 'FOR SYSTEM_TIME AS OF needs ON', { at: ref.at })
}

function timeOf({ left, versions, asOf, context }: TemporalParts) {
  const { node, scope } = left
  const around = {
    scope,
    schema: node.schema,
    clause: 'FOR SYSTEM_TIME AS OF',
    outer: context.outer,
  }
  const bound = bindExpression(asOf, around)
  if (isProcessingTime(bound)) return undefined
  const { timeColumns, processingColumns } = node.traits
  if (bound.kind === 'column' && processingColumns.includes(bound.index)) return undefined
  if (bound.kind !== 'column' || !timeColumns.includes(bound.index)) {
    const names = timeColumns.map((column) => fieldsOf(node)[column].name)
    fail('INVALID_ARGUMENT', 'FOR SYSTEM_TIME AS OF takes a time attribute of the left side', {
      at: asOf.at,
      hint:
        names.length > 0
          ? `The time attribute here is ${names.join(', ')}.`
          : 'Declare a WATERMARK in the table, or use a column AS PROCTIME().',
    })
  }
  const rightTime = versionTime(versions.node)
  if (rightTime !== undefined) return { leftTime: bound.index, rightTime }
  return fail('INVALID_ARGUMENT', 'The right side has no time that its versions begin at', {
    at: asOf.at,
    hint: 'Its table needs a WATERMARK; a view of it must pass the column on.',
  })
}

/** The column that says since when a row is valid. The latest row of each key by event time has it
 *  too, although its changes make it no time attribute. */
function versionTime(node: LogicalNode): number | undefined {
  const [time] = node.traits.timeColumns
  if (time !== undefined) return time
  if (node.kind === 'filter') return versionTime(node.input)
  if (node.kind === 'project') {
    const below = versionTime(node.input)
    const place = node.exprs.findIndex((expr) => expr.kind === 'column' && expr.index === below)
    return place < 0 ? undefined : place
  }
  if (node.kind !== 'rank' && node.kind !== 'over') return undefined
  const [first] = node.orderBy
  return first?.expr.kind === 'column' && node.input.traits.timeColumns.includes(first.expr.index)
    ? first.expr.index
    : undefined
}
