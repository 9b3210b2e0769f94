/** Makes the logical node of an ASOF join: its keys and the comparison in its condition. */

import { assert } from '../../engine/base/assert.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { conjunctsOf } from './conjuncts.ts'
import { joinParts, sideOf } from './join-parts.ts'
import { joinFields } from './make-join.ts'
import {
  type AsofJoinNode,
  type AsofParts,
  fieldsOf,
  type LogicalNode,
  type Traits,
} from './node.ts'
import { moveColumns } from './substitute.ts'
import { timeColumnIn } from './time-difference.ts'

export type AsofSides = Pick<AsofJoinNode, 'join' | 'left' | 'right' | 'on'>

/** `on` must be what `readAsof` reads. */
export function makeAsofJoin(sides: AsofSides): AsofJoinNode {
  const { join, left, right, on } = sides
  const { parts, rest } = readAsof(on, left, right)
  assert(parts !== undefined && rest.length === 0, 'an ASOF join has one comparison')
  return {
    ...sides,
    kind: 'asof-join',
    parts,
    schema: schemaOf(joinFields(join, left, right)),
    traits: asofTraits(parts, left.traits, right.traits),
  }
}

const FLIPPED = { '>=': '<=', '>': '<', '<=': '>=', '<': '>' } as const

type Comparison = keyof typeof FLIPPED

const isComparison = (name: string): name is Comparison => Object.hasOwn(FLIPPED, name)

/** The equalities and the first comparison of the two sides in a condition over the left columns,
 *  then the right ones; `rest` is what is neither. No parts: there is no comparison. */
export function readAsof(
  on: Expr,
  left: LogicalNode,
  right: LogicalNode,
): { readonly parts: AsofParts | undefined; readonly rest: readonly Expr[] } {
  const { leftKeys, rightKeys, nullSafe, condition } = joinParts(on, left, right)
  const rest = condition === undefined ? [] : [...conjunctsOf(condition)]
  const width = fieldsOf(left).length
  const end = width + fieldsOf(right).length
  const place = rest.findIndex((expr) => compared(expr, width, end) !== undefined)
  const found = place < 0 ? undefined : compared(rest.splice(place, 1)[0], width, end)
  if (found === undefined) return { parts: undefined, rest }
  const leftTime = timeColumnIn(found.leftValue)
  const rightTime = timeColumnIn(found.rightValue)
  const isTime =
    leftTime !== undefined &&
    rightTime !== undefined &&
    left.traits.timeColumns.includes(leftTime) &&
    right.traits.timeColumns.includes(rightTime)
  const time = isTime ? { leftTime, rightTime } : undefined
  return { parts: { ...found, leftKeys, rightKeys, nullSafe, time }, rest }
}

type Compared = Pick<AsofParts, 'comparison' | 'leftValue' | 'rightValue'>

function compared(expr: Expr, width: number, end: number): Compared | undefined {
  if (expr.kind !== 'call' || !isComparison(expr.name)) return undefined
  const [a, b] = expr.args
  const [x, y] = [sideOf(a, width, end), sideOf(b, width, end)]
  if (x === undefined || y === undefined || x === y) return undefined
  const [leftValue, other] = x === 'left' ? [a, b] : [b, a]
  const comparison = x === 'left' ? expr.name : FLIPPED[expr.name]
  return { comparison, leftValue, rightValue: moveColumns(other, (index) => index - width) }
}

/** A left row comes out at most once, with one right row. */
function asofTraits({ time }: AsofParts, left: Traits, right: Traits): Traits {
  return {
    appendOnly: left.appendOnly && right.appendOnly && time !== undefined,
    watermarked: left.watermarked || right.watermarked,
    keys: left.keys,
    timeColumns: time === undefined ? [] : [time.leftTime],
    processingColumns: [],
    windowColumns: [],
  }
}
