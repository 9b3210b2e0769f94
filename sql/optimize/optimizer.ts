/** The rules in the order in which they run, and why each stands where it does. */

import { assert } from '../../engine/base/assert.ts'
import { schemaText } from '../../engine/batch/schema.ts'
import type { LogicalNode } from '../logical/node.ts'
import type { Rule } from './rule.ts'
import { foldConstants } from './rules/fold-constants.ts'
import { fuseWindow } from './rules/fuse-window.ts'
import { liftVersionFilters } from './rules/lift-version-filters.ts'
import { mergeProjects } from './rules/merge-projects.ts'
import { pruneColumns } from './rules/prune-columns.ts'
import { pushDownFilter } from './rules/push-down-filter.ts'
import { pushDownTemporalFilter } from './rules/push-down-temporal-filter.ts'
import { rankTopN } from './rules/rank-top-n.ts'
import { reorderJoins } from './rules/reorder-joins.ts'

export const RULES: readonly Rule[] = [
  // First: constants show later rules which predicates are trivial.
  foldConstants,
  // Before filters move, so that they have fewer projections to pass.
  mergeProjects,
  // Before windows are fused: a filter between an aggregate and its window would be in the way.
  pushDownFilter,
  // Joins have their conditions by now, and know which of them has no key.
  reorderJoins,
  // After the joins' bounds in time are known: those need no help.
  pushDownTemporalFilter,
  // Conditions on ranks have come to rest on the ranking by now.
  rankTopN,
  // It can be seen by now which rows replace each other; rankings left conditions behind.
  liftVersionFilters,
  // Moving filters brings projections together.
  mergeProjects,
  // Before pruning: a fused window no longer needs its columns.
  fuseWindow,
  // Last, when it is known what is read.
  pruneColumns,
  // Pruning makes some projections the identity.
  mergeProjects,
]

/** The plan after all rules. Each must leave the result's columns as they were; a rule that does
 *  not is our bug (INTERNAL). */
export function optimize(root: LogicalNode, rules: readonly Rule[] = RULES): LogicalNode {
  let node = root
  for (const rule of rules) {
    const next = rule.apply(node)
    const [before, after] = [schemaText(node.schema), schemaText(next.schema)]
    assert(before === after, `rule ${rule.name} changed the columns ${before} to ${after}`)
    assert(
      !node.traits.appendOnly || next.traits.appendOnly,
      `rule ${rule.name} made an append-only result change`,
    )
    node = next
  }
  return node
}
