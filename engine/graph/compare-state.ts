/** What would become of a query's state if another plan took its place. */

import { operatorOf } from '../operator/index.ts'
import {
  hasInputs,
  nodesOf,
  type OperatorPlan,
  type Plan,
  type QueryPlan,
} from '../plan/physical.ts'
import { partNumbers } from '../plan/plan-text.ts'
import { canTell, type KeptParts, keepsState, keptParts } from './kept-parts.ts'
import type { Pipeline } from './pipeline.ts'
import type { ReplacedOperator, ReplaceReport } from './protocol.ts'

/** `after`: the new plan as a pipeline that has not begun. */
export function compareState(before: Pipeline, after: Pipeline): ReplaceReport {
  const plan = after.plan
  const kept = keptParts(before, plan)
  const operators = [
    ...oldOperators(before, plan, kept),
    ...newOperators(after, kept).map((operator) => ({
      operator,
      fate: 'new' as const,
      rows: 0,
      bytes: 0,
    })),
  ]
  return { operators, fromBeginning: tablesAnew(plan, kept) }
}

function oldOperators(before: Pipeline, plan: QueryPlan, kept: KeptParts): ReplacedOperator[] {
  const survivors = new Set(kept.values())
  return stateful(before).map((part) => {
    const { rows, bytes } = before.operatorAt(part)!.stateSize()
    const operator = lineOf(part)
    if (survivors.has(part)) return { operator, fate: 'kept', rows, bytes }
    return { operator, fate: 'dropped', rows, bytes, reason: reasonOf(before, plan, part) }
  })
}

const stateful = (pipeline: Pipeline): OperatorPlan[] =>
  [...nodesOf(pipeline.plan.root)].filter(
    (part): part is OperatorPlan => hasInputs(part) && keepsState(pipeline, part),
  )

const lineOf = ({ kind, node }: OperatorPlan): string => operatorOf(kind).explain(node)

function reasonOf(before: Pipeline, plan: QueryPlan, part: Plan): string {
  const numbers = partNumbers(before.plan.root, plan.root)
  const number = numbers.get(part)
  const isThere = [...nodesOf(plan.root)].some((other) => numbers.get(other) === number)
  if (!isThere) return 'the new query has no such operator over the same rows'
  if (!canTell(before, part)) return 'what it has said before is not in its state'
  return 'the new query reads its table from the beginning'
}

const newOperators = (after: Pipeline, kept: KeptParts): string[] =>
  stateful(after).flatMap((part) => (kept.has(part) ? [] : [lineOf(part)]))

/** Names of the tables that are read from their beginning. */
function tablesAnew({ root }: QueryPlan, kept: KeptParts): string[] {
  const names = new Set<string>()
  for (const part of nodesOf(root)) {
    if (part.kind === 'source' && !kept.has(part)) names.add(part.table.name)
  }
  return [...names]
}
