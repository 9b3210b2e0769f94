/** The right side of a temporal join in event time: all versions of its rows, not only the latest
 *  one that an epoch saw. */

import { fail } from '../../engine/base/errors.ts'
import type { Plan } from '../../engine/plan/physical.ts'
import type { LogicalNode, TemporalJoinNode } from '../logical/node.ts'
import { versionKey } from '../logical/version-key.ts'
import { versionRows } from '../logical/version-rows.ts'

/** The node that brings the versions. UNSUPPORTED if what it gives depends on what an epoch saw of
 *  it, or if its rows are not told apart by what the join is on. */
export function versionsOf({ on, right, parts }: TemporalJoinNode): LogicalNode {
  const rows =
    versionRows(right) ??
    fail('UNSUPPORTED', 'FOR SYSTEM_TIME AS OF an event time over rows that change', {
      at: on.at,
      hint: 'The right side can be a stream that only grows, a table with a PRIMARY KEY and a WATERMARK, or the latest row per key of a stream: ROW_NUMBER() OVER (PARTITION BY key ORDER BY ts DESC) = 1.',
    })
  if (!right.traits.appendOnly && versionKey(parts, right.traits) === undefined) {
    fail('UNSUPPORTED', 'FOR SYSTEM_TIME AS OF on less than the key of the right side', {
      at: on.at,
      hint: 'ON must have an equality for every column of the PRIMARY KEY, or of PARTITION BY.',
    })
  }
  return rows
}

/** A table with a primary key that gives every row of a key as it comes. */
export function withAllVersions(plan: Plan): Plan {
  if (plan.kind === 'upsert' && plan.node.inOrder) {
    return { ...plan, node: { ...plan.node, versions: true } }
  }
  if (plan.kind !== 'project' && plan.kind !== 'pinned-project') return plan
  return { ...plan, inputs: [withAllVersions(plan.inputs[0])] }
}
