/** What a join node comes down to: its keys, its condition, and what it has to keep. */

import { fail } from '../../base/errors.ts'
import type { Schema } from '../../batch/schema.ts'
import { BOOLEAN, isTimestamp, typeName } from '../../batch/types.ts'
import { type Expr, mapExpr } from '../../expr/ir.ts'
import type { JoinNode } from '../nodes.ts'
import type { InputInfo } from '../operator.ts'
import { checkJoinKeys } from './join-keys.ts'

export interface JoinPlan {
  readonly node: JoinNode
  readonly leftKeys: readonly Expr[]
  readonly rightKeys: readonly Expr[]
  readonly nullSafe: readonly boolean[]
  readonly condition: Expr | undefined
  /** NOT IN by one key, answered by counting rows and NULLs; other forms become a condition. */
  readonly nullAware: boolean
  /** Pairs are part of the output. */
  readonly pairs: boolean
  /** The left rows, the right rows, come out also by their having a partner or not. */
  readonly tracked: readonly [boolean, boolean]
  /** Matches are counted per row; else the rows of a group have the same partners. */
  readonly counted: boolean
  /** Rows are forgotten so long after they came. */
  readonly ttlUs: number | undefined
  /** No retraction comes on either side. */
  readonly appendOnly: boolean
  /** A row without a partner comes out when no partner can come any more, and not before. */
  readonly final: boolean
}

export function joinPlan(node: JoinNode, inputs: readonly InputInfo[]): JoinPlan {
  const { join, interval } = node
  const keys = keysOf(node, inputs[0].schema)
  const appendOnly = inputs.every((input) => input.appendOnly)
  const outer = join !== 'inner'
  // NOT IN counts all rows there are; an interval has its own end.
  const ttlUs = interval === undefined && !node.nullAware ? node.stateTtlUs : undefined
  return {
    node,
    ...keys,
    pairs: join !== 'semi' && join !== 'anti',
    tracked: [join !== 'inner' && join !== 'right', join === 'right' || join === 'full'],
    // A row keeps the partners that it has had, so each needs to know its own.
    counted:
      outer && (keys.condition !== undefined || interval !== undefined || ttlUs !== undefined),
    ttlUs,
    appendOnly,
    final: outer && interval !== undefined && appendOnly && join !== 'semi',
  }
}

type Keys = Pick<JoinPlan, 'leftKeys' | 'rightKeys' | 'nullSafe' | 'condition' | 'nullAware'>

/** NOT IN over several keys or under a condition: a comparison that is not FALSE counts as a
 *  partner, which no hash can find, so it becomes a condition. NULL-safe keys stay keys. */
function keysOf(node: JoinNode, left: Schema): Keys {
  const { leftKeys, rightKeys, nullSafe, condition, nullAware } = node
  const simple = leftKeys.length === 1 && !nullSafe[0] && condition === undefined
  if (!nullAware || simple) return { leftKeys, rightKeys, nullSafe, condition, nullAware }
  const shift = left.fields.length
  const shifted = (expr: Expr) =>
    mapExpr(expr, (part) =>
      part.kind === 'column' ? { ...part, index: part.index + shift } : part,
    )
  const unknown = leftKeys.flatMap((key, i): Expr[] => {
    if (nullSafe[i]) return []
    const equal: Expr = {
      kind: 'call',
      name: '=',
      type: BOOLEAN,
      args: [key, shifted(rightKeys[i])],
    }
    return [{ kind: 'call', name: 'IS NOT FALSE', type: BOOLEAN, args: [equal] }]
  })
  const all = condition === undefined ? unknown : [...unknown, condition]
  const and = (args: readonly Expr[]): Expr | undefined =>
    args.length > 1 ? { kind: 'call', name: 'AND', type: BOOLEAN, args } : args[0]
  return {
    leftKeys: leftKeys.filter((_, i) => nullSafe[i]),
    rightKeys: rightKeys.filter((_, i) => nullSafe[i]),
    nullSafe: nullSafe.filter((safe) => safe),
    condition: and(all),
    nullAware: false,
  }
}

/** Refuses joins that cannot run; raises SqlError. */
export function checkJoin(node: JoinNode, [left, right]: readonly InputInfo[]): void {
  checkJoinKeys(node.leftKeys, node.rightKeys)
  if (node.nullAware && node.join !== 'anti') fail('INTERNAL', 'only an anti join is NOT IN')
  if (node.interval === undefined) return
  if (node.nullAware) {
    fail('UNSUPPORTED', 'NOT IN within an interval of time', { hint: 'Use NOT EXISTS.' })
  }
  const { leftTime, rightTime, lowerUs, upperUs } = node.interval
  if (lowerUs > upperUs) fail('INVALID_ARGUMENT', 'The interval of the join is empty')
  for (const { name, type } of [left.schema.fields[leftTime], right.schema.fields[rightTime]]) {
    if (!isTimestamp(type)) {
      fail('TYPE_MISMATCH', `An interval join needs a TIMESTAMP; ${name} is ${typeName(type)}`)
    }
  }
}

/** Whether nothing that the join has said is ever taken back. */
export function joinAppends({ join, interval }: JoinNode, inputs: readonly InputInfo[]): boolean {
  if (!inputs.every((input) => input.appendOnly)) return false
  return join === 'inner' || join === 'semi' || interval !== undefined
}
