/** The right side of a temporal join in event time: a table with a primary key gives all versions
 *  of its rows, not only the latest one that an epoch saw. */

import type { Plan } from '../../engine/plan/physical.ts'
import type { LogicalNode } from '../logical/node.ts'

/** The right plan with all versions; undefined if it is no such join, or not of such a table. */
export function versionsOf(node: LogicalNode, [, right]: readonly Plan[]): Plan | undefined {
  return node.kind === 'temporal-join' && node.time !== undefined ? allVersions(right) : undefined
}

function allVersions(plan: Plan): Plan | undefined {
  if (plan.kind === 'upsert' && plan.node.inOrder) {
    return { ...plan, node: { ...plan.node, versions: true } }
  }
  if (plan.kind !== 'project') return undefined
  const input = allVersions(plan.inputs[0])
  return input === undefined ? undefined : { ...plan, inputs: [input] }
}
