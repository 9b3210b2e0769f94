/** By what the versions of a temporal join's right side are told apart. */

import { BOOLEAN } from '../../engine/batch/types.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { conjunction } from './conjuncts.ts'
import type { JoinParts, Traits } from './node.ts'
import { moveColumns } from './substitute.ts'

/** The columns of a key of the right side that the join's equalities cover; undefined if they cover
 *  none. Rows that are all versions by themselves (append-only) need no key: whatever the join is
 *  on is theirs. */
export function versionKey(
  { rightKeys }: Pick<JoinParts, 'rightKeys'>,
  right: Traits,
): readonly number[] | undefined {
  const covered = new Set(rightKeys.map((key) => (key.kind === 'column' ? key.index : -1)))
  return right.keys.find((key) => key.length > 0 && key.every((column) => covered.has(column)))
}

/** The join's parts with those equalities alone as keys that tell versions apart; the others are
 *  asked of the version that was found. `width`: columns of the left side. */
export function byVersionKey(parts: JoinParts, right: Traits, width: number): JoinParts {
  const key = right.appendOnly ? undefined : versionKey(parts, right)
  if (key === undefined) return parts
  const { leftKeys, rightKeys, nullSafe, condition } = parts
  const stays = rightKeys.map((expr) => expr.kind === 'column' && key.includes(expr.index))
  const asked = rightKeys.flatMap((expr, i): Expr[] => {
    if (stays[i]) return []
    const args = [leftKeys[i], moveColumns(expr, (column) => width + column)]
    const name = nullSafe[i] ? 'IS NOT DISTINCT FROM' : '='
    return [{ kind: 'call', name, type: BOOLEAN, args, at: expr.at }]
  })
  const kept = <T>(list: readonly T[]) => list.filter((_, i) => stays[i])
  return {
    leftKeys: kept(leftKeys),
    rightKeys: kept(rightKeys),
    nullSafe: kept(nullSafe),
    condition: conjunction([...asked, ...(condition === undefined ? [] : [condition])]),
    interval: undefined,
  }
}
